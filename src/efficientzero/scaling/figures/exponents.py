"""The figure of exponent ratios: the intervals of every method, estimand and ceiling, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures.appearance import Appearance, appearances
from efficientzero.scaling.figures.drawing import (
    DETERMINISTIC_SETTINGS,
    GREY,
    MEANING,
    add_note,
    draw_reason,
    new_figure,
)
from efficientzero.scaling.findings import EXPONENT, METHODS, Finding
from efficientzero.scaling.power_laws.comparison import EQUIVALENCE
from efficientzero.scaling.reference_scores import Ceiling
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, Estimand

NAMES = {"transform-free": "transform-free", "M1": "own exponents (M1)", "M3": "own asymptotes too (M3)"}
TICKS = (
    (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
    (0.3, 0.4, 0.5, 0.7, 1.0, 1.4, 2.0, 2.5),
    (0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.4, 1.7, 2.0),
)
NARROW = (8.0, 3.2)  # spans of ratios below which the second and the last of `TICKS` are taken
WIDEST = (0.1, 10.0)  # ratios shown; an interval that goes on has an arrow
COLUMNS = 3
TITLE = "Ratio of scaling exponents"

Line = tuple[Ceiling, str]  # a ceiling and a method of `NAMES`


def draw_exponents(analysis: Analysis | Refused) -> Figure:
    """A panel for each other agent: its ratio with 95 % intervals by method and ceiling, under both estimands.

    A card with the reason if all ratios are refused.
    """
    if isinstance(analysis, Refused):
        return draw_reason(TITLE, analysis.reason)
    every = analysis.findings.of(EXPONENT + method for method in METHODS)
    shown = [ratio for ratio in every if not ratio.refused]
    if not shown:
        return draw_reason(TITLE, every[0].reason)
    estimands = [estimand for estimand in ESTIMANDS if any(ratio.place.estimand == estimand for ratio in shown)]
    low = max(WIDEST[0], min(0.8, *(ratio.low for ratio in shown)) / 1.08)
    high = min(WIDEST[1], max(1.25, *(ratio.high for ratio in shown)) * 1.08)
    looks = appearances(analysis.agents)
    lines = [(ceiling, method) for ceiling in analysis.curves for method in NAMES]
    columns = min(len(analysis.pairs), COLUMNS)
    rows = -(-len(analysis.pairs) // columns)
    with matplotlib.rc_context(DETERMINISTIC_SETTINGS):
        first = looks[analysis.agents[0]].name
        width = 2.8 + 3.4 * columns
        figure = new_figure(f"{TITLE}: {first} over others", width, 1.3 + 2.9 * rows)
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for number, axes in enumerate(grid.flat):
            if number >= len(analysis.pairs):
                axes.set_axis_off()
                continue
            pair = analysis.pairs[number]
            _draw(axes, analysis, pair.second, lines, looks[pair.second], estimands, low, high)
            _axes(axes, lines, low, high)
            axes.set_title(f"{looks[pair.second].name}: {pair.word}", fontsize=10)
        figure.legend(handles=_handles(estimands), loc="outside lower right", frameon=False, ncols=1, fontsize=8)
        add_note(
            figure,
            [
                "Above 1 the lead grows with the frames; at 1 it is a constant multiple. Titles: the verdict.",
                f"Grey: within {EQUIVALENCE[0]:g} to {EQUIVALENCE[1]:g}, taken as equal. Lines: 95 % intervals.",
            ],
            75 if columns == 1 else 100,
        )
    return figure


def _draw(
    axes: Axes,
    analysis: Analysis,
    second: str,
    lines: Sequence[Line],
    look: Appearance,
    estimands: Sequence[Estimand],
    low: float,
    high: float,
) -> None:
    axes.axvspan(*EQUIVALENCE, color="0.93", linewidth=0, zorder=0)
    axes.axvline(1.0, color="black", linewidth=0.9, zorder=1)
    shifts = (-0.17, 0.17) if len(estimands) > 1 else (0.0,)
    for row, (ceiling, method) in enumerate(lines):
        for shift, estimand in zip(shifts, estimands, strict=True):
            ratio = analysis.findings[analysis.place(second, ceiling, estimand), EXPONENT + method]
            if not ratio.refused:
                _interval(axes, ratio, row + shift, look, estimand == ESTIMANDS[0], low, high)
            else:
                axes.text(1.0, row + shift, "refused", fontsize=7.5, color=GREY, ha="center", va="center",
                          style="italic", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip


def _interval(
    axes: Axes, ratio: Finding, row: float, look: Appearance, filled: bool, low: float, high: float
) -> None:  # fmt: skip
    ends = np.clip((ratio.low, ratio.high), low, high)
    axes.plot(ends, [row, row], color=look.color, linewidth=2.2 if filled else 1.2, solid_capstyle="butt", zorder=2)
    for end, bound, arrow in ((ratio.low, low, "<"), (ratio.high, high, ">")):
        if not low <= end <= high:
            axes.plot(bound, row, marker=arrow, markersize=5, color=look.color, clip_on=False, zorder=2)
    if low <= ratio.estimate <= high:
        axes.plot(ratio.estimate, row, marker=look.marker, markersize=6.5, color=look.color,
                  markerfacecolor=look.color if filled else "white", markeredgewidth=1.2, zorder=3)  # fmt: skip


def _axes(axes: Axes, lines: Sequence[Line], low: float, high: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    ticks = TICKS[sum(high / low < span for span in NARROW)]
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.tick_params(labelbottom=True)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_yticks(range(len(lines)), [f"{NAMES[method]}, {ceiling} ceiling" for ceiling, method in lines])
    axes.axhline(len(NAMES) - 0.5, color="0.8", linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _handles(estimands: Sequence[Estimand]) -> list[Line2D]:
    return [
        Line2D([], [], color=GREY, marker="o", markerfacecolor=GREY if first else "white", markeredgecolor=GREY,
               linewidth=2.2 if first else 1.2, label=MEANING[estimand])
        for estimand in estimands
        for first in [estimand == ESTIMANDS[0]]
    ]  # fmt: skip
