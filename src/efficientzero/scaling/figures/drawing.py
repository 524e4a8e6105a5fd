"""What all figures share: settings that make the same content the same bytes, and the card in the place of a figure."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from efficientzero.scaling.resampling import Estimand
from efficientzero.scaling.words.names import NAMES, named

GREY = "0.35"
DETERMINISTIC_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "efficientzero", "svg.fonttype": "path", "font.size": 9.5}
MEANING: dict[Estimand, str] = {
    "these games": "other seeds on these games",
    "games like these": "other games like these",
}
TITLE: dict[str, Any] = {"fontweight": "bold", "fontsize": 12}


def new_figure(title: str, width: float, height: float) -> Figure:
    """An empty figure of that size in inches; draw on it within `matplotlib.rc_context(DETERMINISTIC_SETTINGS)`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, **TITLE)
    return figure


def add_note(figure: Figure, sentences: list[str], width: int) -> None:
    """Lines of at most `width` characters under a figure; every sentence begins one."""
    lines = [line for sentence in sentences for line in wrap(sentence, width)]
    figure.supxlabel("\n".join(lines), fontsize=8, color=GREY, x=0.01, ha="left")


def write_reason(axes: Axes, reason: str, width: int) -> None:
    """Empties an axes and writes in it why there is nothing to see."""
    axes.set_axis_off()
    text = "Not shown: " + named(reason, NAMES)
    axes.text(
        0.5, 0.5, "\n".join(wrap(text, width)), transform=axes.transAxes, ha="center", va="center", fontsize=9,
        color=GREY, linespacing=1.5,
    )  # fmt: skip


def draw_reason(title: str, reason: str) -> Figure:
    """A small card with the reason in words, in the place of a figure that is refused."""
    with matplotlib.rc_context(DETERMINISTIC_SETTINGS):
        lines = len(wrap("Not shown: " + named(reason, NAMES), 80))
        figure = new_figure(title, 7.2, 1.3 + 0.2 * lines)
        figure.suptitle(title, y=0.9, **TITLE)
        figure.patch.set(edgecolor="0.75", linewidth=1.5)
        write_reason(figure.add_subplot(), reason, 80)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a PNG or SVG, by the suffix of `path`; the same figure gives the same bytes."""
    metadata = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}[path.suffix]
    with matplotlib.rc_context(DETERMINISTIC_SETTINGS):
        figure.savefig(path, dpi=150, metadata=metadata, edgecolor=figure.get_edgecolor())
