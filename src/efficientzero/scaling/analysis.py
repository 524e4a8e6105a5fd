"""The whole analysis of a table of scores: every figure that a report or a notebook shows, or why there is none.

One call puts the estimators of this package together: curves under both ceilings, their bootstrap under both
estimands, descriptive aggregates, and for the first agent against each other one the ratio of exponents, of frames, and
the verdict. What the data cannot give is a `Refused` in its place, and all else still comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from efficientzero.games import UnknownGameError, find_game
from efficientzero.scaling.curves import Curves, check_cells, check_columns, make_curves
from efficientzero.scaling.estimators.aggregates import Description, describe, mean_curves
from efficientzero.scaling.findings import Refusal, refusals, verdict_json
from efficientzero.scaling.flagged_games import flagged_games
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.pair import PairAnalysis, analyse_pair
from efficientzero.scaling.power_laws.extrapolation import FARTHEST, predict_score
from efficientzero.scaling.reference_scores import Ceiling, ceilings_of, reference_scores
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, Estimand, Interval, Resamples, weights

AHEAD = (2.0, FARTHEST)  # times the largest budget, where scores are predicted


class PredictedScore(NamedTuple):
    """The aggregate z of an agent at a budget of ALE frames above the largest one."""

    agent: str
    ceiling: Ceiling
    estimand: Estimand
    frames: float
    z: Interval | Refused


@dataclass(frozen=True)
class Analysis:
    """What a table of scores says about the scaling of its agents.

    `seeds`: the most that an agent has on a game. `frames`: float64 [budgets], ALE frames. `curves`: by ceiling.
    `mean_curves`: the mean of z over games with its interval; columns ceiling, estimand, agent, frames, estimate, low,
    high, standard_error (these three NaN where refused), refused (the reason, or ""); no rows under a refused ceiling.
    `description`: human-normalised aggregates. `pairs`: the first agent against each other one. `predictions`: scores
    at 2 and 4 times the largest budget. `warnings`: of games, sentences. `refusals`: all that was refused, each reason
    once.
    """

    agents: tuple[str, ...]
    games: tuple[str, ...]
    seeds: int
    frames: np.ndarray
    resamples: int
    seed: int
    curves: Mapping[Ceiling, Curves | Refused]
    mean_curves: pd.DataFrame
    description: Description | Refused
    pairs: tuple[PairAnalysis, ...]
    predictions: tuple[PredictedScore, ...]
    warnings: Mapping[str, tuple[str, ...]]
    refusals: tuple[Refusal, ...]

    @property
    def ceiling(self) -> Ceiling:
        """The ceiling of the headline: the first of `curves` (the human score, or in MinAtar the published one of
        DQN), or the other where only that is there."""
        there = (name for name, found in self.curves.items() if not isinstance(found, Refused))
        return next(there, next(iter(self.curves)))

    @property
    def estimand(self) -> Estimand:
        """The estimand of the headline."""
        return self.pairs[0].headline

    def pair(self, second: str) -> PairAnalysis:
        """The first agent against `second`. Raises ScalingInputError: there is no such pair."""
        for found in self.pairs:
            if found.second == second:
                return found
        known = ", ".join(found.second for found in self.pairs)
        raise ScalingInputError(f"agent: {self.agents[0]} was compared with {known}, not with {second!r}")

    def verdict_json(self) -> dict[str, Any]:
        """What is followed as a metric, as plain JSON values: of each pair the verdict, its reasons, the ratios."""
        return verdict_json(self)


def analyse(
    table: pd.DataFrame,
    *,
    resamples: int = 2000,
    seed: int = 0,
    constants: Mapping[str, tuple[float, float]] | None = None,
) -> Analysis:
    """Analyses a table with one row per game, agent, seed and budget.

    Args:
        table: with the columns game, agent, seed, frames (ALE frames) and score, as for `make_curves`; our own
            `score_table` and `efficientzero.published.published_curves` have them. The first agent is compared with
            each other one, in the order of their first rows.
        resamples: of the bootstrap, under each estimand. seed: of all randomness.
        constants: (random score, ceiling) of games that have none in the literature, or that shall have others.

    Raises ScalingInputError: fewer than two agents, a missing agent, game, seed and budget, the same one twice, a score
    that is not finite, an unknown game, mixed frame skips, wrong constants, fewer than 2 resamples, a seed that
    is no whole number from 0 on, Atari and MinAtar games together.
    """
    agents, games = _checked(table, resamples, seed, constants or {})
    curves = {ceiling: _curves(table, ceiling, constants) for ceiling in ceilings_of(games, constants or {})}
    # The same draws under both ceilings, so that results differ by the ceiling alone.
    resampled: dict[tuple[Ceiling, Estimand], Resamples | Refused] = {
        (ceiling, estimand): found
        if isinstance(found, Refused)
        else weights(found, estimand, resamples, np.random.default_rng([seed, number]))
        for ceiling, found in curves.items()
        for number, estimand in enumerate(ESTIMANDS)
    }
    seeds = table.groupby(["agent", "game"])["seed"].nunique()
    several = bool((seeds.groupby("agent").max() > 1).all())
    headline: Estimand = "games like these" if len(games) > 1 and not several else "these games"
    pairs = tuple(
        analyse_pair(curves, resampled, agents[0], other, headline, np.random.default_rng([seed, 2, number]))
        for number, other in enumerate(agents[1:])
    )
    frames = np.unique(table["frames"].to_numpy(np.float64))
    predictions = tuple(
        PredictedScore(agent, ceiling, estimand, ahead * frames[-1],
                       found if isinstance(found, Refused) else predict_score(found, drawn, agent, ahead * frames[-1]))
        for (ceiling, estimand), drawn in resampled.items()
        for found in [curves[ceiling]]
        for agent in agents
        for ahead in AHEAD
    )  # fmt: skip
    described = describe(curves, resampled)
    return Analysis(
        agents, games, int(seeds.max()), frames, resamples, seed, curves, mean_curves(curves, resampled),
        described, pairs, predictions, _warnings(curves),
        refusals(curves, described, pairs, predictions),
    )  # fmt: skip


def _warnings(curves: Mapping[Ceiling, Curves | Refused]) -> Mapping[str, tuple[str, ...]]:
    """Of games, under every ceiling; what does not depend on the ceiling is said once."""
    found: dict[str, dict[str, None]] = {}
    for each in curves.values():
        if not isinstance(each, Refused):
            for game, sentences in flagged_games(each).items():
                found.setdefault(game, {}).update(dict.fromkeys(sentences))
    return {game: tuple(sentences) for game, sentences in found.items()}


def _checked(
    table: pd.DataFrame, resamples: int, seed: int, constants: Mapping[str, tuple[float, float]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Agents and games, after everything that is wrong with the input rather than missing from the literature."""
    for name, value in (("resamples", resamples), ("seed", seed)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
            raise ScalingInputError(f"{name}: {value!r} is none; give a whole number that is not negative")
    if resamples < 2:
        raise ScalingInputError(f"resamples: {resamples} do not show a spread; take at least 2, better 2,000")
    if isinstance(table, pd.DataFrame) and "game" in table.columns:  # before their frame skips, which differ with them
        ceilings_of((game for game in table["game"].dropna().unique() if isinstance(game, str)), constants)
    check_columns(table)
    agents, games = tuple(dict.fromkeys(table["agent"])), tuple(dict.fromkeys(table["game"]))
    for game in (*games, *constants):
        try:
            find_game(game)
        except UnknownGameError as error:
            raise ScalingInputError(str(error)) from None
    for game in constants:
        reference_scores(game, "human", constants)
    check_cells(table, agents, games)
    return agents, games


def _curves(
    table: pd.DataFrame, ceiling: Ceiling, constants: Mapping[str, tuple[float, float]] | None
) -> Curves | Refused:
    try:
        return make_curves(table, ceiling, constants)
    except ScalingInputError as error:  # the table is sound: a game has no such ceiling
        return Refused(str(error))
