"""How many times the frames of one agent another needs for the same level.

Estimator: R(level) = n of the second / n of the first, from the isotonic fits of the aggregate curves, inverted along
a monotone cubic; its interval is that of ln R over bootstrap resamples. Above 1 the first agent needs fewer frames.
Nothing is said beyond the levels that both were seen to reach, nor of a curve that does not rise. One number for all
levels is `mean_ratio`, the geometric mean of R over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.monotone import isotonic, log_frames_to_reach
from efficientzero.scaling.estimators.transform_free import (
    LEAST_RANGE,
    common_levels,
    common_range,
    log_frames_at_common_levels,
)
from efficientzero.scaling.refused import Refused, without_rise
from efficientzero.scaling.resampling import Interval, Resamples, exponentiated

TRIVIAL = 1.005  # a lower bound that rounds to 1.00
TIDY_LEVELS = tuple(step / 20 for step in range(1, 20))
FINE = 41  # levels of a curve of R

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FramesToMatch:
    """The frames with which the second agent reaches the final level of the first, as a multiple of those of the first.

    `level`: of z. `at_least`: where `ratio` is refused since the second never got there, the ratio is above this. It is
    above 1 if the first was on a plateau at the end, and otherwise None: that the second is behind says 1 already.
    `at_own_final_level`: R at the final level of the second, which both reached if the first is ahead.
    """

    level: float
    ratio: Interval | Refused
    at_least: float | None
    own_final_level: float
    at_own_final_level: Interval | Refused


@dataclass(frozen=True)
class Trend:
    """Whether R depends on the level: least squares of ln R on z over the common levels.

    `slope`: of ln R per unit of z; 0 for a constant multiple. `change`: the factor by which the fitted R changes from
    the lowest common level to the highest; 1 for a constant multiple.
    """

    slope: Interval
    change: Interval


def frames_ratio(
    two: Curves, resampled: Resamples, levels: Sequence[float] = TIDY_LEVELS
) -> list[tuple[float, Interval | Refused]]:
    """Levels (of z), and R at each of them, refused where one of the two agents was not seen to reach it."""
    flat = _not_rising(two)
    if flat is not None:
        return [(float(level), flat) for level in levels]
    point, at = isotonic(two.aggregate), np.array(levels, np.float64)
    ratio, ratios = (_log_ratio(fitted, two.frames, at) for fitted in (point, isotonic(resampled.aggregate)))
    return [
        (float(level), _observed(ratio[i], ratios[:, i], two, point, float(level), resampled))
        for i, level in enumerate(at)
    ]


def ratio_curve(two: Curves, resampled: Resamples) -> list[tuple[float, Interval | Refused]] | Refused:
    """R at `FINE` levels from the lowest to the highest that both reach."""
    low, high = (float(end) for end in common_range(isotonic(two.aggregate)))
    if high - low <= LEAST_RANGE:
        return Refused.because("no common levels", first=two.agents[0], second=two.agents[1])
    return frames_ratio(two, resampled, tuple(np.linspace(low, high, FINE)))


def frames_to_match(two: Curves, resampled: Resamples) -> FramesToMatch | Refused:
    """R at the final level of the first agent, and at that of the second; final: of the isotonic fit at the largest
    budget.

    Every resample has its own final levels. Both agents are seen at the same budgets, so that of an agent ahead at the
    last one only a lower bound of the first ratio can be given. Refused for a curve that does not rise at all.
    """
    flat = _not_rising(two)
    if flat is not None:
        return flat
    point, drawn = isotonic(two.aggregate), isotonic(resampled.aggregate)
    ratios: list[Interval | Refused] = []
    for agent in (0, 1):
        one = _log_ratio(point, two.frames, point[agent, -1:])[0]
        many = _log_ratio(drawn, two.frames, drawn[:, agent, -1:])[:, 0]
        ratios.append(_observed(one, many, two, point, float(point[agent, -1]), resampled))
    reached = log_frames_to_reach(point[0], two.frames, point[0, -1:])[0]
    behind = bool(point[1, -1] < point[0, -1])
    bound = float(np.exp(np.log(two.frames[-1]) - reached))
    at_least = bound if behind and bound > TRIVIAL else None
    return FramesToMatch(float(point[0, -1]), ratios[0], at_least, float(point[1, -1]), ratios[1])


def mean_ratio(two: Curves, resampled: Resamples) -> Interval | Refused:
    """exp of the mean of ln R over the levels that both reach, those of `transform_free`."""
    flat = _not_rising(two)
    if flat is not None:
        return flat
    point, drawn = isotonic(two.aggregate), isotonic(resampled.aggregate)
    ratio, ratios = (_log_ratio(fitted, two.frames, common_levels(fitted)).mean(-1) for fitted in (point, drawn))
    found = resampled.interval(float(ratio), ratios)
    if isinstance(found, Refused):
        low, high = common_range(point)
        why = "unsure common levels" if high - low > LEAST_RANGE else "no common levels"
        return Refused.because(why, first=two.agents[0], second=two.agents[1])
    return exponentiated(found)


def trend(two: Curves, resampled: Resamples) -> Trend | Refused:
    """Of ln R on the level. An interval of the slope that holds 0 is no evidence that R is constant, if it is wide."""
    slope, width = _slope(two.aggregate, two.frames)
    slopes, widths = _slope(resampled.aggregate, two.frames)
    steepness = resampled.interval(float(slope), slopes)
    change = resampled.interval(float(slope * width), slopes * widths)
    for each in (steepness, change):
        if isinstance(each, Refused):
            few = Refused.because("levels of a trend", first=two.agents[0], second=two.agents[1])
            return each if np.isfinite([slope, *slopes]).all() else few
    assert isinstance(steepness, Interval) and isinstance(change, Interval)
    return Trend(steepness, exponentiated(change))


def _log_ratio(fitted: Floats, frames: Floats, levels: Floats) -> Floats:
    """ln R [..., levels] of monotone curves [..., 2, budgets] at levels [levels] or [..., levels]."""
    at = np.broadcast_to(levels, (*fitted.shape[:-2], levels.shape[-1]))[..., None, :]
    first, second = np.moveaxis(log_frames_to_reach(fitted, frames, at, cubic=True), -2, 0)
    return second - first


def _observed(
    ratio: float, ratios: Floats, two: Curves, point: Floats, level: float, resampled: Resamples
) -> Interval | Refused:
    """The interval of R at a level, or who was not seen to reach it; `point`: the monotone curves [2, budgets]."""
    for agent, curve in zip(two.agents, point, strict=True):
        if not curve[0] <= level <= curve[-1]:
            side, budgets = ("above", "larger") if level > curve[-1] else ("below", "smaller")
            facts = {"agent": agent, "start": curve[0], "end": curve[-1], "side": side, "budgets": budgets}
            return Refused.because("level not seen", level=level, **facts)
    found = resampled.interval(float(ratio), ratios)
    if isinstance(found, Refused):
        (first, second), (low, high) = two.agents, common_range(point)
        return Refused.because("level near an end", level=level, first=first, second=second, low=low, high=high)
    return exponentiated(found)


def _not_rising(two: Curves) -> Refused | None:
    """Why curves of several budgets give no frames to a level, or None."""
    for agent, curve, fitted in zip(two.agents, two.aggregate, isotonic(two.aggregate), strict=True):
        if len(curve) > 1 and fitted[-1] - fitted[0] <= LEAST_RANGE:
            return Refused.because("frames of no rise", rise=without_rise(agent, curve))
    return None


def _slope(aggregates: Floats, frames: Floats) -> tuple[Floats, Floats]:
    """Slope [...] of ln R on the level, and width [...] of the common levels, of pairs of curves [..., 2, budgets]."""
    levels, log_frames = log_frames_at_common_levels(aggregates, frames)
    ratio = log_frames[..., 1, :] - log_frames[..., 0, :]
    centred = levels - levels.mean(-1, keepdims=True)
    low, high = common_range(isotonic(aggregates))
    return (centred * ratio).sum(-1) / (centred**2).sum(-1), high - low
