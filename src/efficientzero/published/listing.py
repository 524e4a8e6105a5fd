"""What has been published, at a glance."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from efficientzero.published.reported import board_game_frontier, efficientzero_value_errors, reported_aggregates
from efficientzero.published.scores import final_scores, minatar_scores, published_curves
from efficientzero.published.table_file import read_catalogue

_TABLES: list[Callable[[], pd.DataFrame]] = [
    final_scores, minatar_scores, reported_aggregates, board_game_frontier, efficientzero_value_errors
]  # fmt: skip
_LOADERS = {load.__name__: load for load in _TABLES}


def list_published() -> pd.DataFrame:
    """One row per table.

    Columns: name; loader (the function of `efficientzero.published` that reads it; `published_curves` takes the name);
    what; methods (the agents, separated by semicolons); games, budgets, seeds (Int64: how many there are; seeds the
    most of one agent and game; blank where a table has no such thing); source (the publications).
    """
    rows = []
    for name, entry in read_catalogue().iterrows():
        loader = str(entry["loader"])
        load = _LOADERS.get(loader)
        table = published_curves(str(name)) if loader == "published_curves" else load() if load else pd.DataFrame()
        rows.append(
            {
                "name": name,
                "loader": loader,
                "what": entry["what"],
                "methods": _joined(table, "agent"),
                "games": _distinct(table, "game"),
                "budgets": _distinct(table, "frames"),
                "seeds": _most_seeds(table),
                "source": _joined(table, "publication"),
            }
        )
    return pd.DataFrame(rows).astype({"games": "Int64", "budgets": "Int64", "seeds": "Int64"})


def _joined(table: pd.DataFrame, column: str) -> str:
    return "; ".join(table[column].unique()) if column in table else ""


def _distinct(table: pd.DataFrame, column: str) -> int | None:
    return table[column].nunique() if column in table else None


def _most_seeds(table: pd.DataFrame) -> int | None:
    if "seed" not in table:
        return None
    return int(table.groupby(["publication", "agent", "game"])["seed"].nunique().max())
