"""What all figures share: agents' looks, settings that make the same content the same bytes, notes, and the card in the
place of a figure."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from efficientzero.scaling.words.names import NAMES, agent_name, named

GREY = "0.35"
DETERMINISTIC_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "efficientzero", "svg.fonttype": "path", "font.size": 9.5}
deterministic = matplotlib.rc_context(DETERMINISTIC_SETTINGS)  # decorates what draws or saves a figure
TITLE: dict[str, Any] = {"fontweight": "bold", "fontsize": 12}
COLUMNS = 3  # of panels


class Appearance(NamedTuple):
    """Of a line: its name in the legend, and Matplotlib's colour, marker and line style."""

    name: str
    color: str
    marker: str
    dashes: Any


# Colours apart for the colour-blind (Okabe and Ito's, with their yellow, too pale for a line, left out); markers and
# dashes keep the agents apart in greyscale.
LOOKS: dict[str, tuple[str, str, Any]] = {
    "efficientzero": ("#0072B2", "o", "-"),
    "muzero_reanalyze": ("#D55E00", "s", "--"),
    "rainbow": ("#009E73", "^", "-."),
    "rainbow_classic": ("#E69F00", "v", (0, (1, 1.2))),
    "dqn": ("#CC79A7", "D", (0, (5, 1, 1, 1, 1, 1))),
    "model_free_muzero": ("#56B4E9", "P", (0, (7, 2))),
    "ppo": ("#000000", "*", (0, (3, 1, 1, 1))),
    "random": ("0.55", "X", (0, (1, 3))),
}
KNOWN = {agent: Appearance(agent_name(agent), *look) for agent, look in LOOKS.items()}
SPARE = [("#8C510A", "<", "-"), ("#5E3C99", ">", "--"), ("#80A000", "p", "-."), ("#B2182B", "h", ":")]


def appearances(agents: Iterable[str]) -> dict[str, Appearance]:
    """Of each agent of a figure.

    The agents that the package comes with look the same in every figure; others take the spare looks in order.
    """
    agents = list(dict.fromkeys(agents))
    others = [agent for agent in agents if agent not in KNOWN]
    spare = {agent: Appearance(agent_name(agent), *SPARE[number % len(SPARE)]) for number, agent in enumerate(others)}
    return {agent: KNOWN.get(agent) or spare[agent] for agent in agents}


def new_figure(title: str, width: float, height: float) -> Figure:
    """An empty figure of that size in inches; draw on it in a function that is `deterministic`."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, **TITLE)
    return figure


def panel_shape(count: int) -> tuple[int, int]:
    """Rows and columns of that many panels."""
    return -(-count // COLUMNS), min(count, COLUMNS)


def panels(figure: Figure, count: int) -> np.ndarray:
    """Axes [rows, columns] of `panel_shape` with the same scales; those beyond `count` stay empty."""
    grid = figure.subplots(*panel_shape(count), squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[count:]:
        axes.set_axis_off()
    return grid


def add_note(figure: Figure, sentences: Iterable[str], width: int) -> None:
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


@deterministic
def draw_reason(title: str, reason: str) -> Figure:
    """A small card with the reason in words, in the place of a figure that is refused."""
    lines = len(wrap("Not shown: " + named(reason, NAMES), 80))
    figure = new_figure(title, 7.2, 1.3 + 0.2 * lines)
    figure.suptitle(title, y=0.9, **TITLE)
    figure.patch.set(edgecolor="0.75", linewidth=1.5)
    write_reason(figure.add_subplot(), reason, 80)
    return figure


@deterministic
def save_figure(figure: Figure, path: Path) -> None:
    """Writes a PNG or SVG, by the suffix of `path`; the same figure gives the same bytes."""
    metadata = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}[path.suffix]
    figure.savefig(path, dpi=150, metadata=metadata, edgecolor=figure.get_edgecolor())
