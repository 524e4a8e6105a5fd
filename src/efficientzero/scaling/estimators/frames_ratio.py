"""How many times the frames of one agent another needs for the same level.

Estimator: R(level) = n of the second / n of the first, from the isotonic fits of the aggregate curves, inverted along
a monotone cubic; its interval is that of ln R over bootstrap resamples. Above 1 the first agent needs fewer frames.
Nothing is said beyond the levels that both were seen to reach, nor of a curve that does not rise. One number for all
levels is `mean_ratio`, the geometric mean of R over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.monotone import isotonic, log_frames_along_cubic, log_frames_to_reach
from efficientzero.scaling.estimators.transform_free import (
    LEAST_RANGE,
    common_levels,
    common_range,
    log_frames_at_common_levels,
    pair,
)
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, Resamples, exponentiated, interval
from efficientzero.scaling.words.reasons import without_rise

TRIVIAL = 1.005  # a lower bound that rounds to 1.00
TIDY_LEVELS = tuple(step / 20 for step in range(1, 20))

Floats = NDArray[np.float64]


class RatioAtLevel(NamedTuple):
    """R at one level of z."""

    level: float
    ratio: Interval | Refused


@dataclass(frozen=True)
class FramesToMatch:
    """The frames with which `second` reaches the final level of `first`, as a multiple of those of `first`.

    `level`: of z. `at_least`: where `ratio` is refused since `second` never got there, the ratio is above this. It is
    above 1 if `first` was on a plateau at the end, and otherwise None: that `second` is behind says 1 already.
    `at_own_final_level`: R at the final level of `second`, which both reached if `first` is ahead.
    """

    first: str
    second: str
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
    curves: Curves,
    resampled: Resamples | Refused,
    first: str,
    second: str,
    levels: Sequence[float] = TIDY_LEVELS,
    confidence: float = 0.95,
) -> tuple[RatioAtLevel, ...]:
    """R at each of `levels` (of z), refused where one of the two agents was not seen to reach it."""
    if isinstance(resampled, Refused):
        return tuple(RatioAtLevel(float(level), resampled) for level in levels)
    observed, many = pair(curves, resampled, first, second)
    flat = _not_rising(observed, (first, second))
    if flat is not None:
        return tuple(RatioAtLevel(float(level), flat) for level in levels)
    point, drawn = isotonic(observed), isotonic(many)
    at = np.array(levels, np.float64)
    ratio, ratios = (_log_ratio(fitted, curves.frames, at) for fitted in (point, drawn))
    return tuple(
        RatioAtLevel(
            float(level), _observed(ratio[i], ratios[:, i], point, (first, second), float(level), resampled, confidence)
        )
        for i, level in enumerate(at)
    )


def frames_to_match(
    curves: Curves, resampled: Resamples | Refused, first: str, second: str, confidence: float = 0.95
) -> FramesToMatch | Refused:
    """R at the final level of `first`, and at that of `second`; final: of the isotonic fit at the largest budget.

    Every resample has its own final levels. Both agents are seen at the same budgets, so that of an agent ahead at the
    last one only a lower bound of the first ratio can be given. Refused for a curve that does not rise at all.
    """
    if isinstance(resampled, Refused):
        return resampled
    observed, many_drawn = pair(curves, resampled, first, second)
    flat = _not_rising(observed, (first, second))
    if flat is not None:
        return flat
    point, drawn = isotonic(observed), isotonic(many_drawn)
    ratios: list[Interval | Refused] = []
    for agent in (0, 1):
        one = _log_ratio(point, curves.frames, point[agent, -1:])[0]
        many = _log_ratio(drawn, curves.frames, drawn[:, agent, -1:])[:, 0]
        level = float(point[agent, -1])
        ratios.append(_observed(one, many, point, (first, second), level, resampled, confidence))
    reached = log_frames_to_reach(point[0], curves.frames, point[0, -1:])[0]
    behind = bool(point[1, -1] < point[0, -1])
    bound = float(np.exp(np.log(curves.frames[-1]) - reached))
    at_least = bound if behind and bound > TRIVIAL else None
    return FramesToMatch(first, second, float(point[0, -1]), ratios[0], at_least, float(point[1, -1]), ratios[1])


def mean_ratio(
    curves: Curves, resampled: Resamples | Refused, first: str, second: str, confidence: float = 0.95
) -> Interval | Refused:
    """exp of the mean of ln R over the levels that both reach, those of `transform_free`."""
    if isinstance(resampled, Refused):
        return resampled
    observed, many = pair(curves, resampled, first, second)
    flat = _not_rising(observed, (first, second))
    if flat is not None:
        return flat
    point, drawn = isotonic(observed), isotonic(many)
    ratio, ratios = (_log_ratio(fitted, curves.frames, common_levels(fitted)).mean(-1) for fitted in (point, drawn))
    found = interval(float(ratio), ratios, resampled.inflation, resampled.df, confidence)
    if isinstance(found, Refused):
        if not common_range(point)[1] - common_range(point)[0] > LEAST_RANGE:
            return Refused(
                f"{first} and {second} were not seen to reach the same levels; give one of them other budgets"
            )
        return Refused(f"with other seeds or games {first} and {second} might not reach the same levels")
    return exponentiated(found)


def trend(
    curves: Curves, resampled: Resamples | Refused, first: str, second: str, confidence: float = 0.95
) -> Trend | Refused:
    """Of ln R on the level. An interval of the slope that holds 0 is no evidence that R is constant, if it is wide."""
    if isinstance(resampled, Refused):
        return resampled
    point, drawn = pair(curves, resampled, first, second)
    slope, width = _slope(point, curves.frames)
    slopes, widths = _slope(drawn, curves.frames)
    found = [
        interval(float(one), many, resampled.inflation, resampled.df, confidence)
        for one, many in ((slope, slopes), (slope * width, slopes * widths))
    ]
    for each in found:
        if isinstance(each, Refused):
            few = f"{first} and {second} share too few levels to see if the ratio of their frames changes"
            return each if np.isfinite([slope, *slopes]).all() else Refused(few)
    steepness, change = (each for each in found if isinstance(each, Interval))
    return Trend(steepness, exponentiated(change))


def _log_ratio(fitted: Floats, frames: Floats, levels: Floats) -> Floats:
    """ln R [..., levels] of monotone curves [..., 2, budgets] at levels [levels] or [..., levels]."""
    at = np.broadcast_to(levels, (*fitted.shape[:-2], levels.shape[-1]))[..., None, :]
    first, second = np.moveaxis(log_frames_along_cubic(fitted, frames, at), -2, 0)
    return second - first


def _observed(
    ratio: float,
    ratios: Floats,
    point: Floats,
    agents: tuple[str, str],
    level: float,
    resampled: Resamples,
    confidence: float,
) -> Interval | Refused:
    """The interval of R at a level, or who was not seen to reach it."""
    for agent, curve in zip(agents, point, strict=True):
        if not curve[0] <= level <= curve[-1]:
            side = "above" if level > curve[-1] else "below"
            return Refused(
                f"the level {level:.3f} lies {side} what {agent} was seen at, {curve[0]:.3f} to {curve[-1]:.3f}; "
                f"it needs {'larger' if level > curve[-1] else 'smaller'} budgets"
            )
    found = interval(float(ratio), ratios, resampled.inflation, resampled.df, confidence)
    if isinstance(found, Refused):
        low, high = common_range(point)
        return Refused(
            f"the level {level:.3f} is too near the ends of the levels that {' and '.join(agents)} were both seen at, "
            f"{low:.3f} to {high:.3f}: with other seeds or games one of them might not reach it"
        )
    return exponentiated(found)


def _not_rising(observed: Floats, agents: tuple[str, str]) -> Refused | None:
    """Why curves [2, budgets] of several budgets give no frames to a level, or None."""
    for agent, curve, fitted in zip(agents, observed, isotonic(observed), strict=True):
        if len(curve) > 1 and fitted[-1] - fitted[0] <= LEAST_RANGE:
            return Refused(f"{without_rise(agent, curve)}, so no number of its frames stands for a level")
    return None


def _slope(aggregates: Floats, frames: Floats) -> tuple[Floats, Floats]:
    """Slope [...] of ln R on the level, and width [...] of the common levels, of pairs of curves [..., 2, budgets]."""
    levels, log_frames = log_frames_at_common_levels(aggregates, frames)
    ratio = log_frames[..., 1, :] - log_frames[..., 0, :]
    centred = levels - levels.mean(-1, keepdims=True)
    low, high = common_range(isotonic(aggregates))
    return (centred * ratio).sum(-1) / (centred**2).sum(-1), high - low
