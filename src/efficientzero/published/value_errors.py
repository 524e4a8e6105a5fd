"""EfficientZero's ablation of its correction of value targets for stale data (Ye et al. 2021, Tables 4 and 5)."""

from __future__ import annotations

import pandas as pd

from efficientzero.published.table_file import Kind, read_table

COLUMNS: dict[str, Kind] = {
    "game": "str", "agent": "str", "states": "str", "frames": "Int64", "value_error": "float64", "publication": "str",
    "source": "str",
}  # fmt: skip


def efficientzero_value_errors() -> pd.DataFrame:
    """Mean absolute error of value targets in UpNDown, with and without the correction.

    Columns: game, agent; states (which states the mean is over); frames (Int64, ALE frames by which the trajectories
    were played; blank for a mean over all of them); value_error (float64, in the paper's units of value);
    publication; source.
    """
    return read_table("efficientzero_value_errors.csv.gz", COLUMNS, ["agent", "states", "frames"], ("value_error",))
