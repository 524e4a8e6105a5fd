"""The probability that one agent's run scores higher than another's on the same game.

Estimator: the mean over games of the Mann-Whitney statistic, a tie counting half (Agarwal et al. 2021,
arXiv:2108.13264, "probability of improvement").
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from efficientzero.scaling.curves.bootstrap import Resamples
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.estimates.human_normalised import (
    SHARE,
    game_counts,
    human_normalised_scores,
    interval_columns,
    run_counts,
)
from efficientzero.scaling.refused import Refused

Floats = NDArray[np.float64]


def probability_of_improvement(
    curves: Curves, resampled: Resamples | Refused, first: str, second: str, confidence: float = 0.95
) -> pd.DataFrame:
    """That a run of `first` scores higher than one of `second`, on a game drawn at random.

    One row per budget; columns frames, estimate, low, high, standard_error (these three NaN where refused), refused
    (the reason, or ""). Raises ScalingInputError for an unknown agent and as `human_normalised_scores` does.
    """
    curves.select(agents=(first, second))  # complains of unknown agents
    rows = [curves.agents.index(agent) for agent in (first, second)]
    scores = human_normalised_scores(curves)[rows]
    seeds = curves.seeds[rows]
    once = curves.present[None, rows].astype(np.float64)
    counts = None if isinstance(resampled, Refused) else run_counts(curves, resampled)[:, rows]
    records: list[dict[str, object]] = []
    for budget, frames in enumerate(curves.frames):
        better = np.sign(scores[0, :, :, None, budget] - scores[1, :, None, :, budget])
        wins = np.nan_to_num((1 + better) / 2)
        many = np.empty(0) if counts is None else _mean_of_wins(wins, counts, seeds)
        estimate = float(_mean_of_wins(wins, once, seeds)[0])
        records.append({"frames": frames, **interval_columns(estimate, many, resampled, confidence, SHARE)})
    return pd.DataFrame(records)


def _mean_of_wins(wins: Floats, counts: Floats, seeds: NDArray[np.int64]) -> Floats:
    """[resamples], from wins [games, seeds of the first, of the second] and counts [resamples, 2, games, seeds]."""
    first, second = counts[:, 0], counts[:, 1]
    won = ((first[..., None] * wins).sum(2) * second).sum(-1)
    pairs = np.maximum(first.sum(-1) * second.sum(-1), 1)
    drawn = game_counts(first, seeds[0])
    return (won / pairs * drawn).sum(-1) / drawn.sum(-1)
