"""The aggregate curves with their intervals: the mean of z over games, which all of the analysis rests on.

Estimator: estimate +- t x inflated bootstrap standard deviation (`bootstrap.interval`), cut to [0, 1].
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from efficientzero.scaling.curves.bootstrap import Estimand, Resamples
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.curves.reference_scores import Ceiling
from efficientzero.scaling.estimates.human_normalised import SHARE, interval_columns
from efficientzero.scaling.refused import Refused

COLUMNS = ["ceiling", "estimand", "agent", "frames", "estimate", "low", "high", "standard_error", "refused"]


def mean_curves(
    curves: Mapping[Ceiling, Curves | Refused],
    resampled: Mapping[tuple[Ceiling, Estimand], Resamples | Refused],
    confidence: float = 0.95,
) -> pd.DataFrame:
    """One row per ceiling, estimand, agent and budget, with `COLUMNS`; none under a refused ceiling."""
    rows: list[dict[str, object]] = []
    for (ceiling, estimand), drawn in resampled.items():
        found = curves[ceiling]
        if isinstance(found, Refused):
            continue
        aggregate = found.aggregate
        for number, agent in enumerate(found.agents):
            for budget, frames in enumerate(found.frames):
                many = aggregate[:0, 0] if isinstance(drawn, Refused) else drawn.aggregate[:, number, budget]
                columns = interval_columns(float(aggregate[number, budget]), many, drawn, confidence, SHARE)
                rows.append({"ceiling": ceiling, "estimand": estimand, "agent": agent, "frames": frames, **columns})
    return pd.DataFrame(rows, columns=COLUMNS)
