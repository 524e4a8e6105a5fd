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
from efficientzero.scaling.resampling import Estimand, Interval, Resamples, exponentiated, interval

AT_BOUND = 1e-6
MOST_AT_BOUND = 0.05  # of the resamples


@dataclass(frozen=True)
class FittedRatio:
    """Exponent of `first` over that of `second`; `log_ratio` is the interval of its ln, in which it was computed."""

    first: str
    second: str
    log_ratio: Interval
    equivalence: Equivalence

    @property
    def ratio(self) -> Interval:
        """The interval of the ratio itself."""
        return exponentiated(self.log_ratio)


@dataclass(frozen=True)
class Comparison:
    """One model's parameters of the first agent against those of each other one, in the order of the agents.

    `error_differences`: E of the first minus E of the other.
    """

    estimand: Estimand
    fit: PowerLawFit
    ratios: tuple[FittedRatio | Refused, ...]
    equal_exponents: WaldTest | Refused
    error_differences: tuple[Interval | Refused, ...]


def compare_exponents(
    curves: Curves,
    resampled: Resamples | Refused,
    model: Model = MODELS["M1"],
    loss: Loss = "linear",
    confidence: float = 0.95,
) -> Comparison | Refused:
    """Fits `model` to `curves` and to every resample of them, and compares the first agent with the others.

    Refused: where the bootstrap is, under three budgets, or for a flat curve. A ratio is refused, too, if an exponent
    lies at the bounds of the model, where it cannot be seen.
    """
    if isinstance(resampled, Refused):
        return resampled
    fit = fit_power_law(curves.frames, curves.aggregate, curves.agents, model, loss)
    if isinstance(fit, Refused):
        return fit
    count = len(curves.agents)
    parameters = fit_batch(np.log(curves.frames), resampled.aggregate, model, fit.parameters, loss)
    log_exponents, _, error_logits = model.split(parameters, count)
    errors = expit(error_logits)

    def of(estimate: np.ndarray, drawn: np.ndarray, other: int) -> Interval | Refused:
        difference = drawn[:, 0] - drawn[:, other]
        return interval(float(estimate[0] - estimate[other]), difference, resampled.inflation, resampled.df, confidence)

    def ratio(other: int) -> FittedRatio | Refused:
        log_ratio = unseen[0] or unseen[other] or of(fit.log_exponents, log_exponents, other)
        if isinstance(log_ratio, Refused):
            return log_ratio
        return FittedRatio(fit.agents[0], fit.agents[other], log_ratio, equivalence_test(log_ratio))

    others = range(1, count)
    if model.own_exponents:
        unseen = [_at_bound(fit, log_exponents, agent) for agent in range(count)]
        reason = next((refused for refused in unseen if refused is not None), None)
        wald = reason or wald_test(fit.log_exponents, log_exponents, resampled)
        ratios = tuple(ratio(other) for other in others)
    else:
        wald = Refused(f"the formula that is fitted here gives all agents one exponent ({model.name})")
        ratios = (wald,) * len(others)
    differences = tuple(
        of(fit.errors, errors, other)
        if model.own_errors
        else Refused(f"the formula that is fitted here gives all agents one asymptote ({model.name})")
        for other in others
    )
    return Comparison(resampled.estimand, fit, ratios, wald, differences)


def _at_bound(fit: PowerLawFit, drawn: np.ndarray, agent: int) -> Refused | None:
    def outside(values: np.ndarray) -> np.ndarray:
        low, high = LOG_EXPONENT_BOUNDS
        return (values <= low + AT_BOUND) | (values >= high - AT_BOUND)

    least, most = np.exp(LOG_EXPONENT_BOUNDS)
    where = f"the fitted exponent of {fit.agents[agent]} runs to the end of what is tried, {least:.2f} to {most:.0f}"
    if outside(fit.log_exponents[agent]):
        return Refused(f"{where} ({fit.model.name}): its curve shows none")
    share = float(outside(drawn[:, agent]).mean())
    if share > MOST_AT_BOUND:
        return Refused(
            f"{where}, in {share:.0%} of the resamples ({fit.model.name}): its curve is too noisy to show one"
        )
    return None


EQUIVALENCE = (0.87, 1.15)  # ratios of exponents within which two agents count as differing by an offset only


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests (Schuirmann 1987) of a ratio of exponents within `EQUIVALENCE`."""

    p_value: float
    passed: bool
    low: float  # of the ratio's 90 % interval, which lies within the margin where the test is passed
    high: float


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
    reach = float(stats.t.ppf(1.0 - size, log_ratio.df)) * log_ratio.standard_error
    ends = np.exp([log_ratio.estimate - reach, log_ratio.estimate + reach])
    return Equivalence(p_value, p_value < size, float(ends[0]), float(ends[1]))
