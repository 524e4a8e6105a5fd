"""How wide the bars and bands around a mean over seeds are drawn."""

from __future__ import annotations

import pandas as pd
from scipy import stats

ENOUGH_SEEDS = 3  # for an interval; that of two seeds, 12.7 standard errors to either side, would hide the curves
SPREADS = {False: "± 1 standard error", True: "95\u00a0%\u00a0interval"}


def half_widths(curve: pd.DataFrame) -> pd.Series:
    """Of the rows of a `curve_table`: half of Student's t 95 % interval of the mean, or the standard error where fewer
    than `ENOUGH_SEEDS` seeds are there; NaN for one seed."""
    enough = curve.seeds >= ENOUGH_SEEDS
    factor = pd.Series(stats.t.ppf(0.975, curve.seeds.clip(lower=2) - 1), curve.index).where(enough, 1.0)
    return curve.standard_error * factor
