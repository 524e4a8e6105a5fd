"""The figure of soundness: what networks say of their own replay and of games that they did not learn from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from efficientzero.scaling.figures import style
from efficientzero.scaling.figures.axes import plain, ticks
from efficientzero.scaling.instruments import REPLAY, SCORED_GAMES
from efficientzero.scaling.soundness import NORM_GROWTH, REWARD_CORRELATION, REWARDED_POSITIONS, VALUE_BIAS
from efficientzero.scaling.words import notes

TITLE = "What networks know of their own replay, and of games that they did not learn from"
HEADS = ("Rewards", "Root values", "Latents")
DASHES: dict[str, Any] = {"training": (0, (3.5, 1.5)), "evaluation": "-"}
UNSEEN: dict[str, Any] = {"linestyle": (0, (1, 1)), "linewidth": 2.2, "marker": "x", "markersize": 5}
PALEST = 0.3  # how much of its colour the line of the smallest budget has
NO_MODEL = "this agent has no model, and values alone."


@style.deterministic
def draw_soundness(soundness: pd.DataFrame, frame_skip: int) -> Figure:
    """A row of panels per agent: rewards by depth, root values by budget, latents by depth; a card if there is none.

    Args:
        soundness: from `read_soundness`. frame_skip: ALE frames of an env step.
    """
    if soundness.empty:
        return style.draw_reason(TITLE, "no agent of this experiment has a model or values to hold against its replay.")
    looks = style.appearances(soundness.agent)
    height = 1.7 + 2.5 * len(looks)
    figure = style.new_figure(TITLE + "\n", 10.4, height)  # the empty line is the legend's
    grid = figure.subplots(len(looks), len(HEADS), squeeze=False)
    for row, (agent, look) in zip(grid, looks.items(), strict=True):
        of_agent = soundness[soundness.agent == agent]
        own, unseen = (of_agent[of_agent.source == source] for source in (REPLAY, SCORED_GAMES))
        _values(row[1], own, unseen, look, frame_skip)
        if (own.quantity == "reward_correlation").any():
            _rewards(row[0], own, unseen, look)
            _latents(row[2], own, look)
        else:
            for axes in (row[0], row[2]):
                style.write_reason(axes, NO_MODEL, 30)
        for axes, head in zip(row, HEADS, strict=True):
            axes.set_title(f"{look.name}: {head.lower()}", loc="left", fontsize=9.5, fontweight="bold")
    figure.legend(
        handles=_legend(), loc="upper center", bbox_to_anchor=(0.5, 1.0 - 0.22 / height), ncols=4, frameon=False,
        handlelength=3.2,
    )  # fmt: skip
    frames = [int(budget) * frame_skip for budget in sorted(soundness.env_steps.unique())]
    style.add_note(figure, notes.of_soundness(frames, int(soundness.runs.max())), 165)
    return figure


def _shades(rows: pd.DataFrame, look: style.Appearance) -> Iterator[tuple[pd.DataFrame, tuple[float, ...]]]:
    """The rows of each budget and their colour, the smallest and palest first."""
    budgets = sorted(rows.env_steps.unique())
    for number, budget in enumerate(budgets, start=1):
        strength = PALEST + (1.0 - PALEST) * number / len(budgets)
        yield rows[rows.env_steps == budget], tuple(1.0 - strength * (1.0 - part) for part in to_rgb(look.color))


def _by_depth(rows: pd.DataFrame, quantity: str, mode: str) -> pd.Series:
    chosen = rows[(rows.quantity == quantity) & (rows["mode"] == mode)]
    return chosen.set_index("depth").value.sort_index()


def _rewards(axes: Axes, own: pd.DataFrame, unseen: pd.DataFrame, look: style.Appearance) -> None:
    found = _by_depth(unseen[unseen.env_steps == unseen.env_steps.max()], "reward_correlation", "evaluation")
    axes.plot(found.index, found, color=look.color, **UNSEEN)
    for rows, color in _shades(own, look):
        rewarded = _by_depth(rows, "rewarded_positions", "recorded")
        for mode, dashes in DASHES.items():
            found = _by_depth(rows, "reward_correlation", mode)
            axes.plot(found.index, found, color=color, linestyle=dashes, linewidth=1.5)
            few = rewarded.reindex(found.index) < REWARDED_POSITIONS
            for points, face in ((found[~few], color), (found[few], "white")):
                if mode == "evaluation":
                    axes.plot(
                        points.index, points, linestyle="", marker=look.marker, markersize=5, color=color,
                        markerfacecolor=face, zorder=3,
                    )  # fmt: skip
    axes.axhline(REWARD_CORRELATION, color=style.GREY, linewidth=0.8, linestyle=":")
    axes.set_ylim(min(axes.get_ylim()[0], 0.0), 1.05)
    _depth_axis(axes, "correlation with recorded rewards")


def _values(axes: Axes, own: pd.DataFrame, unseen: pd.DataFrame, look: style.Appearance, frame_skip: int) -> None:
    def by_budget(quantity: str, mode: str, rows: pd.DataFrame = own) -> pd.Series:
        chosen = rows[(rows.quantity == quantity) & (rows["mode"] == mode)]
        return chosen.assign(frames=chosen.env_steps * frame_skip).set_index("frames").value.sort_index()

    deviation = VALUE_BIAS * by_budget("return_deviation", "recorded")
    axes.fill_between(deviation.index, -deviation, deviation, color="0.9", linewidth=0)
    axes.plot(deviation.index, np.zeros(len(deviation)), color=style.GREY, linewidth=0.8)
    for mode, dashes in DASHES.items():
        bias = by_budget("value_bias", mode)
        axes.plot(
            bias.index, bias, color=look.color, linestyle=dashes, linewidth=1.5, markersize=5,
            marker=look.marker if mode == "evaluation" else "",
        )  # fmt: skip
    bias = by_budget("value_bias", "evaluation", unseen)
    axes.plot(bias.index, bias, color=look.color, **UNSEEN)
    axes.set_xscale("log", base=2)
    ticks(axes.xaxis, deviation.index, "{:,.0f}".format)
    axes.set_xlabel("frames of training")
    axes.set_ylabel("value minus recorded return")
    plain(axes, grid="0.92")


def _latents(axes: Axes, own: pd.DataFrame, look: style.Appearance) -> None:
    for rows, color in _shades(own, look):
        norm = _by_depth(rows, "latent_norm", "evaluation")
        axes.plot(
            norm.index, norm / norm.get(0, np.nan), color=color, linewidth=1.5, marker=look.marker, markersize=5,
        )  # fmt: skip
    axes.axhline(NORM_GROWTH, color=style.GREY, linewidth=0.8, linestyle=":")
    axes.set_ylim(0.0, max(axes.get_ylim()[1], 2.0))
    _depth_axis(axes, "latent norm / that at the root")


def _depth_axis(axes: Axes, label: str) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("imagined steps from the root")
    axes.set_ylabel(label)
    plain(axes, grid="0.92")


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], color="0.2", linestyle=DASHES["evaluation"], marker="o", label="evaluation mode, as in search"),
        Line2D([], [], color="0.2", linestyle=DASHES["training"], label="training mode"),
        Line2D([], [], color="0.2", label="scored games, not learned from", **UNSEEN),
        Line2D([], [], color=style.GREY, linestyle=":", label="taken for sound"),
    ]
