"""Whether a table of scores holds every agent, game, seed and budget exactly once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from efficientzero.scaling.input_error import ScalingInputError

CELL = ["agent", "game", "seed", "frames"]
LARGEST = 1e15  # no game gives such a score, and squares of larger ones are lost


def check_columns(table: pd.DataFrame) -> None:
    """That the columns are there, with agents, games, seeds and frames in every row, and at least two agents.

    Raises ScalingInputError.
    """
    if not isinstance(table, pd.DataFrame):
        raise ScalingInputError(
            f"the scores must be a pandas DataFrame with the columns game, agent, seed, frames and score, not a "
            f"{type(table).__name__}"
        )
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise ScalingInputError(f"the table of scores has two columns {twice[0]}; drop or rename one of them")
    missing = [column for column in (*CELL, "score") if column not in table]
    if missing:
        raise ScalingInputError(
            f"the table of scores has no column {' and no column '.join(missing)}; it needs game, agent, seed, frames "
            "and score"
        )
    if table.empty:
        raise ScalingInputError("the table of scores is empty; evaluate the agents first")
    blank = table[CELL].isna().any()
    if blank.any():
        raise ScalingInputError(
            f"the table of scores has blanks in its column {blank.idxmax()}; fill or drop those rows"
        )
    for column in ("agent", "game"):
        unnamed = [value for value in table[column].unique() if not isinstance(value, str)]
        if unnamed:
            raise ScalingInputError(
                f"{column}: {_plain(unnamed[0])!r} is no name; write the name of the {column} as text"
            )
    numbered = table["seed"].map(lambda seed: isinstance(seed, int | float | str | np.number))
    if not numbered.all():
        raise ScalingInputError(
            f"seed: {table['seed'][~numbered].iloc[0]!r} is none; write each seed as a whole number"
        )
    check_numbers(table, "frames")
    frames = pd.to_numeric(table["frames"], errors="coerce").to_numpy(np.float64)
    bad = ~(np.isfinite(frames) & (frames > 0))
    if bad.any():
        raise ScalingInputError(
            f"{_named(table[bad])}: a budget must be a number of frames above 0; leave such rows out (those of the "
            "random policy have 0)"
        )
    agents = table["agent"].unique()
    if len(agents) < 2:
        raise ScalingInputError(f"there are only curves of {agents[0]}; a comparison needs at least two agents")
    if "frame_skip" in table and table["frame_skip"].nunique(dropna=False) > 1:
        skips = table.groupby("agent", sort=False)["frame_skip"].unique()
        listed = "; ".join(f"{agent}: {', '.join(str(skip) for skip in values)}" for agent, values in skips.items())
        raise ScalingInputError(f"the frame skips differ ({listed}); compare agents that act equally often")


def check_numbers(rows: pd.DataFrame, column: str) -> None:
    """That a column holds numbers: text that looks like one may have been written with other separators.

    Raises ScalingInputError.
    """
    if not pd.api.types.is_numeric_dtype(rows[column]) or pd.api.types.is_bool_dtype(rows[column]):
        wrong = rows[column].map(lambda value: isinstance(value, str | bytes | bool | np.bool_ | complex))
        if wrong.any():
            raise ScalingInputError(
                f"{_named(rows[wrong])}: {column} holds {_plain(rows[column][wrong].iloc[0])!r}, which is no "
                "number; read the table with numbers in that column"
            )


def check_cells(rows: pd.DataFrame, agents: Sequence[str], games: Sequence[str]) -> None:
    """That every score is finite and none is missing or there twice; every seed has every budget.

    Raises ScalingInputError that names the first offending agent, game, seed and budget.
    """
    check_numbers(rows, "score")
    scores = pd.to_numeric(rows["score"], errors="coerce").to_numpy(np.float64)
    bad = ~(np.abs(scores) <= LARGEST)
    if bad.any():
        raise ScalingInputError(f"{_named(rows[bad])}: its score is not a finite number; evaluate it again")
    twice = rows.duplicated(CELL)
    if twice.any():
        raise ScalingInputError(f"{_named(rows[twice])}: it stands twice in the table of scores; drop one of the two")
    have = set(zip(rows["agent"], rows["game"], strict=True))
    for agent in agents:
        for game in games:
            if (agent, game) not in have:
                raise ScalingInputError(
                    f"agent {agent} has no scores on {game}, which others have; evaluate it there or leave {game} out"
                )
    budgets = rows["frames"].nunique()
    counts = rows.groupby(["agent", "game", "seed"], sort=False)["frames"].nunique()
    short = counts[counts < budgets]
    if len(short):
        agent, game, seed = short.index[0]
        own = rows[(rows["agent"] == agent) & (rows["game"] == game) & (rows["seed"] == seed)]["frames"]
        lacking = min(set(rows["frames"]) - set(own))
        raise ScalingInputError(
            f"agent {agent}, game {game}, seed {seed} has no score at {lacking:,.0f} frames, where others do; "
            "evaluate it there or leave that seed or budget out"
        )


def _plain(value: object) -> object:
    """A NumPy number as Python's, which is written without its type."""
    return value.item() if isinstance(value, np.generic) else value


def _named(rows: pd.DataFrame) -> str:
    row = rows.iloc[0]
    frames = f"{row['frames']:,.0f}" if isinstance(row["frames"], int | float | np.number) else repr(row["frames"])
    return f"agent {row['agent']}, game {row['game']}, seed {row['seed']}, {frames} frames"
