"""Finding a finished agent among the results of a commit, with its score, what it took, and its data at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.git import git
from efficientzero.parameters import suggestion
from efficientzero.records.paths import RunPaths
from efficientzero.scaling import ScalingInputError, gather

# What the results in dvc.lock come from; conf/ is not on it: an experiment's params.yaml is composed from it and -S.
SOURCES = ("dvc.lock", "params.yaml", "dvc.yaml", "stages", "src", "pyx", "setup.py")


@dataclass(frozen=True)
class Model:
    """A finished agent.

    Args:
        game, agent, seed, env_steps: which one; env steps of its training.
        frames: of its training: env steps x frame skip. training_flops: floating-point operations of its training.
        score: mean unclipped return. standard_error: of the score, over episodes; None for one. episodes: scored games.
        profile: of its parameters. commit: full hash of the commit that holds its results in dvc.lock.
        network: DVC's entry of its folder: ``md5``, ``size`` in bytes, ``nfiles``, ``hash``.
    """

    game: str
    agent: str
    seed: int
    env_steps: int
    frames: int
    training_flops: int
    score: float
    standard_error: float | None
    episodes: int
    profile: str
    commit: str
    network: dict[str, Any]

    def description(self) -> str:
        """One sentence."""
        error = "" if self.standard_error is None else f" ± {self.standard_error:.2g} (standard error)"
        return (
            f"{self.agent} on {self.game}, seed {self.seed}, finished after {self.env_steps:,} env steps "
            f"({self.frames:,} frames): mean return {self.score:.4g}{error} over {self.episodes} "
            f"game{'s' if self.episodes > 1 else ''}"
        )


def find_model(
    repository: Path, agent: str, seed: int | None = None, env_steps: int | None = None, revision: str | None = None
) -> Model:
    """The finished agent of a revision.

    Args:
        repository: the checkout. seed: the only one if not given. env_steps: the largest milestone if not given.
        revision: a DVC experiment, branch, tag or commit; the workspace, which must be committed, if not given.

    Raises:
        ExperimentError: no such revision or run, results that are not committed or whose data are not here.
    """
    if not (repository / "dvc.yaml").exists() or not (repository / ".git").exists():
        raise ExperimentError(f"{repository.resolve()}: run from the root of a clone of the repository")
    if revision is None:
        _check_committed(repository)
    commit = _resolved_commit(repository, revision or "HEAD")
    shown = revision or "HEAD"
    try:
        table = gather([commit], repository)
    except ScalingInputError as error:
        raise ExperimentError(str(error).replace(commit, shown)) from None
    row = _row(table, shown, agent, seed, env_steps)
    parameters = yaml.safe_load(git(repository, "show", f"{commit}:params.yaml"))
    return Model(
        game=str(row.game),
        agent=agent,
        seed=int(row.seed),
        env_steps=int(row.env_steps),
        frames=int(row.frames),
        training_flops=int(row.training_flops),
        score=float(row.score),
        standard_error=None if pd.isna(row.standard_error) else float(row.standard_error),
        episodes=int(row.episodes),
        profile=str(parameters["profile"]),
        commit=commit,
        network=_network_entry(repository, commit, shown, str(RunPaths(agent, row.seed).finished(row.env_steps))),
    )


def _check_committed(repository: Path) -> None:
    """Raises ExperimentError unless results and code of the workspace are those of HEAD."""
    changed = [line[3:] for line in git(repository, "status", "--porcelain", "--", *SOURCES).splitlines()]
    if changed:
        raise ExperimentError(
            f"{', '.join(changed[:3])}{' and more' if len(changed) > 3 else ''}: not committed, and a registered model "
            "is that of a commit; `git add -A && git commit` first, or register an experiment with --rev NAME "
            "(`dvc exp show` lists them)"
        )
    if not (repository / "dvc.lock").exists():
        raise ExperimentError(
            "dvc.lock: there is none, so nothing has been run here; run the pipeline (`make repro`) and commit, or "
            "name an experiment with --rev (`dvc exp show -A` lists them)"
        )


def _resolved_commit(repository: Path, revision: str) -> str:
    """The full hash of the commit of an experiment, branch, tag or commit."""
    from dvc.exceptions import DvcException  # takes a second
    from dvc.scm import SCM, resolve_rev

    try:
        return str(resolve_rev(SCM(str(repository)), revision))
    except DvcException:
        raise ExperimentError(
            f"--rev {revision!r}: there is no such experiment or Git revision here; `dvc exp show -A` lists them"
        ) from None


def _row(table: pd.DataFrame, revision: str, agent: str, seed: int | None, env_steps: int | None) -> Any:
    """The line of the score table. Raises ExperimentError that says what there is."""
    for option, column, wanted in (
        ("agent", "agent", agent),
        ("seed", "seed", seed),
        ("milestone", "env_steps", env_steps),
    ):
        there = sorted(set(table[column]))
        if wanted is None:
            if option == "seed" and len(there) > 1:
                raise ExperimentError(
                    f"--seed: {revision} has seeds {', '.join(map(str, there))} of {agent}; say which"
                )
            wanted = there[-1]
        if wanted not in there:
            near = suggestion(wanted, map(str, there))
            raise ExperimentError(f"--{option}: {revision} has no results of {option} {wanted}{near}")
        table = table[table[column] == wanted]
    return next(table.itertuples())


def _network_entry(repository: Path, commit: str, revision: str, path: str) -> dict[str, Any]:
    """What dvc.lock of a commit says of a finished network, whose data must be in the cache."""
    from dvc.repo import Repo

    lock = yaml.load(git(repository, "show", f"{commit}:dvc.lock"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = [out for stage in lock["stages"].values() for out in stage.get("outs", []) if out["path"] == path]
    if not found:
        raise ExperimentError(f"{revision}: its dvc.lock has no {path}; run the pipeline with `dvc repro` and commit")
    with Repo(str(repository)) as repo:
        cache = repo.cache.local
        digest = found[0]["md5"]
        whole = cache.exists(digest) and all(cache.exists(oid) for oid in _members(cache.oid_to_path(digest)))
    if not whole:
        raise ExperimentError(
            f"{revision}: the data of {path} are not in DVC's cache here; `dvc fetch` (of the checked-out commit) or "
            "`dvc exp pull` brings them"
        )
    return {key: value for key, value in found[0].items() if key != "path"}


def _members(listing: str) -> list[str]:
    """The hashes of the files of a folder, from its listing in the cache."""
    return [entry["md5"] for entry in yaml.safe_load(Path(listing).read_text(encoding="utf-8"))]
