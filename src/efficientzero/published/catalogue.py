"""Which published figures there are."""

from __future__ import annotations

import pandas as pd

from efficientzero.published.table_file import Kind, read_table

COLUMNS: dict[str, Kind] = {"name": "str", "loader": "str", "what": "str"}


def read_catalogue() -> pd.DataFrame:
    """The loader (a function of `efficientzero.published`) and content of every table, by its name."""
    return read_table("catalogue.csv", COLUMNS, ["name"]).set_index("name")
