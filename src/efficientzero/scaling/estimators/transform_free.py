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

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.monotone import isotonic, log_frames_to_reach
from efficientzero.scaling.refused import Refused, without_rise
from efficientzero.scaling.resampling import CONFIDENCE, NO_SPREAD, Interval, Resamples

LEVELS = 50
LEAST_BUDGETS = 3
LEAST_RANGE = 1e-9  # of z: less is rounding

Floats = NDArray[np.float64]


def exponent_ratio(two: Curves, resampled: Resamples) -> Interval | Refused:
    """ln(alpha of the first agent / alpha of the second), from curves of two agents and their resamples.

    Refused: under three budgets; if a curve's rise from the first budget to the last, or the range of levels that both
    curves reach, cannot be told from none.
    """
    (first, second), point, drawn = two.agents, two.aggregate, resampled.aggregate
    if len(two.frames) < LEAST_BUDGETS:
        budgets = f"{len(two.frames)} budget{'s' * (len(two.frames) > 1)}"
        return Refused.because("budgets of an exponent", budgets=budgets)
    for agent, own, rises in zip(two.agents, point, drawn.swapaxes(0, 1), strict=True):
        if not _above_zero(float(own[-1] - own[0]), rises[:, -1] - rises[:, 0], resampled):
            return _no_rise_seen(agent, own, resampled)
    fitted = isotonic(point)
    low, high = common_range(fitted)
    widths = np.subtract(*common_range(isotonic(drawn))[::-1])
    if not _above_zero(float(high - low), widths, resampled):
        ends = {"starts": fitted[:, 0], "ends": fitted[:, -1]}
        return Refused.because("levels of an exponent", first=first, second=second, **ends)
    estimate, many = (log_exponent_ratio(aggregates, two.frames) for aggregates in (point, drawn))
    return resampled.interval(float(estimate), many)


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


def _above_zero(value: float, many: Floats, resampled: Resamples) -> bool:
    """Whether a rise can be told from none.

    For "these games" by its interval. Games rise by very different amounts, which makes that interval wide while each
    of them rises; for "games like these" the share of resamples without a rise counts, their spread inflated.
    """
    if float(many.std()) <= NO_SPREAD:
        return value > LEAST_RANGE
    if resampled.estimand == "these games":
        found = resampled.interval(value, many)
        return isinstance(found, Interval) and found.low > LEAST_RANGE
    return float(np.mean(value + resampled.inflation * (many - value) <= LEAST_RANGE)) <= (1 - CONFIDENCE) / 2


def _no_rise_seen(agent: str, curve: Floats, resampled: Resamples) -> Refused:
    if curve[-1] - curve[0] <= LEAST_RANGE:
        return Refused.because("exponent of no rise", rise=without_rise(agent, curve))
    units, more = ("runs", "seeds") if resampled.estimand == "these games" else ("games", "games")
    return Refused.because("unsure rise", agent=agent, start=curve[0], end=curve[-1], units=units, more=more)
