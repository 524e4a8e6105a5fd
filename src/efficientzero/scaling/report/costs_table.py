"""What a run to the largest budget cost: the mean over seeds and games, per agent."""

from __future__ import annotations

import numpy as np
import pandas as pd

from efficientzero.scaling.figures.appearance import agent_name
from efficientzero.scaling.report.data_table import data_table
from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import NONE, duration, power_of_ten

COLUMNS = ("parameters", "updates", "training_flops", "cpu_seconds", "wall_seconds")


def cost_means(table: pd.DataFrame) -> pd.DataFrame:
    """Indexed by agent in the order of the table: frames, and those of `COLUMNS` that are not blank in the table."""
    last = table[table.frames == table.frames.max()]
    present = [name for name in COLUMNS if name in table and table[name].notna().any()]
    return last.groupby("agent", sort=False)[["frames", *present]].mean().astype("float64")


def costs_table(table: pd.DataFrame) -> Markup:
    """A row per agent; a sentence where the scores came without costs."""
    costs = cost_means(table)
    if len(costs.columns) == 1:
        return element("p", "These scores came without what they cost.")
    written = {
        "parameters": ("parameters", _whole),
        "updates": ("updates", _whole),
        "training_flops": ("training FLOPs", power_of_ten),
        "cpu_seconds": ("processor time", duration),
        "wall_seconds": ("elapsed time", duration),
    }
    columns = [name for name in written if name in costs]
    return data_table(
        "Cost of a run",
        f"Means over seeds and games of a run to {costs.frames.max():,.0f} frames, its evaluation left out. FLOPs are "
        "the floating-point operations of the networks in acting, learning and searching again. Times depend on the "
        "machine.",
        ["agent", *(written[name][0] for name in columns)],
        [
            [agent_name(str(agent)), *(written[name][1](row[name]) for name in columns)]
            for agent, row in costs.iterrows()
        ],
    )


def _whole(value: float) -> str:
    return f"{value:,.0f}" if np.isfinite(value) and value > 0 else NONE
