"""Where the files of a run are, and which run it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from efficientzero.parameters import Parameters

DATA = Path("data")
SCALING = DATA / "scaling"  # of the workspace's experiment, DVC's
COMPARISON = DATA / "comparison"  # of others, nobody's
SUITES = DATA / "suites"  # a folder for each suite, with its report and logs; nobody's, as the next
SWEEPS = DATA / "sweeps"  # a folder for each study, with its database, table, figures and logs
ANALYSED = ("scores", "costs", "drift", "soundness", "generalisation")


@dataclass(frozen=True)
class RunPaths:
    """The paths of one run, that of an agent with a seed; a milestone is given by its env steps.

    Args:
        data: the folder of all data.
    """

    agent: str
    seed: int
    data: Path = DATA

    def run(self, milestone: int) -> Path:
        """A folder, complete in itself: the run when it had so many env steps."""
        return self._of("runs", str(milestone))

    def finished(self, milestone: int) -> Path:
        """A folder: the network that was finished from there without new frames."""
        return self._of("finished", str(milestone))

    def score(self, milestone: int) -> Path:
        """A :class:`ScoreRecord`; that of milestone 0 is random play's."""
        return self._of("scores", f"{milestone}.json")

    def collecting_cost(self) -> Path:
        """A :class:`CostRecord`, as the next two."""
        return self._of("costs", "collect.json")

    def training_cost(self, milestone: int) -> Path:
        """Of training from the milestone before to this one."""
        return self._of("costs", f"train-{milestone}.json")

    def finishing_cost(self, milestone: int) -> Path:
        """Of the branch at this milestone."""
        return self._of("costs", f"finish-{milestone}.json")

    def drift(self, milestone: int) -> Path:
        """A table of :class:`DriftBin`: how far old search targets were from those of the finishing branch."""
        return self._of("drift", f"{milestone}.csv")

    def soundness(self, milestone: int) -> Path:
        """A table of :class:`Measurement`: of the network on its own replay."""
        return self._of("soundness", f"{milestone}.csv")

    def generalisation(self, milestone: int) -> Path:
        """The same in the games the finished network was scored on."""
        return self._of("generalisation", f"{milestone}.csv")

    def video(self, milestone: int) -> Path:
        """A GIF of the first scored game."""
        return self._of("videos", f"{milestone}.gif")

    def scores(self, milestones: Sequence[int]) -> list[Path]:
        """That of random play and those of the milestones."""
        return [self.score(milestone) for milestone in (0, *milestones)]

    def costs(self, milestones: Sequence[int]) -> list[Path]:
        """Of everything up to the last of the milestones, their branches included."""
        return [
            self.collecting_cost(),
            *(self.training_cost(milestone) for milestone in milestones),
            *(self.finishing_cost(milestone) for milestone in milestones),
        ]

    def analysed(self, milestones: Sequence[int]) -> list[Path]:
        """All that the analysis reads."""
        tables = (self.drift, self.soundness, self.generalisation)
        return [
            *self.scores(milestones),
            *self.costs(milestones),
            *(table(milestone) for table in tables for milestone in milestones),
        ]

    def _of(self, kind: str, name: str) -> Path:
        return self.data / kind / self.agent / str(self.seed) / name


@dataclass(frozen=True)
class RunIdentity:
    """Which run it is: of an agent of these parameters, by its name there, with a seed."""

    parameters: Parameters
    agent: str
    seed: int

    @property
    def game(self) -> str:
        """The game it is of."""
        return self.parameters.game

    @property
    def paths(self) -> RunPaths:
        """Where its files are."""
        return RunPaths(self.agent, self.seed)

    def __str__(self) -> str:
        return f"{self.game} {self.agent}"


def delete_unlisted(runs: Iterable[RunPaths], milestones: Sequence[int], data: Path = DATA) -> None:
    """Deletes results that are of other runs or milestones, and says so; what is deleted stays in DVC's cache.

    DVC takes the whole folders for an input of the analysis: a file that is nobody's output would be noted in dvc.lock,
    and no other clone could have it.
    """
    listed = {path for run in runs for path in run.analysed(milestones)}
    for path in sorted(path for kind in ANALYSED for path in (data / kind).glob("*/*/*.*")):
        if path not in listed and path.is_file():
            print(f"removing {path}: not among the agents, seeds and milestones of params.yaml")
            path.unlink()
