"""Are the exponents equal? A model fitted to aggregate curves and to every resample of them, with tests of the ratios.

Nested least-squares fits must not be compared by the usual F-test here: the points of one run, and the games of one
suite, are not independent. At 5 % it rejected 4 to 15 % of true equalities around published residuals and over 20 % on
simulated games (``benchmarks/results/scaling_coverage.md``). Intervals and tests rest on resamples of whole runs or
games, by their inflated bootstrap covariance: Wald's test of equality, and two one-sided tests of equivalence. That a
difference is not found is no evidence of equality; equivalence has a test of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.power_laws.fit import PowerLawFit, fit_batch, fit_power_law
from efficientzero.scaling.power_laws.power_law import LOG_EXPONENT_BOUNDS, MODELS, Loss, Model
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import NO_SPREAD, Interval, Resamples

AT_BOUND = 1e-6
MOST_AT_BOUND = 0.05  # of the resamples
EQUIVALENCE = (0.87, 1.15)  # ratios of exponents within which two agents count as differing by an offset only
SIZE = 0.05  # of the tests


@dataclass(frozen=True)
class Comparison:
    """One model's parameters of the first agent against those of the second.

    `log_ratio`: of ln of the ratio of exponents. `equal_exponents`: p of Wald's test. `error_difference`: E of the
    first minus E of the second.
    """

    fit: PowerLawFit
    log_ratio: Interval | Refused
    equal_exponents: float | Refused
    error_difference: Interval | Refused


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests (Schuirmann 1987) of a ratio of exponents within `EQUIVALENCE`."""

    p_value: float
    passed: bool
    low: float  # of the ratio's 90 % interval, which lies within the margin where the test is passed
    high: float


def compare_exponents(
    two: Curves, resampled: Resamples, model: Model = MODELS["M1"], loss: Loss = "linear"
) -> Comparison | Refused:
    """Fits `model` to curves of two agents and to every resample of them, and compares the first with the second.

    Refused: under three budgets, or for a flat curve. A ratio is refused, too, if an exponent lies at the bounds of the
    model, where it cannot be seen.
    """
    fit = fit_power_law(two.frames, two.aggregate, two.agents, model, loss)
    if isinstance(fit, Refused):
        return fit
    parameters = fit_batch(np.log(two.frames), resampled.aggregate, model, fit.parameters, loss)
    log_exponents, _, error_logits = model.split(parameters, 2)

    def first_minus_second(estimate: np.ndarray, drawn: np.ndarray) -> Interval | Refused:
        return resampled.interval(float(estimate[0] - estimate[1]), drawn[:, 0] - drawn[:, 1])

    log_ratio: Interval | Refused = Refused.because("common exponent", model=model.name)
    equal_exponents: float | Refused = Refused.because("common exponent", model=model.name)
    if model.own_exponents:
        unseen = _at_bound(fit, log_exponents, 0) or _at_bound(fit, log_exponents, 1)
        log_ratio = unseen or first_minus_second(fit.log_exponents, log_exponents)
        equal_exponents = unseen or wald_test(fit.log_exponents, log_exponents, resampled)
    error_difference: Interval | Refused = Refused.because("common asymptote", model=model.name)
    if model.own_errors:
        error_difference = first_minus_second(fit.errors, expit(error_logits))
    return Comparison(fit, log_ratio, equal_exponents, error_difference)


def wald_test(estimate: np.ndarray, drawn: np.ndarray, resampled: Resamples) -> float | Refused:
    """p of equal ln exponents of two agents, estimate [2], drawn [resamples, 2], against F(1, df): the square of the
    t-test with the inflated bootstrap deviation."""
    error = resampled.inflation * float((drawn[:, 1] - drawn[:, 0]).std(ddof=1))
    if error <= NO_SPREAD:
        return Refused.because("no covariance")
    return float(stats.f.sf(((estimate[1] - estimate[0]) / error) ** 2, 1, resampled.df))


def equivalence_test(log_ratio: Interval, margin: tuple[float, float] = EQUIVALENCE) -> Equivalence:
    """TOST of the ratio whose ln has the given estimate, standard error and degrees of freedom."""
    low, high = np.log(margin)
    if log_ratio.standard_error == 0.0:
        p_value = 0.0 if low < log_ratio.estimate < high else 1.0
    else:
        above = stats.t.sf((log_ratio.estimate - low) / log_ratio.standard_error, log_ratio.df)
        below = stats.t.cdf((log_ratio.estimate - high) / log_ratio.standard_error, log_ratio.df)
        p_value = float(max(above, below))
    reach = float(stats.t.ppf(1.0 - SIZE, log_ratio.df)) * log_ratio.standard_error
    ends = np.exp([log_ratio.estimate - reach, log_ratio.estimate + reach])
    return Equivalence(p_value, p_value < SIZE, float(ends[0]), float(ends[1]))


def _at_bound(fit: PowerLawFit, drawn: np.ndarray, agent: int) -> Refused | None:
    def outside(values: np.ndarray) -> np.ndarray:
        low, high = LOG_EXPONENT_BOUNDS
        return (values <= low + AT_BOUND) | (values >= high - AT_BOUND)

    least, most = np.exp(LOG_EXPONENT_BOUNDS)
    facts = {"agent": fit.agents[agent], "model": fit.model.name, "least": least, "most": most}
    if outside(fit.log_exponents[agent]):
        return Refused.because("exponent at its bound", **facts)
    share = float(outside(drawn[:, agent]).mean())
    if share > MOST_AT_BOUND:
        return Refused.because("resampled exponents at a bound", share=share, **facts)
    return None
