"""The figure of several games: the aggregate curves with their intervals, and a small panel for each game."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from efficientzero.games import find_game
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures import style
from efficientzero.scaling.figures.axes import compute_axis, frames_axis, half_widths, plain, reference_line, ticks
from efficientzero.scaling.findings import MEAN_Z
from efficientzero.scaling.reference_scores import CEILINGS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.words import notes

LARGE = 2  # rows and columns of the aggregate panel


@style.deterministic
def draw_games(
    curve: pd.DataFrame, analysis: Analysis | Refused, x: Literal["frames", "training_flops"] = "frames"
) -> Figure:
    """One large panel of the mean over games, one small panel per game with its own scale of scores.

    Args:
        curve: a `curve_table` of several games. analysis: of the same scores; refused: no large panel but its reason.
        x: as for `draw_curve`; in the large panel the operations are the mean over games.
    """
    looks = style.appearances(curve.agent)
    games = list(dict.fromkeys(curve.game))
    against = "training compute" if x == "training_flops" else "frames"
    title = f"{len(games)} games: score against {against}"
    shown = curve[curve.training_flops > 0] if x == "training_flops" else curve
    if shown.empty:
        return style.draw_reason(title, "none of these agents trains, so there is no compute")
    columns = 6 if len(games) > 8 else 5 if len(games) in (5, 6) else 4  # few places stay empty
    rows = LARGE + max(0, -(-(len(games) - LARGE * (columns - LARGE)) // columns))
    figure = style.new_figure(title, 2.1 * columns + 0.8, 1.75 * rows + 1.2)
    grid = figure.add_gridspec(rows, columns)
    places = [(row, column) for row in range(rows) for column in range(columns) if row >= LARGE or column >= LARGE]
    large = figure.add_subplot(grid[:LARGE, :LARGE])
    _draw_aggregate(large, shown, analysis, looks, x)
    for game, place in zip(games, places, strict=False):
        _draw_game(figure.add_subplot(grid[place]), shown[shown.game == game], game, looks, x)
    ceiling = estimand = None
    if isinstance(analysis, Analysis) and _reason(analysis) is None:
        ceiling, has_band = analysis.ceiling, (_means(analysis).refused == "").all()
        estimand = analysis.estimand if has_band else None
    lines = (reference_line(find_game(game)) for game in games)
    dotted = next((line.name for line in lines if line is not None), "the human score")
    style.add_note(figure, notes.of_games(curve.seeds, dotted, ceiling, estimand), 24 * columns)
    return figure


def _draw_aggregate(
    axes: Axes, curve: pd.DataFrame, analysis: Analysis | Refused, looks: dict[str, style.Appearance], x: str
) -> None:
    reason = _reason(analysis)
    if reason is not None or isinstance(analysis, Refused):
        style.write_reason(axes, reason or "", 44)
        return
    means = _means(analysis)
    for agent, look in looks.items():
        own = means[means.agent == agent].sort_values("frames")
        place = curve[curve.agent == agent].groupby("frames")[x].mean() if x != "frames" else own.frames
        if len(place) != len(own):
            continue  # an agent that does not train has no compute
        axes.plot(place, own.estimate, color=look.color, marker=look.marker, linestyle=look.dashes, markersize=6,
                  markeredgecolor="white", markeredgewidth=0.5, label=look.name, zorder=3)  # fmt: skip
        axes.fill_between(place, own.low, own.high, color=look.color, alpha=0.15, linewidth=0, zorder=1)
    if x == "frames":
        frames = sorted(set(curve.frames))
        frames_axis(axes, frames, find_game(curve.game.iloc[0]), _some(frames, 3))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    else:
        compute_axis(axes, list(curve.groupby(["agent", "frames"])[x].mean()))
    between = "\n" if analysis.ceiling in CEILINGS["minatar"] else " "  # the longer name needs two lines
    axes.set_ylabel(f"mean over games{between}(0: random play, 1: {analysis.ceiling} score)")
    axes.set_ylim(bottom=0.0)
    plain(axes, ["right"])
    axes.legend(loc="upper left", framealpha=0.85, edgecolor="none", handlelength=2.8)


def _draw_game(axes: Axes, curve: pd.DataFrame, game: str, looks: dict[str, style.Appearance], x: str) -> None:
    for agent, look in looks.items():
        own = curve[curve.agent == agent]
        axes.plot(own[x], own.score, color=look.color, linestyle=look.dashes, marker=look.marker, markersize=3.5,
                  markeredgecolor="white", markeredgewidth=0.3, linewidth=1.3, zorder=3)  # fmt: skip
        half = half_widths(own)
        axes.fill_between(own[x], own.score - half, own.score + half, color=look.color, alpha=0.15, linewidth=0)
    axes.set_xscale("log", base=2 if x == "frames" else 10)
    axes.xaxis.set_minor_locator(NullLocator())
    if x == "frames":
        ticks(axes.xaxis, _some(sorted(set(curve.frames)), 2), _short)
    line = reference_line(find_game(game))
    low, high = axes.get_ylim()
    if line is not None and low <= line.score <= high:
        axes.axhline(line.score, color=style.GREY, linestyle=":", linewidth=1.2)
    if (curve.score >= 0.0).all():
        axes.set_ylim(bottom=0.0)  # intervals may go below what scores do
    axes.set_title(game, fontsize=8.5, pad=3)
    axes.tick_params(labelsize=7, pad=2)
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.spines[["top", "right"]].set_visible(False)


def _some(frames: list[int], most: int) -> list[int]:
    """Up to so many budgets to label, the first and the last among them, as even on a logarithmic axis as can be."""
    wanted = np.geomspace(frames[0], frames[-1], most)
    return sorted({min(frames, key=lambda each: abs(np.log(each / place))) for place in wanted})


def _short(frames: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if frames >= size:
            return f"{frames / size:.3g}{letter}"
    return f"{frames:g}"


def _means(analysis: Analysis) -> pd.DataFrame:
    """The mean of z of the headline's ceiling and estimand."""
    found = analysis.aggregates
    headline = (found.ceiling == analysis.ceiling) & (found.estimand == analysis.estimand)
    return found[headline & (found.statistic == MEAN_Z)]


def _reason(analysis: Analysis | Refused) -> str | None:
    if isinstance(analysis, Refused):
        return analysis.reason
    found = analysis.curves[analysis.ceiling]
    return found.reason if isinstance(found, Refused) else None
