"""The board-game frontier of Jones 2021, Scaling Scaling Laws with Board Games (arXiv:2104.03113)."""

from __future__ import annotations

import pandas as pd

from efficientzero.published.table_file import Kind, read_table

COLUMNS: dict[str, Kind] = {
    "board_size": "int64", "training_flops": "float64", "elo": "float64", "publication": "str", "source": "str",
}  # fmt: skip


def board_game_frontier() -> pd.DataFrame:
    """The best play of AlphaZero agents on Hex at each amount of training compute: 101 points for each of 7 boards.

    Columns: board_size (int64, 3 to 9); training_flops (float64, floating-point operations spent on training, evenly
    spaced in the logarithm); elo (float64, 0 is perfect play); publication; source.
    """
    known = ("training_flops", "elo")
    return read_table("board_game_frontier.csv.gz", COLUMNS, ["board_size", "training_flops"], known)
