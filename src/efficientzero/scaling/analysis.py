"""The whole analysis of a table of scores: every figure that a report or a notebook shows, or why there is none.

One call puts the estimators of this package together: curves under both ceilings, their bootstrap under both
estimands, descriptive aggregates, and for the first agent against each other one the ratio of exponents, of frames, and
the verdict. What the data cannot give has its reason in its place, and all else still comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import floor, log10
from typing import Any

import numpy as np
import pandas as pd

from efficientzero.games import UnknownGameError, find_game
from efficientzero.scaling.curves import Curves, check_cells, check_columns, place_curves
from efficientzero.scaling.estimators.aggregates import human_normalised, mean_curves
from efficientzero.scaling.findings import (
    EXPONENT,
    PREDICTED,
    Finding,
    Findings,
    Place,
    Refusal,
    aggregate_findings,
    aggregates_table,
    finding,
    refusals,
)
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.pair import ByCeiling, Drawn, PairAnalysis, analyse_pair
from efficientzero.scaling.power_laws.extrapolation import FARTHEST, predict_score
from efficientzero.scaling.reference_scores import Ceiling, ceilings_of, reference_scores
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, Estimand, Interval, Resamples, weights
from efficientzero.scaling.words.warnings import flagged_games

AHEAD = (2.0, FARTHEST)  # times the largest budget, where scores are predicted
SCHEMA_VERSION = 1
DIGITS = 6  # significant ones: what follows may differ from one machine to another


@dataclass(frozen=True)
class Analysis:
    """What a table of scores says about the scaling of its agents.

    `seeds`: the most that an agent has on a game. `frames`: float64 [budgets], ALE frames. `curves`: by ceiling.
    `findings`: all numbers, and why there are none. `pairs`: the first agent against each other one. `warnings`: of
    games, sentences.
    """

    agents: tuple[str, ...]
    games: tuple[str, ...]
    seeds: int
    frames: np.ndarray
    resamples: int
    seed: int
    curves: Mapping[Ceiling, Curves | Refused]
    findings: Findings
    pairs: tuple[PairAnalysis, ...]
    warnings: Mapping[str, tuple[str, ...]]

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

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        """All that was refused, each reason once."""
        return refusals(self.findings)

    @cached_property
    def aggregates(self) -> pd.DataFrame:
        """The mean of z and the statistics of human-normalised scores, as `findings.aggregates_table`; of the latter
        none where a game has no human score or its episodes were cut."""
        return aggregates_table(self)

    def pair(self, second: str) -> PairAnalysis:
        """The first agent against `second`. Raises ScalingInputError: there is no such pair."""
        for found in self.pairs:
            if found.second == second:
                return found
        known = ", ".join(found.second for found in self.pairs)
        raise ScalingInputError(f"agent: {self.agents[0]} was compared with {known}, not with {second!r}")

    def place(self, second: str, ceiling: str = "", estimand: str = "") -> Place:
        """Where the findings about the first agent against `second` are; the headline's unless said."""
        return Place(self.agents[0], second, ceiling or self.ceiling, estimand or self.estimand)

    def verdict_json(self) -> dict[str, Any]:
        """What is followed as a metric, as plain JSON values: of each pair, by its second agent, the verdict, its
        reasons, and the ratio of exponents without a formula.

        A refused ratio is left out, with its reason in its place, so that a metric is a number or not there.
        """
        pairs: dict[str, Any] = {}
        for pair in self.pairs:
            ratio = self.findings[self.place(pair.second), EXPONENT + "transform-free"]
            figures = (
                {"exponent_ratio_refused": ratio.reason}
                if ratio.refused
                else {"exponent_ratio": rounded(ratio.estimate), "low": rounded(ratio.low), "high": rounded(ratio.high)}
            )
            said = {"verdict": pair.word, "estimand": pair.headline, "ceiling": self.ceiling}
            pairs[pair.second] = {**said, **figures, "reason": "; ".join(pair.reasons)}
        return {"schema_version": SCHEMA_VERSION, "first": self.agents[0], "against": pairs}


def without_analysis(first: str, refused: Refused) -> dict[str, Any]:
    """`Analysis.verdict_json` where there is nothing to compare."""
    return {"schema_version": SCHEMA_VERSION, "first": first, "against": {}, "reason": refused.reason}


def rounded(value: float) -> float:
    """To `DIGITS` significant digits."""
    return round(value, max(0, DIGITS - 1 - floor(log10(abs(value))))) if value else value


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
    rows = [*_refused_curves(curves), *_aggregates(curves, resampled)]
    pairs = []
    for number, second in enumerate(agents[1:]):
        random = np.random.default_rng([seed, 2, number])
        pair, found = analyse_pair(curves, resampled, (agents[0], second), headline, random)
        pairs.append(pair)
        rows += found
    rows += _predictions(curves, resampled, table)
    frames = np.unique(table["frames"].to_numpy(np.float64))
    most, findings, flagged = int(seeds.max()), Findings(rows), _warnings(curves)
    return Analysis(agents, games, most, frames, resamples, seed, curves, findings, tuple(pairs), flagged)


def _refused_curves(curves: ByCeiling) -> Iterator[Finding]:
    for ceiling, found in curves.items():
        if isinstance(found, Refused):
            yield finding(Place(ceiling=ceiling), "curves", found)


def _aggregates(curves: ByCeiling, resampled: Drawn) -> Iterator[Finding]:
    """The mean of z under each ceiling, then human-normalised scores, to which the ceiling makes no difference."""
    there = {ceiling: found for ceiling, found in curves.items() if isinstance(found, Curves)}
    for (ceiling, estimand), drawn in resampled.items():
        if ceiling in there:
            yield from aggregate_findings(mean_curves(there[ceiling], drawn), Place(ceiling=ceiling, estimand=estimand))
    try:
        for ceiling, found in list(there.items())[:1]:
            for estimand in ESTIMANDS:
                aggregates = human_normalised(found, resampled[ceiling, estimand])
                yield from aggregate_findings(aggregates, Place(estimand=estimand))
    except ScalingInputError as error:
        yield finding(Place(), "human-normalised", Refused(str(error)))
    if not there:
        refused = next(found for found in curves.values() if isinstance(found, Refused))
        yield finding(Place(), "human-normalised", refused)


def _predictions(by_ceiling: ByCeiling, resampled: Drawn, table: pd.DataFrame) -> Iterator[Finding]:
    """The mean of z of every agent at budgets above the largest one."""
    for ((ceiling, estimand), drawn), agent, ahead in product(resampled.items(), dict.fromkeys(table["agent"]), AHEAD):
        frames, curves = ahead * float(table["frames"].max()), by_ceiling[ceiling]
        if isinstance(drawn, Refused):
            predicted: Interval | Refused = drawn
        else:
            assert isinstance(curves, Curves)  # which the resamples are of
            predicted = predict_score(curves, drawn, agent, frames)
        yield finding(Place(agent, "", ceiling, estimand), PREDICTED, predicted, frames)


def _warnings(curves: ByCeiling) -> Mapping[str, tuple[str, ...]]:
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
    check_cells(table)
    return agents, games


def _curves(
    table: pd.DataFrame, ceiling: Ceiling, constants: Mapping[str, tuple[float, float]] | None
) -> Curves | Refused:
    try:
        return place_curves(table, ceiling, constants)
    except ScalingInputError as error:  # the table is sound: a game has no such ceiling
        return Refused(str(error))
