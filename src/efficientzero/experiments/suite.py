"""Suites: the same agents on many games and seeds, one experiment for each game and seed, a few of them at a time.

DVC has a queue of its own. Its workers are daemons that outlive the command and write where one does not see it; here
the experiments end with the command, and the table shows each stage.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.composition import composed
from efficientzero.experiments.experiment import FOLDER_NAME, Experiment, Stages, run_experiment, stages_in_log
from efficientzero.experiments.git import experiment_names
from efficientzero.games import SUITES, UnknownGameError, find_game, suite
from efficientzero.parameters import ParameterError
from efficientzero.records import paths

NAMED_GAMES = 3  # games whose names make the suite's, if no other is given
OWN = ("game", "seeds")  # set by the suite
HASH_DIGITS = 7
REFRESH_SECONDS = 1.0


class State(StrEnum):
    FAILED = "failed"
    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"
    PRESENT = "there already"


@dataclass
class Member:
    """One experiment of a suite, a game and a seed with all agents, and how far it is while the suite runs.

    ``stages`` of ``expected`` are done or, the last of those that ``ran``, under way; ``place``: the machine, if there
    are several; ``error``: why it failed.
    """

    game: str
    seed: int
    experiment: Experiment
    expected: int
    log: Path
    state: State = State.WAITING
    stages: Stages = field(default_factory=Stages)
    place: str = ""
    error: str = ""
    started: float | None = None
    ended: float | None = None

    @property
    def name(self) -> str:
        return self.experiment.name

    @property
    def seconds(self) -> float | None:
        """Wall-seconds since it was started."""
        return None if self.started is None else (self.ended or time.monotonic()) - self.started

    def start(self, place: str = "") -> None:
        self.state, self.place, self.started, self.ended = State.RUNNING, place, time.monotonic(), None

    def finish(self, stages: Stages) -> None:
        self.state, self.stages, self.ended = State.FINISHED, stages, time.monotonic()

    def fail(self, error: str) -> None:
        self.state, self.error, self.ended = State.FAILED, error, time.monotonic()

    def read_log(self) -> None:
        """Counts the stages of an experiment that runs here by what DVC has said so far."""
        if self.state is State.RUNNING and not self.place:
            self.stages = stages_in_log(self.log)


@dataclass(frozen=True)
class Suite:
    """``overrides`` are those common to all members; ``folder``: of its report and logs."""

    name: str
    members: tuple[Member, ...]
    overrides: Mapping[str, Any]
    commit: str
    folder: Path

    def of(self, *states: State) -> list[Member]:
        """Its members that are in one of these states."""
        return [member for member in self.members if member.state in states]

    def look(self, repository: Path) -> None:
        """Notes which experiments are there already."""
        there = experiment_names(repository)
        for member in self.members:
            if member.name in there:
                member.state = State.PRESENT

    def write_listing(self) -> None:
        """Writes ``suite.json``: which experiments it is, by game and seed, with the commit and the overrides."""
        members = [{"experiment": each.name, "game": each.game, "seed": each.seed} for each in self.members]
        content = {"commit": self.commit, "overrides": dict(self.overrides), "experiments": members}
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "suite.json").write_text(json.dumps(content, indent=1) + "\n")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Lets one process at a time run it; the system drops the lock when that process ends, in whatever way.

        A second one would run each experiment again, under the same name. Raises ExperimentError if there is one.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "running.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise ExperimentError(
                f"{self.name}: this suite is running already; --gather-only reports what is there so far, and a suite "
                "with other parameters can run beside it under another --name"
            ) from None
        try:
            yield
        finally:
            lock.release()


def plan_suite(
    games: Sequence[str],
    seeds: Sequence[int],
    overrides: Mapping[str, Any],
    repository: Path,
    commit: str,
    name: str | None = None,
) -> Suite:
    """The experiments of a suite, the first seed of all games before the second.

    An experiment is called ``<suite>-<game>-seed<seed>-<hash>``, with a short hash of the overrides and the commit: the
    same name is the same experiment.

    Args:
        games: names of suites (``atari26``, ``minatar``) and of games. seeds: at least one. overrides: by dotted names,
            without game and seeds. repository: a checkout; commit: the full hash of the one it is at.
        name: of the suite; None is that of the only suite named, or up to three games joined.

    Raises ParameterError, with one sentence, before anything is run: what is unknown, given twice or impossible.
    """
    listed = _games(games)
    for key in OWN:
        if key in overrides:
            raise ParameterError(f"-S {key}: a suite sets it itself; name the games, and the seeds by --seeds")
    if len(set(seeds)) < len(seeds):
        raise ParameterError(f"--seeds {' '.join(map(str, seeds))}: each may be listed once")
    name = name or _default_name(games)
    if not FOLDER_NAME.fullmatch(name):
        raise ParameterError(f"--name {name}: a name is letters, digits, '_' and '-', for it names a folder")
    digest = hashlib.sha256(repr((sorted(overrides.items()), commit)).encode()).hexdigest()[:HASH_DIGITS]
    if len({find_game(game).family for game in listed}) > 1:
        raise ParameterError(
            "games of the ALE and of MinAtar have no common scale to be reported on; run a suite of each"
        )
    # Games of a family are alike but for their names, which have been found.
    stages = _stage_count({**overrides, "game": listed[0], "seeds": [seeds[0]]}, repository)
    folder = repository / paths.SUITES / name
    members = []
    for seed in seeds:
        for game in listed:
            rom = game.removeprefix("minatar/") if name == "minatar" else game.replace("/", "_")
            experiment = Experiment(f"{name}-{rom}-seed{seed}-{digest}", {**overrides, "game": game, "seeds": [seed]})
            members.append(Member(game, seed, experiment, stages, folder / "logs" / f"{experiment.name}.log"))
    return Suite(name, tuple(members), overrides, commit, folder)


def _stage_count(overrides: Mapping[str, Any], repository: Path) -> int:
    """How many stages of dvc.yaml an experiment has: collect, then three a milestone of each run; scaling."""
    parameters = composed(overrides, repository)
    runs = len(parameters["agents"]) * len(parameters["seeds"])
    return runs * (1 + 3 * len(parameters["milestones"]["list"])) + 1


def _games(names: Sequence[str]) -> list[str]:
    listed: list[str] = []
    for name in names:
        try:
            listed += suite(name) if name in SUITES else [find_game(name).name]
        except UnknownGameError as error:
            raise ParameterError(f"{error} Suites are {', '.join(SUITES)}.") from None
    twice = [name for place, name in enumerate(listed) if name in listed[:place]]
    if twice:
        raise ParameterError(f"{twice[0]}: the game is listed twice")
    return listed


def _default_name(games: Sequence[str]) -> str:
    if len(games) > NAMED_GAMES:
        raise ParameterError(f"--name: give a suite of {len(games)} games listed one by one a name")
    return "-".join(game.replace("/", "_") for game in games)


def run_here(suite: Suite, repository: Path, jobs: int, show: Callable[[], None]) -> None:
    """Runs all experiments that wait, `jobs` at a time; one that fails is noted and does not stop the others.

    Calls `show` every second. When this process is interrupted or killed, so are its experiments; stages that had
    finished are in the run cache.
    """
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="experiment")
    waiting = {pool.submit(_run, member, repository) for member in suite.of(State.WAITING)}
    try:
        while waiting:
            done, waiting = wait(waiting, REFRESH_SECONDS, FIRST_EXCEPTION)
            for future in done:
                future.result()
            show()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _run(member: Member, repository: Path) -> None:
    member.start()
    try:
        member.finish(run_experiment(member.experiment, repository, log=member.log))
    except ExperimentError as error:
        member.fail(str(error))
