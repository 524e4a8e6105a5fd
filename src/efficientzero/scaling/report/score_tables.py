"""The tables of scores and of what they cost; and what every table of the page is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from efficientzero.games import find_game
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.findings import MEAN_Z
from efficientzero.scaling.reference_scores import minatar_scale
from efficientzero.scaling.words.names import agent_name
from efficientzero.scaling.words.numbers import NONE, duration, in_brackets, number, play_time, power_of_ten, whole

STATISTICS = {
    "mean": "mean",
    "median": "median",
    "interquartile_mean": "interquartile mean",
    "share_above_human": "games above human",
}
COSTS: dict[str, tuple[str, Callable[[float], str]]] = {
    "parameters": ("parameters", whole),
    "updates": ("updates", whole),
    "training_flops": ("training FLOPs", power_of_ten),
    "cpu_seconds": ("processor time", duration),
    "wall_seconds": ("elapsed time", duration),
}


class Table(NamedTuple):
    """Texts; a row has as many as `head`, and its first one is its head.

    `groups`: a head for the rows from one on, by the place of that row. `has_refused`: whether an interval is missing.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    groups: Mapping[int, str] = {}
    has_refused: bool = False


def scores_table(table: pd.DataFrame) -> Table:
    """Scores of one game at every budget, of several games at the largest one, with what others have there."""
    agents = list(dict.fromkeys(table.agent))
    names = [agent_name(agent) for agent in agents]
    games = list(dict.fromkeys(table.game))
    if len(games) == 1:
        budgets = sorted(set(table.frames.tolist()))
        at = ((frames, table[table.frames == frames]) for frames in budgets)
        rows = [
            [f"{frames:,.0f}", play_time(frames), *(_cell(found, agent, games[0]) for agent in agents)]
            for frames, found in at
        ]
        return Table(["frames", "play", *names], rows)
    last = table[table.frames == table.frames.max()]
    known = {game: reference_scores_of(game) for game in games}
    minatar = all(find_game(game).family == "minatar" for game in games)
    rows = [
        [
            game,
            *(NONE if value is None else number(value) for value in scores),
            *(_cell(last, agent, game) for agent in agents),
        ]
        for game, scores in known.items()
    ]
    return Table(["game", "random play", "published DQN" if minatar else "human", *names], rows)


def reference_scores_of(game: str) -> tuple[float | None, float | None]:
    """Of random play and of the human, or in MinAtar of published DQN; None where nobody knows it."""
    known = find_game(game)
    if known.family != "minatar":
        return known.random_score, known.human_score
    scale = minatar_scale(game)
    return scale.random, scale.dqn


def score_with_interval(scores: Sequence[float], confidence: float = 0.95) -> str:
    """The mean over seeds, from two seeds on with its interval by Student's t."""
    values = np.asarray(scores, np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return number(mean)
    half = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * float(stats.sem(values))
    return in_brackets(mean, mean - half, mean + half)


def _cell(table: pd.DataFrame, agent: str, game: str) -> str:
    found = table[(table.agent == agent) & (table.game == game)]
    if len(found) == 1 and "standard_error" in found and np.isfinite(found.standard_error.iloc[0]):
        return f"{number(found.score.iloc[0])} ± {number(found.standard_error.iloc[0])}"
    return score_with_interval(list(found.score)) if len(found) else NONE


def mean_curves_table(analysis: Analysis) -> Table | None:
    """z of every agent at every budget, under the headline's ceiling and estimand; None without any."""
    found = analysis.aggregates[analysis.aggregates.statistic == MEAN_Z]
    found = found[(found.ceiling == analysis.ceiling) & (found.estimand == analysis.estimand)]
    rows = [
        [f"{frames:,.0f}", play_time(frames), *_estimates(found[found.frames == frames], analysis.agents)]
        for frames in sorted(set(found.frames.tolist()))
    ]
    names = (agent_name(agent) for agent in analysis.agents)
    return Table(["frames", "play", *names], rows, has_refused=bool((found.refused != "").any())) if rows else None


def aggregates_table(analysis: Analysis) -> Table | None:
    """Human-normalised scores over games at the largest budget for the headline's estimand; None of one game."""
    found = analysis.aggregates[analysis.aggregates.statistic.isin(STATISTICS)]
    if len(analysis.games) == 1 or found.empty:
        return None
    found = found[(found.estimand == analysis.estimand) & (found.frames == found.frames.max())]
    by_statistic = [_estimates(found[found.statistic == name], analysis.agents) for name in STATISTICS]
    rows = [[agent_name(agent), *cells] for agent, *cells in zip(analysis.agents, *by_statistic, strict=True)]
    return Table(["agent", *STATISTICS.values()], rows, has_refused=bool((found.refused != "").any()))


def _estimates(table: pd.DataFrame, agents: Sequence[str]) -> list[str]:
    rows = [table[table.agent == agent].iloc[0] for agent in agents]
    return [
        in_brackets(row.estimate, row.low, row.high) if np.isfinite(row.low) else number(row.estimate) for row in rows
    ]


def cost_means(table: pd.DataFrame) -> pd.DataFrame:
    """What a run to the largest budget cost: means over seeds and games.

    Indexed by agent in the order of the table: frames, and those of `COSTS` that are not blank in the table.
    """
    last = table[table.frames == table.frames.max()]
    present = [name for name in COSTS if name in table and table[name].notna().any()]
    return last.groupby("agent", sort=False)[["frames", *present]].mean().astype("float64")


def costs_table(table: pd.DataFrame) -> Table | None:
    """A row per agent; None where the scores came without costs."""
    costs = cost_means(table)
    columns = [name for name in COSTS if name in costs]
    if not columns:
        return None
    return Table(
        ["agent", *(COSTS[name][0] for name in columns)],
        [[agent_name(str(agent)), *(COSTS[name][1](row[name]) for name in columns)] for agent, row in costs.iterrows()],
    )
