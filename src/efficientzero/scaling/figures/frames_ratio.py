"""The figure of R(level): how many times the frames of the first agent each other one needs for the same score."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures import style
from efficientzero.scaling.figures.axes import plain, ticks
from efficientzero.scaling.findings import FRAMES
from efficientzero.scaling.pair import PairAnalysis
from efficientzero.scaling.reference_scores import CEILINGS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, Estimand
from efficientzero.scaling.words import notes

TITLE = "Ratio of frames at the same score"


@style.deterministic
def draw_frames_ratio(analysis: Analysis | Refused) -> Figure:
    """A panel for each other agent: R with its 95 % band over the levels that both agents reached.

    Under the headline's ceiling; the band is of the headline's estimand, dotted lines bound that of the other one.
    A card with the reason if all pairs are refused.
    """
    if isinstance(analysis, Refused):
        return style.draw_reason(TITLE, analysis.reason)
    seen = [_seen(pair, analysis, analysis.estimand) for pair in analysis.pairs]
    refused = [each.reason for each in seen if isinstance(each, Refused)]
    if len(refused) == len(seen):
        return style.draw_reason(TITLE, refused[0])
    other = next(each for each in ESTIMANDS if each != analysis.estimand)
    has_other = any(not isinstance(_seen(pair, analysis, other), Refused) for pair in analysis.pairs)
    looks = style.appearances(analysis.agents)
    first = looks[analysis.agents[0]].name
    rows, columns = style.panel_shape(len(seen))
    figure = style.new_figure(f"{TITLE}, over {first}", max(5.2, 3.6 * columns), 1.3 + 3.1 * rows)
    grid = style.panels(figure, len(seen))
    low, high = _limits([each for each in seen if not isinstance(each, Refused)])
    for pair, found, axes in zip(analysis.pairs, seen, grid.flat, strict=False):
        look = looks[pair.second]
        axes.set_title(look.name, fontsize=10)
        if isinstance(found, Refused):
            style.write_reason(axes, found.reason, 38)
            continue
        _draw(axes, look, found)
        bounds = _seen(pair, analysis, other)
        if not isinstance(bounds, Refused):
            for end in bounds[:, 2:].T:
                axes.plot(bounds[:, 0], end, color=look.color, linewidth=1.0, linestyle=":", zorder=2)
        _axes(axes, low, high)
    figure.supylabel(f"frames over those of\n{first} (log scale)", fontsize=9.5)
    between = "\n" if analysis.ceiling in CEILINGS["minatar"] else " "  # the longer name needs two lines
    ceiling = "best-known" if analysis.ceiling == "best" else analysis.ceiling
    for axes in grid[-1]:
        axes.set_xlabel(f"level (0: random play,{between}1: {ceiling} score)")
    sentences = notes.of_frames_ratio(len(analysis.games), analysis.estimand, other if has_other else None)
    style.add_note(figure, sentences, 72 if columns == 1 else 54 * columns)
    return figure


def _seen(pair: PairAnalysis, analysis: Analysis, estimand: Estimand) -> np.ndarray | Refused:
    """Level, R, low, high: float64 [levels, 4], of the levels with an interval."""
    curve = analysis.findings.levels(analysis.place(pair.second, estimand=estimand), FRAMES + "curve")
    rows = [(each.level, each.estimate, each.low, each.high) for each in curve if not each.refused]
    reasons = [each.reason for each in curve if each.refused]
    return np.array(rows) if len(rows) > 1 else Refused(reasons[len(reasons) // 2])


def _draw(axes: Axes, look: style.Appearance, found: np.ndarray) -> None:
    level, ratio, low, high = found.T
    axes.fill_between(level, low, high, color=look.color, alpha=0.18, linewidth=0, zorder=1)
    axes.plot(level, ratio, color=look.color, linewidth=2.0, zorder=3)
    ends = [0, -1]
    axes.plot(level[ends], ratio[ends], linestyle="", marker=look.marker, color=look.color, markersize=6,
              markeredgecolor="white", zorder=4)  # fmt: skip
    typical = float(np.exp(np.log(ratio).mean()))
    axes.axhline(typical, color=style.GREY, linewidth=1.0, linestyle=(0, (5, 3)), zorder=0)
    side = "top" if ratio[-1] > typical else "bottom"  # away from the curve
    axes.annotate(
        f"mean {typical:.2g}×", (1.0, typical), xycoords=("axes fraction", "data"), fontsize=8, color=style.GREY,
        xytext=(-3, -3 if side == "top" else 3), textcoords="offset points", ha="right", va=side,
    )  # fmt: skip


def _axes(axes: Axes, low: float, high: float) -> None:
    axes.axhline(1.0, color="black", linewidth=0.9, zorder=1)
    axes.set_yscale("log", base=2)
    axes.set_ylim(low, high)
    steps = 1 if high / low > 4 else 2  # a tick for each octave, or half of one
    ends = np.floor(steps * np.log2(low)), np.ceil(steps * np.log2(high))
    ticks(axes.yaxis, 2.0 ** (np.arange(ends[0], ends[1] + 1) / steps), "{:.3g}×".format)
    plain(axes)


def _limits(seen: list[np.ndarray]) -> tuple[float, float]:
    """All lines, and bands unless they are more than 16 times as far out as the lines; 1 is always in sight."""
    ratio = np.concatenate([each[:, 1] for each in seen])
    band = np.concatenate([each[:, 2:].ravel() for each in seen])
    low = min(1.0, max(float(band.min()), float(ratio.min()) / 16))
    high = max(1.0, min(float(band.max()), float(ratio.max()) * 16))
    return low / 1.2, high * 1.2
