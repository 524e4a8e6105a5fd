"""Where a table of scores may come from, other than this experiment: others, the literature, a file in Git."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from efficientzero.games import UnknownGameError
from efficientzero.parameters import suggestion
from efficientzero.published import PublishedFiguresError, final_scores, list_published, published_curves
from efficientzero.records.files import RecordError
from efficientzero.records.paths import DATA, SCALING, RunPaths
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.scores import SCORE_COLUMNS, read_experiment

RULES = ("frame_skip", "max_env_steps", "sample_actions", "sticky_actions", "max_frames_per_episode")
POINT = ["game", "agent", "seed", "env_steps"]
WORKSPACE = SCALING / "scores.csv"
MARK = "dvc.yaml"  # lies at the top of a checkout
FRAME_SKIP = 4  # of every published table here
BLANK = {"updates": "Int64", "parameters": "Int64", "training_flops": "Int64", "max_env_steps": "Int64"}


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
    game, agent, seed and milestone stands in two of them, or their rules differ.
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
        milestones = sorted(step.to for step in listed.milestones.steps)
        runs = [RunPaths(agent, seed, folder / DATA) for agent in listed.agents for seed in listed.seeds]
        for copy in (path for run in runs for path in (*run.scores(milestones), *run.costs(milestones))):
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(_content(revision, files, copy.relative_to(folder).as_posix()))
        try:
            table = read_experiment(listed.game, runs, milestones)
        except (RecordError, UnknownGameError) as error:
            raise ScalingInputError(str(error).replace(f"{folder}/", f"{revision}: ")) from None
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


def published_table(name: str, agents: Sequence[str] | None = None) -> pd.DataFrame:
    """The scores of published curves, or of "final_scores", as from `score_table`; what nobody published is blank.

    Args:
        name: of `efficientzero.published.list_published`. agents: as published, in the order wanted; all if not given.

    Left out are rows without their number of frames, and games and milestones that not all of the agents have.

    Raises ScalingInputError: there is no such table or agent.
    """
    listed = list_published()
    names = list(listed[listed.loader.isin(["published_curves", "final_scores"])].name)
    if name not in names:
        raise ScalingInputError(f"--published: there is no {name!r}{suggestion(name, names)}")
    try:
        scores = final_scores() if name == "final_scores" else published_curves(name)
    except PublishedFiguresError as error:
        raise ScalingInputError(str(error)) from None
    scores = scores[scores.frames.notna()].astype({"frames": "int64"})
    known = list(dict.fromkeys(scores.agent))
    for agent in agents or []:
        if agent not in known:
            raise ScalingInputError(f"--agents: in {name} there is no {agent!r}{suggestion(agent, known)}")
    chosen = list(agents or known)
    if len(set(chosen)) < len(chosen):
        raise ScalingInputError(f"--agents: {' '.join(chosen)} names an agent twice; name each once")
    scores = scores[scores.agent.isin(chosen)]
    scores = scores[scores.groupby(["game", "frames"]).agent.transform("nunique") == len(chosen)]
    if scores.empty:
        raise ScalingInputError(
            f"--agents: {name} has no game and milestone that {', '.join(chosen)} share; name others"
        )
    ordered = scores.sort_values("agent", key=lambda column: column.map(chosen.index), kind="stable")
    scores = ordered.assign(frame_skip=FRAME_SKIP, env_steps=ordered.frames // FRAME_SKIP)
    return scores.reindex(columns=SCORE_COLUMNS).astype(BLANK).reset_index(drop=True)


class ChosenScores(NamedTuple):
    """`table`: the columns of `score_table`. `source`: a sentence that says whose scores they are."""

    table: pd.DataFrame
    source: str


def choose_scores(
    experiments: Sequence[str] = (), *, instead: str | None = None, start: Path | str = "."
) -> ChosenScores:
    """The scores of `experiments`; if none is named those of the workspace, the pipeline's last result.

    Args:
        experiments: as for `gather`. instead: a table with the columns of `score_table`, its path from the top of the
            checkout, taken where the workspace has no results yet. start: a folder in the checkout.

    Raises ScalingInputError: as `gather`; `start` is in no checkout; there are no results and nothing instead; a file
    that is no score table.
    """
    top = _top(Path(start))
    if experiments:
        return ChosenScores(gather(experiments, top), f"Scores of the experiments {', '.join(experiments)}.")
    if (top / WORKSPACE).exists():
        return ChosenScores(
            _read(top / WORKSPACE, "`dvc repro` writes it anew"), f"Scores of this workspace, from {WORKSPACE}."
        )
    missing = f"This workspace has no results yet; `make repro` makes them ({WORKSPACE})."
    if instead is None:
        raise ScalingInputError(missing)
    return ChosenScores(committed_scores(instead, top), f"{missing} Shown instead: {instead}.")


def committed_scores(path: str, start: Path | str = ".") -> pd.DataFrame:
    """A score table in Git, `path` from the top of the checkout that `start` is in. Raises as `choose_scores`."""
    return _read(_top(Path(start)) / path, f"`git checkout -- {path}` restores it")


def _top(start: Path) -> Path:
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / MARK).is_file():
            return folder
    raise ScalingInputError(f"{start}: is in no checkout of this repository (there is no {MARK} here or above)")


def _read(path: Path, remedy: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"max_env_steps": "Int64"})
    except FileNotFoundError:
        raise ScalingInputError(f"{path}: is not there; {remedy}") from None
    except (OSError, ValueError):
        raise ScalingInputError(f"{path}: cannot be read as a table; {remedy}") from None
    missing = [name for name in SCORE_COLUMNS if name not in table]
    if missing or table.empty:
        raise ScalingInputError(f"{path}: is no table of scores, it lacks {', '.join(missing) or 'rows'}; {remedy}")
    return table
