"""The tables of published figures in `data/published`: reading one, and checking it before anyone computes with it."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from efficientzero.games import UnknownGameError, find_game

FOLDER = Path(__file__).parents[3] / "data" / "published"
REMEDY = f"restore it with `git checkout -- {FOLDER}`"
Kind = Literal["str", "int64", "float64", "Int64"]
"""How a column is held; Int64 and float64 may be blank where the source is silent, the others never."""


class PublishedFiguresError(ValueError):
    """Published figures are missing or damaged, or there are none of that name; the message says what to do."""


def published_folder() -> Path:
    """The folder. Raises PublishedFiguresError where there is none: an installed package comes without it."""
    if not FOLDER.is_dir():
        raise PublishedFiguresError(
            f"{FOLDER}: the published figures are not there; they come with a clone of the repository and not with an "
            "installed package: install from a clone with `pip install -e .`"
        )
    return FOLDER


def read_catalogue() -> pd.DataFrame:
    """The loader (a function of `efficientzero.published`) and content (what) of every table, by its name."""
    columns: dict[str, Kind] = {"name": "str", "loader": "str", "what": "str"}
    return read_table("catalogue.csv", columns, ["name"]).set_index("name")


def read_table(
    path: str, columns: Mapping[str, Kind], key: Collection[str], known: Collection[str] = ()
) -> pd.DataFrame:
    """The table in the file `path` of the published folder, with exactly `columns`, as many rows as the file has.

    `key`: the columns that together name a row; `known`: number columns in which no row may be blank. A column game
    must hold names that `efficientzero.games.find_game` knows.

    Raises PublishedFiguresError: no such file, not a table, other columns, blanks, numbers that are none or infinite,
    two rows of one key, an unknown game.
    """
    file = published_folder() / path
    try:
        table = pd.read_csv(file, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise PublishedFiguresError(f"{file}: is not there; {REMEDY}") from None
    except (OSError, EOFError, zlib.error, ValueError):  # no gzip, cut short, or no table (pandas: ValueError)
        raise PublishedFiguresError(f"{file}: cannot be read as a table; {REMEDY}") from None
    if list(table.columns) != list(columns):
        raise PublishedFiguresError(
            f"{file}: has the columns {', '.join(table.columns)} and not {', '.join(columns)}; {REMEDY}"
        )
    if table.empty:
        raise PublishedFiguresError(f"{file}: has no rows; {REMEDY}")
    for name, kind in columns.items():
        blank = table[name] == ""
        if blank.any() and (kind in ("str", "int64") or name in known):
            raise PublishedFiguresError(f"{file}: the column {name} is blank in row {_first(blank)}; {REMEDY}")
        if kind != "str":
            table[name] = _numbers(table[name], blank, kind, f"{file}: the column {name}")
    twice = table.duplicated(list(key))
    if twice.any():
        row = table[twice].iloc[0]
        named = ", ".join(f"{name} {row[name]}" for name in key)
        raise PublishedFiguresError(f"{file}: has two rows of {named}; {REMEDY}")
    for game in table["game"].unique() if "game" in table else ():
        try:
            find_game(game)
        except UnknownGameError as error:
            raise PublishedFiguresError(f"{file}: {error} {REMEDY}") from None
    return table


def _numbers(text: pd.Series, blank: pd.Series, kind: Kind, where: str) -> pd.Series:
    numbers = pd.to_numeric(text.mask(blank), errors="coerce").astype("float64")
    wrong = ~blank & ~np.isfinite(numbers)
    if kind != "float64":
        wrong |= numbers.fillna(0) % 1 != 0
    if wrong.any():
        what = "a finite number" if kind == "float64" else "a whole number"
        raise PublishedFiguresError(
            f"{where} holds {text[wrong].iloc[0]!r} in row {_first(wrong)}, not {what}; {REMEDY}"
        )
    return numbers.astype(kind)


def _first(rows: pd.Series) -> int:
    """The row's line in the file."""
    return int(rows.to_numpy().argmax()) + 2
