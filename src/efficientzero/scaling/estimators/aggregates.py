"""Aggregates over games with their intervals: the mean of z, which all of the analysis rests on, and description.

Estimators of human-normalised scores (Agarwal et al. 2021, arXiv:2108.13264; the package rliable): mean and median over
games of each game's mean over seeds; interquartile mean over runs; share of games with a mean above the human score.
Intervals are estimate +- t x inflated bootstrap standard deviation (`Resamples.interval`), cut to the values that a
statistic can take; rliable takes percentiles, which are too narrow for few seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, Resamples

ANY, SHARE = (-np.inf, np.inf), (0.0, 1.0)  # the values that a statistic may take
TRIM = 0.25

Floats = NDArray[np.float64]
# Of an agent's runs [games, seeds] at a budget, and how often each counts [resamples, games, seeds]: [resamples].
Statistic = Callable[[Floats, Floats], Floats]


class Aggregate(NamedTuple):
    """A statistic of all games of an agent at a budget of ALE frames; the estimate is there where its interval is
    refused."""

    agent: str
    frames: float
    statistic: str
    estimate: float
    interval: Interval | Refused


def mean_curves(curves: Curves, resampled: Resamples | Refused) -> Iterator[Aggregate]:
    """The mean over games of z, of every agent and budget."""
    for row, agent in enumerate(curves.agents):
        for budget, frames in enumerate(curves.frames):
            many = np.empty(0) if isinstance(resampled, Refused) else resampled.aggregate[:, row, budget]
            estimate = float(curves.aggregate[row, budget])
            yield Aggregate(agent, frames, "mean_z", estimate, _within(SHARE, estimate, many, resampled))


def human_normalised(curves: Curves, resampled: Resamples | Refused) -> Iterator[Aggregate]:
    """`STATISTICS` of the human-normalised scores of every agent and budget.

    Raises ScalingInputError for games without human scores and for episodes that were cut.
    """
    scores = human_normalised_scores(curves)
    counts = None if isinstance(resampled, Refused) else run_counts(curves, resampled)
    for row, agent in enumerate(curves.agents):
        once = curves.present[None, row].astype(np.float64)
        for budget, frames in enumerate(curves.frames):
            runs = scores[row, ..., budget]
            for name, (statistic, bounds) in STATISTICS.items():
                many = np.empty(0) if counts is None else statistic(runs, counts[:, row])
                estimate = float(statistic(runs, once)[0])
                yield Aggregate(agent, frames, name, estimate, _within(bounds, estimate, many, resampled))


def human_normalised_scores(curves: Curves) -> Floats:
    """float64 [agents, games, seeds, budgets]; NaN only for seeds that an agent does not have.

    Raises ScalingInputError for a game without a human score, or whose episodes were cut.
    """
    missing = np.isnan(curves.human_normalised).any(-1) & curves.present
    if missing.any():
        game = curves.games[int(missing.any((0, 2)).argmax())]
        raise ScalingInputError(
            f"{game} has no human-normalised scores: the literature has none for it, or its episodes were cut; leave "
            "it out of this table"
        )
    return curves.human_normalised


def run_counts(curves: Curves, resampled: Resamples) -> Floats:
    """float64 [resamples, agents, games, seeds]: how often every run was drawn, whole numbers."""
    return np.rint(resampled.weights * (curves.seeds[:, :, None] * len(curves.games)))


def _within(
    bounds: tuple[float, float], estimate: float, many: Floats, resampled: Resamples | Refused
) -> Interval | Refused:
    """The interval of a statistic, cut to the values that it can take; `many`: in each resample."""
    found = resampled if isinstance(resampled, Refused) else resampled.interval(estimate, many)
    if isinstance(found, Refused):
        return found
    return replace(found, low=max(found.low, bounds[0]), high=min(found.high, bounds[1]))


def _game_means(runs: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """[resamples, games]: the mean over seeds of each game (0 if it was not drawn), and how often it was drawn; the
    draws of seeds within a game always sum to as many as it has."""
    sums = np.einsum("gs,rgs->rg", np.nan_to_num(runs), counts)
    return sums / np.maximum(counts.sum(-1), 1), counts.sum(-1) / np.isfinite(runs).sum(-1)


def _mean(runs: Floats, counts: Floats) -> Floats:
    means, drawn = _game_means(runs, counts)
    return (means * drawn).sum(-1) / drawn.sum(-1)


def _share_above_human(runs: Floats, counts: Floats) -> Floats:
    means, drawn = _game_means(runs, counts)
    return ((means > 1) * drawn).sum(-1) / drawn.sum(-1)


def _median(runs: Floats, counts: Floats) -> Floats:
    return median(*_game_means(runs, counts))


def _interquartile_mean(runs: Floats, counts: Floats) -> Floats:
    return interquartile_mean(np.nan_to_num(runs).reshape(-1), counts.reshape(len(counts), -1))


STATISTICS: dict[str, tuple[Statistic, tuple[float, float]]] = {
    "mean": (_mean, ANY),
    "median": (_median, ANY),
    "interquartile_mean": (_interquartile_mean, ANY),
    "share_above_human": (_share_above_human, SHARE),
}


def interquartile_mean(values: Floats, counts: Floats) -> Floats:
    """The mean of what is left after a quarter of the values, rounded down, is cut at either end; float64 [...].

    That is rliable's IQM, `scipy.stats.trim_mean(values, 0.25)`. With whole counts it equals the statistic of the list
    in which every value stands that often.

    Args:
        values: float64 [n] or [..., n], finite where they count. counts: float64 [..., n], whole.
    """
    values, ends = _in_order(values, counts)
    total = ends[..., -1:]
    cut = np.floor(TRIM * total)
    kept = np.diff(np.clip(ends, cut, total - cut), axis=-1, prepend=cut)
    return (kept * np.where(kept > 0, values, 0.0)).sum(-1) / kept.sum(-1)


def median(values: Floats, counts: Floats) -> Floats:
    """The median, of an even number of values the mean of the middle two; arguments as for `interquartile_mean`."""
    values, ends = _in_order(values, counts)
    total = ends[..., -1:]
    low, high = (np.argmax(ends > place, axis=-1)[..., None] for place in ((total - 1) // 2, total // 2))
    return (np.take_along_axis(values, low, -1) + np.take_along_axis(values, high, -1))[..., 0] / 2


def _in_order(values: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """The values, ascending, and how many there are up to each of them."""
    values, counts = np.broadcast_arrays(values, counts)
    order = np.argsort(values, axis=-1)
    return np.take_along_axis(values, order, -1), np.cumsum(np.take_along_axis(counts, order, -1), -1)
