"""Human-normalised aggregates, as description beside the scaling analysis.

Estimators (Agarwal et al. 2021, arXiv:2108.13264; the package rliable): mean and median over games of each game's mean
over seeds; interquartile mean over runs; performance profile: the share of runs above a threshold, mean over games;
share of games with a mean above the human score. Intervals are those of `bootstrap`, where rliable takes percentiles,
which are too narrow for few seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from efficientzero.scaling.curves.bootstrap import Resamples
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.estimates import counted
from efficientzero.scaling.estimates.human_normalised import (
    ANY,
    SHARE,
    game_counts,
    human_normalised_scores,
    interval_columns,
    run_counts,
)
from efficientzero.scaling.refused import Refused

Floats = NDArray[np.float64]
# Of an agent's runs [games, seeds] at a budget, and how often each counts [resamples, games, seeds]: [resamples].
Statistic = Callable[[Floats, Floats], Floats]

THRESHOLDS = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0)


def aggregate_table(curves: Curves, resampled: Resamples | Refused, confidence: float = 0.95) -> pd.DataFrame:
    """One row per agent, budget and statistic, of human-normalised scores.

    Columns: agent, frames, statistic (mean, median, interquartile_mean, share_above_human), estimate, low, high,
    standard_error (these three NaN where refused), refused (the reason, or ""). Raises ScalingInputError for games
    without human scores and for episodes that were cut.
    """
    statistics = {
        "mean": (_mean, ANY),
        "median": (_median, ANY),
        "interquartile_mean": (_interquartile_mean, ANY),
        "share_above_human": (_share_above_human, SHARE),
    }
    return _table(curves, resampled, "statistic", statistics, confidence)


def performance_profile(
    curves: Curves,
    resampled: Resamples | Refused,
    thresholds: Sequence[float] = THRESHOLDS,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """The share of runs whose human-normalised score is above each threshold, every game weighing the same.

    Columns: as `aggregate_table`, with threshold in the place of statistic. Raises the same.
    """
    statistics = {float(threshold): (_share_above(float(threshold)), SHARE) for threshold in thresholds}
    return _table(curves, resampled, "threshold", statistics, confidence)


def _table(
    curves: Curves,
    resampled: Resamples | Refused,
    column: str,
    statistics: Mapping[Any, tuple[Statistic, tuple[float, float]]],
    confidence: float,
) -> pd.DataFrame:
    scores = human_normalised_scores(curves)
    counts = None if isinstance(resampled, Refused) else run_counts(curves, resampled)
    records: list[dict[str, object]] = []
    for row, agent in enumerate(curves.agents):
        once = curves.present[None, row].astype(np.float64)
        for budget, frames in enumerate(curves.frames):
            runs = scores[row, ..., budget]
            for label, (statistic, bounds) in statistics.items():
                many = np.empty(0) if counts is None else statistic(runs, counts[:, row])
                columns = interval_columns(float(statistic(runs, once)[0]), many, resampled, confidence, bounds)
                records.append({"agent": agent, "frames": frames, column: label, **columns})
    return pd.DataFrame(records)


def _game_means(runs: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """[resamples, games]: the mean over seeds of each game (0 if it was not drawn), and how often it was drawn."""
    sums = np.einsum("gs,rgs->rg", np.nan_to_num(runs), counts)
    return sums / np.maximum(counts.sum(-1), 1), game_counts(counts, np.isfinite(runs).sum(-1))


def _mean(runs: Floats, counts: Floats) -> Floats:
    means, drawn = _game_means(runs, counts)
    return (means * drawn).sum(-1) / drawn.sum(-1)


def _median(runs: Floats, counts: Floats) -> Floats:
    return counted.median(*_game_means(runs, counts))


def _interquartile_mean(runs: Floats, counts: Floats) -> Floats:
    return counted.interquartile_mean(np.nan_to_num(runs).reshape(-1), counts.reshape(len(counts), -1))


def _share_above_human(runs: Floats, counts: Floats) -> Floats:
    means, drawn = _game_means(runs, counts)
    return ((means > 1) * drawn).sum(-1) / drawn.sum(-1)


def _share_above(threshold: float) -> Statistic:
    return lambda runs, counts: _mean(np.where(np.isnan(runs), np.nan, runs > threshold), counts)
