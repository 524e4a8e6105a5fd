"""The tables of scores: of games in points, of all games together on one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from efficientzero.games import find_game
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures.appearance import agent_name
from efficientzero.scaling.reference_scores import CEILING_NAMES, minatar_scale
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.data_table import data_table
from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import NONE, in_brackets, number, play_time, sentence

MEASURED_AND_PUBLISHED = (
    "Random play was measured here over 1,000 games; DQN's score is that of Wu and Ren 2026. There is no human score."
)
STATISTICS = {
    "mean": "mean",
    "median": "median",
    "interquartile_mean": "interquartile mean",
    "share_above_human": "games above human",
}


def scores_tables(analysis: Analysis | Refused, table: pd.DataFrame, published: str | None = None) -> list[Markup]:
    """Of one game at every budget, of several at the largest one; then what is computed over games."""
    spread = _spread(table, published)
    tables = [_by_budget(table, spread) if table.game.nunique() == 1 else _by_game(table, spread)]
    if isinstance(analysis, Refused):
        return tables
    if len(analysis.mean_curves):
        tables.append(_mean_curves(analysis))
    if len(analysis.games) > 1 and not isinstance(analysis.description, Refused):
        tables.append(_aggregates(analysis, analysis.description.aggregates))
    if analysis.warnings:
        items = [element("li", f"{game}: {sentence('; '.join(found))}") for game, found in analysis.warnings.items()]
        tables.append(element("p", "Games to read with care:"))
        tables.append(element("ul", items, class_="why"))
    return tables


def score_with_interval(scores: Sequence[float], confidence: float = 0.95) -> str:
    """The mean over seeds, from two seeds on with its interval by Student's t."""
    values = np.asarray(scores, np.float64)
    mean = float(values.mean())
    if len(values) < 2:
        return number(mean)
    half = float(stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * float(stats.sem(values))
    return in_brackets(mean, mean - half, mean + half)


def _by_budget(table: pd.DataFrame, spread: str) -> Markup:
    agents = list(dict.fromkeys(table.agent))
    game = str(table.game.iloc[0])
    rows = [
        [f"{frames:,.0f}", play_time(frames), *(_cell(table[table.frames == frames], agent, game) for agent in agents)]
        for frames in sorted(set(table.frames.tolist()))
    ]
    return data_table(
        f"Scores in {game}",
        f"Points of an episode, {spread} {_references(game)}",
        ["frames", "play", *(agent_name(agent) for agent in agents)],
        rows,
    )


def _by_game(table: pd.DataFrame, spread: str) -> Markup:
    agents = list(dict.fromkeys(table.agent))
    last = table[table.frames == table.frames.max()]
    games = [find_game(name) for name in dict.fromkeys(table.game)]
    minatar = all(game.family == "minatar" for game in games)
    rows = []
    for game in games:
        scale = minatar_scale(game.name) if minatar else None
        known = (game.random_score, game.human_score) if scale is None else (scale.random, scale.dqn)
        references = [NONE if value is None else number(value) for value in known]
        rows.append([game.name, *references, *(_cell(last, agent, game.name) for agent in agents)])
    whose = MEASURED_AND_PUBLISHED if minatar else "Random play and human are the literature's."
    return data_table(
        f"Scores at {table.frames.max():,.0f} frames",
        f"Points of an episode, {spread} {whose}",
        ["game", "random play", "published DQN" if minatar else "human", *(agent_name(agent) for agent in agents)],
        rows,
    )


def _cell(table: pd.DataFrame, agent: str, game: str) -> str:
    found = table[(table.agent == agent) & (table.game == game)]
    if len(found) == 1 and "standard_error" in found and np.isfinite(found.standard_error.iloc[0]):
        return f"{number(found.score.iloc[0])} ± {number(found.standard_error.iloc[0])}"
    return score_with_interval(list(found.score)) if len(found) else NONE


def _spread(table: pd.DataFrame, published: str | None) -> str:
    if table.groupby(["agent", "game"]).seed.nunique().max() > 1:
        return "mean over seeds, with the 95 % interval of other seeds."
    episodes = "standard_error" in table and table.standard_error.notna().any()
    plus_minus = " ± is the standard error over its episodes; seeds differ by more." if episodes else ""
    if published is not None:
        return f"published scores, one mean over runs for each game, so nothing about other runs.{plus_minus}"
    return f"of one seed, so without an interval.{plus_minus}"


def _references(name: str) -> str:
    game = find_game(name)
    if game.family == "minatar":
        scale = minatar_scale(name)
        return f"Random play has {number(scale.random)} and published DQN {number(scale.dqn)}. {MEASURED_AND_PUBLISHED}"
    if game.random_score is None or game.human_score is None:
        return "The literature has no human score of this game."
    return f"In the literature random play has {number(game.random_score)} and the human {number(game.human_score)}."


def _mean_curves(analysis: Analysis) -> Markup:
    found, agents = analysis.mean_curves, analysis.agents
    found = found[(found.ceiling == analysis.ceiling) & (found.estimand == analysis.estimand)]
    rows = [
        [f"{frames:,.0f}", play_time(frames), *(_estimate(found[found.frames == frames], agent) for agent in agents)]
        for frames in analysis.frames.tolist()
    ]
    over = "of this game" if len(analysis.games) == 1 else f"mean over {len(analysis.games)} games"
    return data_table(
        "Share of the way to the ceiling",
        f"z: 0 is random play, 1 the {CEILING_NAMES[analysis.ceiling]}; {over}. The curves that the verdict is about. "
        f"Interval: for {analysis.estimand}." + _why_none(found),
        ["frames", "play", *(agent_name(agent) for agent in analysis.agents)],
        rows,
    )


def _aggregates(analysis: Analysis, table: pd.DataFrame) -> Markup:
    found = table[(table.estimand == analysis.estimand) & (table.frames == table.frames.max())]
    rows = [
        [agent_name(agent), *(_estimate(found[found.statistic == name], agent) for name in STATISTICS)]
        for agent in analysis.agents
    ]
    return data_table(
        f"Human-normalised scores at {table.frames.max():,.0f} frames",
        "0 is random play, 1 the human score, and above it is not cut; the interquartile mean leaves out the highest "
        "and "
        f"the lowest quarter of the runs. Interval: for {analysis.estimand}." + _why_none(found),
        ["agent", *STATISTICS.values()],
        rows,
    )


def _estimate(table: pd.DataFrame, agent: str) -> str:
    row = table[table.agent == agent].iloc[0]
    if not np.isfinite(row.low):
        return number(row.estimate)
    return in_brackets(row.estimate, row.low, row.high)


def _why_none(table: pd.DataFrame) -> str:
    reasons = dict.fromkeys(reason for reason in table.refused if reason)
    return " No interval where it was refused; see below." if reasons else ""
