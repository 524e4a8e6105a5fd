"""Scores of many agents, games, seeds and budgets as one array, on a scale from random play to a ceiling.

z = clip((score - random) / (ceiling - random), 0, 1): bounded, so that no single game rules the mean over games.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from efficientzero.scaling.curves.reference_scores import Ceiling, reference_scores
from efficientzero.scaling.curves.table_checks import check_cells, check_columns
from efficientzero.scaling.input_error import ScalingInputError

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
    games, agents = tuple(dict.fromkeys(table["game"])), tuple(dict.fromkeys(table["agent"]))
    references = {game: reference_scores(game, ceiling, constants or {}) for game in games}
    check_cells(table, agents, games)
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
