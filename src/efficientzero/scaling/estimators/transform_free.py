"""The ratio of two agents' scaling exponents without a formula for their curves.

Estimator: both aggregate curves are made monotone (isotonic least squares) and inverted to n(level), the frames at
which each first reaches a level; exponent ratio = sd(ln n of the second) / sd(ln n of the first) over common levels.
If both follow one shape in alpha x (ln n - mu), that is alpha of the first / alpha of the second whatever the shape;
1 means that one needs a constant multiple of the other's frames. Above 1 the first agent has the larger exponent: it
climbs the same levels in fewer doublings of frames.

Levels: the midpoints of 50 equal steps in z between the larger of the two curves' first values and the smaller of their
last. Midpoints leave out both ends, and a plateau takes no part since only its first budget counts. In simulation five
levels with both ends included, where single budgets decide, were off by .02 to .07 in ln of the ratio over games drawn
anew and spread half as much again; these are off by at most .02. On given games the five spread a tenth less. Both
cover alike.

Where z is small (about .1, up to the best-known scores) a few games make up most of the mean, and "these games" have a
ratio of their own: with exponents 1.25 to 1 that of 26 games lay between .99 and 1.52 in 95 of 100 simulations, and
with equal ones between .79 and 1.26. Its interval is about that ratio and covers it; what exponents the agents have is
the question of "games like these", whose interval is the wider. That z is cut at 0 matters little: it bends both curves
in the same way (figures: ``benchmarks/results/scaling_coverage.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.monotone import isotonic, log_frames_to_reach
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import NO_SPREAD, Estimand, Interval, Resamples, exponentiated, interval
from efficientzero.scaling.words.reasons import without_rise

LEVELS = 50
LEAST_BUDGETS = 3
LEAST_RANGE = 1e-9  # of z: less is rounding

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExponentRatio:
    """alpha of `first` / alpha of `second` with its interval; `lowest` to `highest`: the levels of z it rests on."""

    first: str
    second: str
    estimand: Estimand
    log_ratio: Interval
    lowest: float
    highest: float

    @property
    def ratio(self) -> Interval:
        """The interval of the ratio itself."""
        return exponentiated(self.log_ratio)


def exponent_ratio(
    curves: Curves, resampled: Resamples | Refused, first: str, second: str, confidence: float = 0.95
) -> ExponentRatio | Refused:
    """The ratio of two agents' exponents, from `curves` and their bootstrap `resampled` (of `bootstrap.weights`).

    Refused: where the bootstrap is; under three budgets; if a curve's rise from the first budget to the last, or the
    range of levels that both curves reach, cannot be told from none at that confidence.
    """
    if isinstance(resampled, Refused):
        return resampled
    point, drawn = pair(curves, resampled, first, second)
    if len(curves.frames) < LEAST_BUDGETS:
        return Refused(
            f"{len(curves.frames)} budget{'s' * (len(curves.frames) > 1)} cannot show an exponent; evaluate at "
            "three or more, better six"
        )
    for agent, own, rises in zip((first, second), point, drawn.swapaxes(0, 1), strict=True):
        if not _above_zero(float(own[-1] - own[0]), rises[:, -1] - rises[:, 0], resampled, confidence):
            return Refused(_no_rise_seen(agent, own, resampled.estimand))
    low, high = common_range(isotonic(point))
    widths = np.subtract(*common_range(isotonic(drawn))[::-1])
    if not _above_zero(float(high - low), widths, resampled, confidence):
        return Refused(
            f"{first} and {second} share too few levels: {_reached(point[0], first)} and {_reached(point[1], second)}; "
            "give the one that is behind larger budgets, or the other smaller ones"
        )
    ratio = interval(
        float(log_exponent_ratio(point, curves.frames)),
        log_exponent_ratio(drawn, curves.frames),
        resampled.inflation,
        resampled.df,
        confidence,
    )
    if isinstance(ratio, Refused):
        return ratio
    return ExponentRatio(first, second, resampled.estimand, ratio, float(low), float(high))


def log_exponent_ratio(aggregates: Floats, frames: Floats) -> Floats:
    """ln(alpha of the first / alpha of the second); float64 [...] of aggregate curves [..., 2, budgets].

    NaN where the two curves have no levels in common.
    """
    first, second = np.moveaxis(log_frames_at_common_levels(aggregates, frames)[1], -2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(second.std(-1) / first.std(-1))


def log_frames_at_common_levels(aggregates: Floats, frames: Floats) -> tuple[Floats, Floats]:
    """At the common levels of pairs of aggregate curves [..., 2, budgets]: levels [..., levels], ln n [..., 2, levels].

    NaN where there are no common levels.
    """
    fitted = isotonic(aggregates)
    levels = common_levels(fitted)
    return levels, log_frames_to_reach(fitted, frames, levels[..., None, :])


def common_levels(fitted: Floats) -> Floats:
    """The levels [..., levels] of pairs of monotone curves [..., 2, budgets]; NaN where they have none in common."""
    low, high = common_range(fitted)
    middle = (np.arange(LEVELS) + 0.5) / LEVELS
    return np.where((high - low > LEAST_RANGE)[..., None], low[..., None] + (high - low)[..., None] * middle, np.nan)


def common_range(fitted: Floats) -> tuple[Floats, Floats]:
    """The lowest and the highest level [...] that both of two monotone curves [..., 2, budgets] pass."""
    return fitted[..., 0].max(-1), fitted[..., -1].min(-1)


def pair(curves: Curves, resampled: Resamples, first: str, second: str) -> tuple[Floats, Floats]:
    """The aggregate curves [2, budgets] of two agents and their resamples [resamples, 2, budgets]."""
    two = curves.select(agents=(first, second))
    rows = [curves.agents.index(agent) for agent in (first, second)]
    return two.aggregate, resampled.aggregate[:, rows]


def _above_zero(value: float, many: Floats, resampled: Resamples, confidence: float) -> bool:
    """Whether a rise can be told from none.

    For "these games" by its interval. Games rise by very different amounts, which makes that interval wide while each
    of them rises; for "games like these" the share of resamples without a rise counts, their spread inflated.
    """
    if float(many.std()) <= NO_SPREAD:
        return value > LEAST_RANGE
    if resampled.estimand == "these games":
        found = interval(value, many, resampled.inflation, resampled.df, confidence)
        return isinstance(found, Interval) and found.low > LEAST_RANGE
    return float(np.mean(value + resampled.inflation * (many - value) <= LEAST_RANGE)) <= (1 - confidence) / 2


def _no_rise_seen(agent: str, curve: Floats, estimand: Estimand) -> str:
    if curve[-1] - curve[0] <= LEAST_RANGE:
        return f"{without_rise(agent, curve)}, and an exponent needs a rise"
    more = "more seeds" if estimand == "these games" else "more games"
    return (
        f"that the curve of {agent} rises is not sure: it goes from {curve[0]:.3f} in z at the first budget to "
        f"{curve[-1]:.3f} at the last, and {'runs' if estimand == 'these games' else 'games'} differ too much to tell "
        f"that from none; it needs wider budgets or {more}"
    )


def _reached(curve: Floats, agent: str) -> str:
    fitted = isotonic(curve)
    return f"{agent} goes from {fitted[0]:.3f} to {fitted[-1]:.3f} in z"
