"""The figure of exponent ratios: the intervals of every method, estimand and ceiling, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures import style
from efficientzero.scaling.figures.axes import ticks
from efficientzero.scaling.findings import exponents_table
from efficientzero.scaling.power_laws.comparison import EQUIVALENCE
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS
from efficientzero.scaling.words import notes

NAMES = {"transform-free": "transform-free", "M1": "own exponents (M1)", "M3": "own asymptotes too (M3)"}
TICKS = (
    (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
    (0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 2.5),
    (0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0),
)
NARROW = (8.0, 3.2)  # spans of ratios below which the second and the last of `TICKS` are taken
WIDEST = (0.1, 10.0)  # ratios shown; an interval that goes on has an arrow
TITLE = "Ratio of scaling exponents"


@style.deterministic
def draw_exponents(analysis: Analysis | Refused) -> Figure:
    """A panel for each other agent: its ratio with 95 % intervals by method and ceiling, under both estimands.

    A card with the reason if all ratios are refused.
    """
    if isinstance(analysis, Refused):
        return style.draw_reason(TITLE, analysis.reason)
    ratios = exponents_table(analysis)
    there = ratios[ratios.refused == ""]
    if there.empty:
        return style.draw_reason(TITLE, ratios.refused.iloc[0])
    estimands = [estimand for estimand in ESTIMANDS if (there.estimand == estimand).any()]
    limits = max(WIDEST[0], min(0.8, there.low.min()) / 1.08), min(WIDEST[1], max(1.25, there.high.max()) * 1.08)
    looks = style.appearances(analysis.agents)
    rows, columns = style.panel_shape(len(analysis.pairs))
    first = looks[analysis.agents[0]].name
    figure = style.new_figure(f"{TITLE}: {first} over others", 2.8 + 3.4 * columns, 1.3 + 2.9 * rows)
    for pair, axes in zip(analysis.pairs, style.panels(figure, len(analysis.pairs)).flat, strict=False):
        own = ratios[ratios.second == pair.second]
        _draw(axes, own, list(analysis.curves), looks[pair.second], estimands, limits)
        axes.set_title(f"{looks[pair.second].name}: {pair.word}", fontsize=10)
    handles = [
        Line2D([], [], color=style.GREY, marker="o", markeredgecolor=style.GREY, label=notes.MEANING[estimand],
               markerfacecolor=style.GREY if first else "white", linewidth=2.2 if first else 1.2)
        for estimand in estimands
        for first in [estimand == ESTIMANDS[0]]
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower right", frameon=False, ncols=1, fontsize=8)
    style.add_note(figure, notes.of_exponents(*EQUIVALENCE), 75 if columns == 1 else 100)
    return figure


def _draw(
    axes: Axes,
    ratios: pd.DataFrame,
    ceilings: Sequence[str],
    look: style.Appearance,
    estimands: Sequence[str],
    limits: tuple[float, float],
) -> None:
    """`ratios`: the rows of one pair."""
    axes.axvspan(*EQUIVALENCE, color="0.93", linewidth=0, zorder=0)
    axes.axvline(1.0, color="black", linewidth=0.9, zorder=1)
    shifts = (-0.17, 0.17) if len(estimands) > 1 else (0.0,)
    lines = [(ceiling, method) for ceiling in ceilings for method in NAMES]
    for row, (ceiling, method) in enumerate(lines):
        for shift, estimand in zip(shifts, estimands, strict=True):
            found = (ratios.ceiling == ceiling) & (ratios.estimand == estimand) & (ratios.method == method)
            ratio = ratios[found].iloc[0]
            if ratio.refused:
                axes.text(1.0, row + shift, "refused", fontsize=7.5, color=style.GREY, ha="center", va="center",
                          style="italic", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
            else:
                _interval(axes, ratio, row + shift, look, estimand == ESTIMANDS[0], limits)
    axes.set_xscale("log")
    axes.set_xlim(limits)
    shown = TICKS[sum(limits[1] / limits[0] < span for span in NARROW)]
    ticks(axes.xaxis, [tick for tick in shown if limits[0] <= tick <= limits[1]], "{:g}".format)
    axes.tick_params(labelbottom=True)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_yticks(range(len(lines)), [f"{NAMES[method]}, {ceiling} ceiling" for ceiling, method in lines])
    axes.axhline(len(NAMES) - 0.5, color="0.8", linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _interval(
    axes: Axes, ratio: pd.Series, row: float, look: style.Appearance, filled: bool, limits: tuple[float, float]
) -> None:
    low, high = limits
    ends = np.clip((ratio.low, ratio.high), low, high)
    axes.plot(ends, [row, row], color=look.color, linewidth=2.2 if filled else 1.2, solid_capstyle="butt", zorder=2)
    for end, bound, arrow in ((ratio.low, low, "<"), (ratio.high, high, ">")):
        if not low <= end <= high:
            axes.plot(bound, row, marker=arrow, markersize=5, color=look.color, clip_on=False, zorder=2)
    if low <= ratio.estimate <= high:
        axes.plot(ratio.estimate, row, marker=look.marker, markersize=6.5, color=look.color,
                  markerfacecolor=look.color if filled else "white", markeredgewidth=1.2, zorder=3)  # fmt: skip
