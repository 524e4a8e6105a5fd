"""The figure of human-normalised scores over games: agents of different tables, each at its own budgets."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from efficientzero.scaling.figures import style
from efficientzero.scaling.figures.axes import AGENTS, plain, ticks
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.words import notes

COLUMNS = ["agent", "game", "frames", "human_normalised"]
MOST_TICKS = 9
MORE = [("#1B7837", "d", (0, (4, 2, 1, 2))), ("0.45", "X", "-"), ("#C51B7D", "8", "--"), ("#4D4D00", "H", "-.")]
Statistic = Literal["mean", "median"]


@style.deterministic
def draw_human_normalised(table: pd.DataFrame, statistic: Statistic = "mean") -> Figure:
    """A line per agent through the mean or median over games at each of its budgets; a marker alone for one budget.

    Args:
        table: one row per agent, game, seed and budget, with the columns agent, game, frames (ALE frames) and
            human_normalised; several tables of `published_curves` and `gather` may stand one below the other. Every
            agent must have the same games at each of its budgets, or the lines were of different games.

    A game's score is its mean over seeds. Published agents (rows with a publication) have hollow markers.

    Raises ScalingInputError: columns or games are missing, or a game has no human-normalised score.
    """
    _check(table)
    over_seeds = table.groupby(["agent", "frames", "game"], sort=False).human_normalised.mean()
    lines = over_seeds.groupby(["agent", "frames"], sort=False).agg(statistic).reset_index()
    looks = _looks(table)
    games = table.game.unique()
    of = games[0] if len(games) == 1 else f"{statistic} over {len(games)} games"
    figure = style.new_figure(f"Human-normalised score: {of}", 9.2, 4.9)
    axes = figure.add_subplot()
    for agent, line in lines.groupby("agent", sort=False):
        look, hollow = looks[str(agent)], "publication" in table and table[table.agent == agent].publication.any()
        line = line.sort_values("frames")
        axes.plot(
            line.frames, line.human_normalised, color=look.color, linestyle=look.dashes if len(line) > 1 else "",
            marker=look.marker, markersize=8 if look.marker == "*" else 6, label=look.name,
            markerfacecolor="white" if hollow else look.color,
        )  # fmt: skip
    axes.axhline(1.0, color=style.GREY, linestyle=":", linewidth=1.4, label="human, from the literature")
    _frames_axis(axes, lines.frames)
    axes.set_ylabel(f"{'score' if len(games) == 1 else f'{statistic} over games'} (0: random play, 1: human)")
    lowest, highest = lines.human_normalised.min(), lines.human_normalised.max()
    axes.set_ylim(bottom=0.0 if lowest > 0.0 else lowest - 0.04 * (highest - lowest))
    plain(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), edgecolor="none", handlelength=3.6)
    style.add_note(figure, notes.of_measures(table), 150)
    return figure


def _check(table: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in table]
    if missing or table.empty:
        raise ScalingInputError(f"table: lacks {', '.join(missing) or 'rows'}; pass published curves or score tables")
    games = set(table.game)
    for (agent, frames), rows in table.groupby(["agent", "frames"], sort=False):
        absent = games - set(rows.game)
        if absent:
            raise ScalingInputError(
                f"{agent} at {frames:,} frames: has no score of {', '.join(sorted(absent))}, which other rows have; "
                "keep only the games that all agents played at all their budgets"
            )
    unknown = table[table.human_normalised.isna()]
    if len(unknown):
        raise ScalingInputError(
            f"{unknown.game.iloc[0]}: has no human-normalised score (no human score is known, or episodes were cut)"
        )


def _looks(table: pd.DataFrame) -> dict[str, style.Appearance]:
    """A published agent that we train too has the colour of ours, and its own name."""
    agents = list(dict.fromkeys(table.agent))
    others = [agent for agent in agents if agent not in AGENTS and agent not in style.KNOWN]
    more = others[len(style.SPARE) :]
    looks = style.appearances(agent for agent in agents if agent not in AGENTS and agent not in more)
    for number, agent in enumerate(more):
        looks[agent] = style.Appearance(agent.replace("_", " "), *MORE[number % len(MORE)])
    return looks | {agent: style.KNOWN[AGENTS[agent]]._replace(name=agent) for agent in agents if agent in AGENTS}


def _frames_axis(axes: Axes, frames: pd.Series) -> None:
    low, high = frames.min() / 1.15, frames.max() * 1.15
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    powers = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    every = [power * step for power in powers for step in (1, 2, 4) if low <= power * step <= high]
    ticks(axes.xaxis, every if len(every) <= MOST_TICKS else [tick for tick in every if tick in powers], _short)
    axes.set_xlabel("game frames of training (log scale; 60 frames are a second of play)")


def _short(frames: float) -> str:
    for size, word in ((1e6, "M"), (1e3, ",000")):
        if frames >= size:
            return f"{frames / size:.4g}{word}"
    return f"{frames:.0f}"
