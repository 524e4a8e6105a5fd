"""Tests of ratios of exponents: Wald's of equality, and two one-sided tests of equivalence.

Both rest on the inflated bootstrap covariance. That a difference is not found is no evidence of equality; equivalence
has a test of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from efficientzero.scaling.curves.bootstrap import Interval, Resamples
from efficientzero.scaling.refused import Refused

EQUIVALENCE = (0.87, 1.15)  # ratios of exponents within which two agents count as differing by an offset only


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests (Schuirmann 1987) of a ratio of exponents within `EQUIVALENCE`."""

    p_value: float
    passed: bool


@dataclass(frozen=True)
class WaldTest:
    """F of equal exponents of all agents, with its degrees of freedom."""

    statistic: float
    numerator_df: float
    denominator_df: float
    p_value: float


def wald_test(estimate: np.ndarray, drawn: np.ndarray, resampled: Resamples) -> WaldTest | Refused:
    """Of equal ln exponents, estimate [agents], drawn [resamples, agents], with the inflated bootstrap covariance.

    The covariance is estimated with few degrees of freedom, so for p contrasts the statistic is Hotelling's:
    T^2 (df - p + 1) / (df p) against F(p, df - p + 1); for two agents that is the square of the t-test.
    """
    contrasts = len(estimate) - 1
    if resampled.df < contrasts:
        return Refused(
            f"the runs or games are too few to compare {len(estimate)} exponents at once ({resampled.df:.1f} degrees "
            "of freedom)"
        )
    difference = estimate[1:] - estimate[0]
    covariance = resampled.inflation**2 * np.atleast_2d(np.cov(drawn[:, 1:] - drawn[:, :1], rowvar=False))
    if np.linalg.matrix_rank(covariance) < contrasts:
        return Refused("the runs do not differ at all, so nothing says how much is chance")
    squared = float(difference @ np.linalg.solve(covariance, difference))
    denominator = resampled.df - contrasts + 1.0
    statistic = squared * denominator / (resampled.df * contrasts)
    return WaldTest(statistic, contrasts, denominator, float(stats.f.sf(statistic, contrasts, denominator)))


def equivalence_test(log_ratio: Interval, margin: tuple[float, float] = EQUIVALENCE, size: float = 0.05) -> Equivalence:
    """TOST of the ratio whose ln has the given estimate, standard error and degrees of freedom."""
    low, high = np.log(margin)
    if log_ratio.standard_error == 0.0:
        p_value = 0.0 if low < log_ratio.estimate < high else 1.0
    else:
        above = stats.t.sf((log_ratio.estimate - low) / log_ratio.standard_error, log_ratio.df)
        below = stats.t.cdf((log_ratio.estimate - high) / log_ratio.standard_error, log_ratio.df)
        p_value = float(max(above, below))
    return Equivalence(p_value, p_value < size)
