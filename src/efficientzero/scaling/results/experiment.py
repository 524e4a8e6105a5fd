"""The results of the experiment in a folder: exactly those that its agents, seeds and milestones name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from efficientzero.games import find_game
from efficientzero.scaling.results.costs import cost_paths, read_costs
from efficientzero.scaling.results.drift import read_drift
from efficientzero.scaling.results.milestone_tables import table_paths
from efficientzero.scaling.results.scores import read_scores
from efficientzero.scaling.results.soundness import read_soundness
from efficientzero.scaling.results.tables import score_table


@dataclass(frozen=True)
class ExperimentResults:
    """`table`: of `score_table`. `drift`: of `read_drift`. `soundness`: of `read_soundness`. `random_score`: mean
    return of random play, over seeds."""

    table: pd.DataFrame
    drift: pd.DataFrame
    soundness: pd.DataFrame
    random_score: float


def read_experiment(
    game: str,
    agents: Sequence[str],
    seeds: Sequence[int],
    budgets: Sequence[int],
    *,
    scores: Path,
    costs: Path,
    drift: Path,
    soundness: Path,
    generalisation: Path,
) -> ExperimentResults:
    """The results of every agent, seed and budget in env steps, from their folders; what else lies there is removed.

    DVC takes the whole folders for an input of the stage: a file that is nobody's output would be noted in dvc.lock,
    and no other clone could have it. What is removed stays in DVC's cache.

    Raises ResultFileError: a file is missing, damaged or does not belong to the others.
    """
    runs = [(agent, seed) for agent in agents for seed in seeds]
    score_files = [scores / agent / str(seed) / f"{budget}.json" for agent, seed in runs for budget in (0, *budgets)]
    cost_files = [path for agent, seed in runs for path in cost_paths(costs, agent, seed, budgets)]
    _remove_unlisted(scores, score_files)
    _remove_unlisted(costs, cost_files)
    for tables in (drift, soundness, generalisation):
        _remove_unlisted(tables, table_paths(tables, agents, seeds, budgets))
    table = read_scores(score_files, game)
    return ExperimentResults(
        score_table(table, find_game(game), read_costs(costs, agents, seeds, budgets)),
        read_drift(drift, agents, seeds, budgets),
        read_soundness(soundness, generalisation, agents, seeds, budgets),
        float(table[table.env_steps == 0].score.mean()),
    )


def _remove_unlisted(folder: Path, listed: list[Path]) -> None:
    for path in sorted(set(folder.glob("*/*/*.*")) - set(listed)):
        print(f"removing {path}: not among the agents, seeds and milestones of params.yaml")
        path.unlink()
