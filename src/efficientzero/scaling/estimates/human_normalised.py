"""What the statistics of human-normalised scores share: checked scores, whole counts of the draws, a table's row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves.bootstrap import Resamples, interval
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused

Floats = NDArray[np.float64]

ANY, SHARE = (-np.inf, np.inf), (0.0, 1.0)  # the values that a statistic may take


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


def game_counts(counts: Floats, seeds: NDArray[np.int64]) -> Floats:
    """[resamples, games]: how often each game was drawn.

    Args:
        counts: of the runs of one agent, [resamples, games, seeds]. seeds: [games], how many it has: the draws of
            seeds within a game always sum to that.
    """
    return counts.sum(-1) / seeds


def interval_columns(
    estimate: float,
    many: Floats,
    resampled: Resamples | Refused,
    confidence: float,
    bounds: tuple[float, float] = ANY,
) -> dict[str, object]:
    """estimate, low, high, standard_error (NaN where refused) and refused (the reason, or "").

    Args:
        many: float64 [resamples], the statistic in each; empty if `resampled` is refused. bounds: the least and the
            greatest value the statistic can take, to which the interval is cut.
    """
    row: dict[str, object] = {"estimate": estimate, "low": np.nan, "high": np.nan, "standard_error": np.nan}
    if isinstance(resampled, Refused):
        return row | {"refused": resampled.reason}
    found = interval(estimate, many, resampled.inflation, resampled.df, confidence)
    if isinstance(found, Refused):
        return row | {"refused": found.reason}
    low, high = max(found.low, bounds[0]), min(found.high, bounds[1])
    return row | {"low": low, "high": high, "standard_error": found.standard_error, "refused": ""}
