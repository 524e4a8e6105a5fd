"""The figure of drift: how far search targets lie from what a search now would say, against their age in updates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from efficientzero.scaling.figures import style
from efficientzero.scaling.figures.axes import plain, ticks
from efficientzero.scaling.words import notes

TITLE = "Drift of search targets with their age"
PANELS = {
    "policy_distance": "total variation between the two policies",
    "value_difference": "absolute difference of the two values",
}
FAINT = 0.3


@style.deterministic
def draw_drift(drift: pd.DataFrame, frame_skip: int) -> Figure:
    """Two panels, of policies and of values, with a line per agent and budget; a card if no agent searched again.

    Args:
        drift: from `read_drift`. frame_skip: ALE frames of an env step.
    """
    if drift.empty:
        return style.draw_reason(
            TITLE, "no agent of this experiment searched its replay again, so no target was compared with a newer one."
        )
    looks = style.appearances(drift.agent)
    figure = style.new_figure(TITLE, 8.6, 4.3)
    for axes, (figure_name, label) in zip(figure.subplots(1, 2, sharex=True), PANELS.items(), strict=True):
        for agent, look in looks.items():
            own = drift[drift.agent == agent]
            for budget, rows in own.groupby("env_steps", sort=True):
                last = budget == own.env_steps.max()
                axes.plot(
                    _place(rows.age_from), rows[figure_name], color=look.color, linestyle=look.dashes,
                    marker=look.marker if last else "", markersize=6, markeredgecolor="white", markeredgewidth=0.5,
                    linewidth=1.8 if last else 1.0, alpha=1.0 if last else FAINT, zorder=3 if last else 2,
                    label=look.name if last else None,
                )  # fmt: skip
        _axes(axes, int(_place(drift.age_from).max()), label)
    figure.axes[0].legend(loc="lower right", framealpha=0.85, edgecolor="none", handlelength=2.8)
    frames = [int(budget) * frame_skip for budget in sorted(drift.env_steps.unique())]
    style.add_note(figure, notes.of_drift(frames, int(drift.runs.max())), 135)
    return figure


def _place(age_from: pd.Series) -> NDArray[np.float64]:
    """The number of the doubling bin: 0 for age 0, 1 for 1, 2 for 2-3, ..."""
    return np.where(age_from > 0, np.floor(np.log2(age_from.clip(lower=1))) + 1, 0.0)


def _axes(axes: Axes, last: int, label: str) -> None:
    def name(place: float) -> str:
        number = round(place)
        return f"{2 ** (number - 1):,}" if number > 0 else "0"

    axes.set_xlim(-0.4, last + 0.4)
    ticks(axes.xaxis, range(last, -1, -max(1, -(-last // 8)))[::-1], name)
    axes.set_xlabel("age in updates, from (doubling bins)")
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0.0)
    plain(axes)
