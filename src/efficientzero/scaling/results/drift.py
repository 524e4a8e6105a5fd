"""How far old search targets had drifted, by their age: means over runs of what the finishing branches wrote."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from efficientzero.scaling.results.milestone_tables import gathered, in_order, table_text
from efficientzero.scaling.results.result_file import ResultFileError

FIGURES = ["policy_distance", "value_difference"]
WRITTEN = ["age_from", "age_to", "positions", *FIGURES]
COLUMNS = ["agent", "env_steps", *WRITTEN[:2], "runs", "positions", *FIGURES]


class DriftFileError(ResultFileError):
    """A drift file is missing or damaged; the message names it and what to do."""


def read_drift(folder: Path, agents: Sequence[str], seeds: Sequence[int], budgets: Sequence[int]) -> pd.DataFrame:
    """One row per agent, budget and doubling bin of age (0, 1, 2-3, 4-7, ... updates), means over runs.

    Every run counts the same, however many positions it has in a bin. Columns: agent, env_steps, age_from, age_to (the
    least and greatest age seen, in updates), runs, positions (of all runs), policy_distance (total variation between
    the old and the new policy, in [0, 1]), value_difference (|new - old| of the root value). Agents that search
    nothing again have no rows.

    Raises DriftFileError: a file is missing or is not what a finishing branch writes.
    """
    rows = gathered(folder, agents, seeds, budgets, _read)
    if rows is None:
        return pd.DataFrame(columns=COLUMNS)
    rows["bin"] = np.where(rows.age_from > 0, np.floor(np.log2(rows.age_from.clip(lower=1))) + 1, 0)
    groups = rows.groupby(["agent", "env_steps", "bin"], sort=False)
    means = groups.agg(
        age_from=("age_from", "min"), age_to=("age_to", "max"), runs=("positions", "count"),
        positions=("positions", "sum"), **{name: (name, "mean") for name in FIGURES},
    ).reset_index()  # fmt: skip
    return in_order(means, agents, ["agent", "env_steps", "bin"])[COLUMNS]


def _read(path: Path) -> pd.DataFrame:
    text = table_text(path, DriftFileError)
    if not text.strip():
        return pd.DataFrame(columns=WRITTEN)
    try:
        table = pd.read_csv(StringIO(text), dtype=np.float64)[WRITTEN]
        whole = bool(np.isfinite(table.to_numpy()).all() and len(table) and (table.positions > 0).all())
    except (ValueError, KeyError):
        whole = False
    if not whole:
        raise DriftFileError(f"{path}: damaged, or not a table of drift; delete it and run `dvc repro`")
    return table.astype(dict.fromkeys(WRITTEN[:3], "int64"))
