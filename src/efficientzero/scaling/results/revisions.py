"""The scores of several DVC experiments or Git revisions as one table, such as one experiment per game."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from efficientzero.games import UnknownGameError, find_game
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.results.costs import cost_paths, read_costs
from efficientzero.scaling.results.result_file import ResultFileError
from efficientzero.scaling.results.scores import read_scores
from efficientzero.scaling.results.tables import score_table

if TYPE_CHECKING:
    from collections.abc import Iterator

RULES = ("frame_skip", "max_env_steps", "sample_actions", "sticky_actions", "max_frames_per_episode")
POINT = ["game", "agent", "seed", "env_steps"]


class _Step(BaseModel):
    to: Annotated[int, Field(gt=0)]


class _Milestones(BaseModel):
    steps: Annotated[list[_Step], Field(alias="list", min_length=1)]


class _Environments(BaseModel):
    sticky_actions: Any = None
    max_frames_per_episode: Any = None


class _Listed(BaseModel):
    """What of a revision's params.yaml names its results, and the rules of its games."""

    model_config = ConfigDict(extra="ignore")

    game: str
    agents: Annotated[list[str], Field(min_length=1)]
    seeds: Annotated[list[int], Field(min_length=1)]
    milestones: _Milestones
    envs: _Environments = _Environments()


def gather(revisions: Sequence[str], repository: Path | str | None = None) -> pd.DataFrame:
    """The score tables of experiments, one below the other.

    Args:
        revisions: names of DVC experiments, branches, tags or commits. repository: a checkout; that of the current
            folder if not given.

    Returns the columns of `score_table` and revision, sticky_actions, max_frames_per_episode. Nothing is fetched from a
    remote, and nothing is written to the checkout.

    Raises ScalingInputError, with one sentence: DVC is not installed, a revision is unknown or lacks a result, the same
    game, agent, seed and budget stands in two of them, or their rules differ.
    """
    if not revisions:
        raise ScalingInputError("no experiments were named; `dvc exp show` lists them")
    if len(set(revisions)) < len(revisions):
        raise ScalingInputError(f"{', '.join(revisions)}: an experiment is named twice; name each once")
    return combine({revision: _scores(revision, repository) for revision in revisions})


def combine(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The tables of several revisions, by their names, as one with a column revision. Raises as `gather`."""
    table = pd.concat([each.assign(revision=name) for name, each in tables.items()], ignore_index=True)
    twice = table.duplicated(POINT, keep=False)
    if twice.any():
        row = table[twice].iloc[0]
        same = (table[POINT] == row[POINT]).all(axis=1)
        raise ScalingInputError(
            f"agent {row.agent}, game {row.game}, seed {row.seed}, {row.env_steps:,} env steps: its score stands in "
            f"{' and in '.join(table[same].revision.unique())}; leave one of these experiments out"
        )
    for rule in RULES:
        of = {name: _one(each[rule]) for name, each in tables.items() if rule in each}
        first = next(iter(of))
        for name, value in of.items():
            if value != of[first]:
                raise ScalingInputError(
                    f"{first} has {rule} {of[first]} and {name} has {value}; their scores cannot be compared: leave "
                    "one of them out"
                )
    return table


def _one(values: pd.Series) -> object:
    """The one value that a rule has within a revision; blank is none."""
    found = values.iloc[0]
    return None if pd.isna(found) else found


def _scores(revision: str, repository: Path | str | None) -> pd.DataFrame:
    with _files(revision, repository) as files, tempfile.TemporaryDirectory() as temporary:
        listed = _listed(revision, files)
        folder = Path(temporary)
        budgets = sorted(step.to for step in listed.milestones.steps)
        runs = [(agent, seed) for agent in listed.agents for seed in listed.seeds]
        scores = [
            Path("scores", agent, str(seed), f"{budget}.json") for agent, seed in runs for budget in (0, *budgets)
        ]
        costs = [path for agent, seed in runs for path in cost_paths(Path("costs"), agent, seed, budgets)]
        for path in (*scores, *costs):
            copy = folder / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(_content(revision, files, f"data/{path.as_posix()}"))
        try:
            table = score_table(
                read_scores([folder / path for path in scores], listed.game),
                find_game(listed.game),
                read_costs(folder / "costs", listed.agents, listed.seeds, budgets),
            )
        except (ResultFileError, UnknownGameError) as error:
            raise ScalingInputError(str(error).replace(f"{folder}/", f"{revision}: data/")) from None
    return table.assign(**listed.envs.model_dump())


def _listed(revision: str, files: Any) -> _Listed:
    try:
        return _Listed.model_validate(yaml.safe_load(_content(revision, files, "params.yaml")))
    except (ValidationError, yaml.YAMLError):
        raise ScalingInputError(
            f"{revision}: its params.yaml names no game, agents, seeds and milestones; it is no experiment of this "
            "program"
        ) from None


@contextmanager
def _files(revision: str, repository: Path | str | None) -> Iterator[Any]:
    """The files of a revision, those of Git and those of DVC alike."""
    try:
        from dvc.api import DVCFileSystem  # takes a second, and only `pip install efficientzero[pipeline]` brings it
        from dvc.exceptions import DvcException
        from dvc.scm import NoSCM
    except ImportError:
        raise ScalingInputError(
            "experiments are read through DVC, which is not installed; `pip install 'efficientzero[pipeline]'` brings "
            "it"
        ) from None
    try:
        files = DVCFileSystem(repository, rev=revision)
        if isinstance(files.repo.scm, NoSCM):
            raise DvcException("this is no Git repository")
    except DvcException as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScalingInputError(
            f"{revision!r}: there is no such experiment or Git revision here ({reason}); `dvc exp show` lists them"
        ) from None
    try:
        yield files
    finally:
        files.close()


def _content(revision: str, files: Any, path: str) -> bytes:
    from dvc.exceptions import DvcException

    try:
        return bytes(files.cat_file(path))
    except (OSError, DvcException):
        raise ScalingInputError(
            f"{revision}: {path} is not there; `dvc pull` fetches the results of a revision, `dvc exp run` makes them"
        ) from None
