"""Scores of many agents, games, seeds and budgets as one array, on a scale from random play to a ceiling.

z = clip((score - random) / (ceiling - random), 0, 1): bounded, so that no single game rules the mean over games. A
table is checked once, whole, before anything is made of it: it holds every agent, game, seed and budget exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.reference_scores import Ceiling, reference_scores

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """Learning curves of every agent on every game.

    `frames`: float64 [budgets], increasing, in ALE frames (env steps x frame skip). `z`: float64 [agents, games, seeds,
    budgets] in [0, 1]. `human_normalised`: the same shape, (score - random) / (human - random), unclipped; NaN for a
    game without a human score and where episodes were cut. Seeds are left-aligned: an agent with fewer of them on a
    game than the most has NaN at the end, and a seed has all budgets or none.
    """

    agents: tuple[str, ...]
    games: tuple[str, ...]
    frames: Floats
    z: Floats
    ceiling: Ceiling
    human_normalised: Floats

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """[agents, games, seeds]: which seeds there are."""
        return np.isfinite(self.z[..., 0])

    @cached_property
    def seeds(self) -> NDArray[np.int64]:
        """[agents, games]: how many seeds there are."""
        return self.present.sum(-1, dtype=np.int64)

    @cached_property
    def aggregate(self) -> Floats:
        """[agents, budgets]: the mean over games of the mean over seeds of z."""
        return np.nanmean(self.z, axis=2).mean(1)

    def select(self, agents: Sequence[str] | None = None, budgets: Sequence[int] | slice | None = None) -> Curves:
        """The curves of some agents, in the order given, at some budgets (positions in `frames`)."""
        selected = self
        if agents is not None:
            missing = [agent for agent in agents if agent not in self.agents]
            if missing:
                raise ScalingInputError(
                    f"agent: there are no curves of {', '.join(map(repr, missing))}; there are those of "
                    f"{', '.join(self.agents)}"
                )
            rows = [self.agents.index(agent) for agent in agents]
            selected = replace(
                selected, agents=tuple(agents), z=self.z[rows], human_normalised=self.human_normalised[rows]
            )
        if budgets is not None:
            picked = budgets if isinstance(budgets, slice) else list(budgets)
            selected = replace(
                selected,
                frames=selected.frames[picked],
                z=selected.z[..., picked],
                human_normalised=selected.human_normalised[..., picked],
            )
        return selected


def make_curves(
    table: pd.DataFrame,
    ceiling: Ceiling,
    constants: Mapping[str, tuple[float, float]] | None = None,
) -> Curves:
    """The curves of a table with one row per game, agent, seed and budget.

    Args:
        table: with the columns game, agent, seed, frames (ALE frames, above 0) and score (mean unclipped return of an
            episode). frame_skip, if there, must be one and the same; max_env_steps, if not blank, says that episodes
            were cut. Agents and games keep the order of their first rows.
        ceiling: "human": the human score, or "best": the best known score; of MinAtar's games "published DQN": the
            published score of DQN, or "best published": the best published one of an agent.
        constants: (random score, ceiling) of games that have none in the literature, or that shall have others.

    Raises ScalingInputError: columns missing, fewer than two agents, a missing agent, game, seed and budget, the same
    one twice, a score that is not finite, an unknown game, a game without a ceiling, mixed frame skips. A single seed
    or budget is no error: the estimators refuse what it cannot give.
    """
    check_columns(table)
    for game in dict.fromkeys(table["game"]):
        reference_scores(game, ceiling, constants or {})
    check_cells(table)
    return place_curves(table, ceiling, constants)


def place_curves(
    table: pd.DataFrame, ceiling: Ceiling, constants: Mapping[str, tuple[float, float]] | None = None
) -> Curves:
    """As `make_curves`, of a table that is checked; raises ScalingInputError for a game without a ceiling."""
    games, agents = tuple(dict.fromkeys(table["game"])), tuple(dict.fromkeys(table["agent"]))
    references = {game: reference_scores(game, ceiling, constants or {}) for game in games}
    frames = np.unique(table["frames"].to_numpy(np.float64))

    # Seeds are numbered from 0 within agent and game, in ascending order.
    rank = table.groupby(["agent", "game"])["seed"].rank(method="dense").to_numpy(np.int64) - 1
    place = (
        pd.Categorical(table["agent"], categories=agents).codes,
        pd.Categorical(table["game"], categories=games).codes,
        rank,
        np.searchsorted(frames, table["frames"].to_numpy(np.float64)),
    )
    scores = np.full((len(agents), len(games), int(rank.max()) + 1, len(frames)), np.nan)
    scores[place] = table["score"].to_numpy(np.float64)

    low, high, human, literature = (
        np.array([getattr(references[game], field) for game in games])[:, None, None]
        for field in ("random", "ceiling", "human", "literature_random")
    )
    whole = np.ones(scores.shape, bool)
    if "max_env_steps" in table:
        whole[place] = table["max_env_steps"].isna().to_numpy()
    return Curves(
        agents=agents,
        games=games,
        frames=frames,
        z=np.clip((scores - low) / (high - low), 0.0, 1.0),
        ceiling=ceiling,
        human_normalised=np.where(whole, (scores - literature) / (human - literature), np.nan),
    )


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


def check_cells(rows: pd.DataFrame) -> None:
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
    for agent in rows["agent"].unique():
        for game in rows["game"].unique():
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
