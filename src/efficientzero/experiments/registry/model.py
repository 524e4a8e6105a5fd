"""Finding a finished agent among the results of a commit, with its score and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from efficientzero.experiments.experiment import git
from efficientzero.experiments.registry.revision import (
    RegistrationError,
    check_committed,
    network_entry,
    resolved_commit,
)
from efficientzero.parameters.spelling import suggestion
from efficientzero.records.paths import RunPaths
from efficientzero.scaling import ScalingInputError, gather


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
        RegistrationError: no such revision or run, results that are not committed or whose data are not here.
    """
    if not (repository / "dvc.yaml").exists() or not (repository / ".git").exists():
        raise RegistrationError(f"{repository.resolve()}: run from the root of a clone of the repository")
    if revision is None:
        check_committed(repository)
    commit = resolved_commit(repository, revision or "HEAD")
    shown = revision or "HEAD"
    try:
        table = gather([commit], repository)
    except ScalingInputError as error:
        raise RegistrationError(str(error).replace(commit, shown)) from None
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
        network=network_entry(repository, commit, shown, str(RunPaths(agent, row.seed).finished(row.env_steps))),
    )


def _row(table: pd.DataFrame, revision: str, agent: str, seed: int | None, env_steps: int | None) -> Any:
    """The line of the score table. Raises RegistrationError that says what there is."""
    agents = list(dict.fromkeys(table.agent))
    if agent not in agents:
        raise RegistrationError(
            f"--agent: {revision} has no results of {agent!r}{suggestion(agent, agents) or '; of ' + ', '.join(agents)}"
        )
    table = table[table.agent == agent]
    seeds = sorted(set(table.seed))
    if seed is None and len(seeds) > 1:
        raise RegistrationError(f"--seed: {revision} has seeds {_listed(seeds)} of {agent}; say which")
    seed = seeds[0] if seed is None else seed
    if seed not in seeds:
        raise RegistrationError(f"--seed: {revision} has no seed {seed} of {agent}; it has {_listed(seeds)}")
    table = table[table.seed == seed]
    budgets = sorted(set(table.env_steps))
    env_steps = budgets[-1] if env_steps is None else env_steps
    if env_steps not in budgets:
        raise RegistrationError(
            f"--milestone: {revision} has no milestone of {env_steps} env steps; it has {_listed(budgets)}"
        )
    return next(table[table.env_steps == env_steps].itertuples())


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
