"""Isotonic least squares of learning curves, and the frames at which such a curve reaches a level.

The fit is the pool-adjacent-violators solution with equal weights, from its min-max form (Robertson, Wright and
Dykstra 1988, theorem 1.4.4): max over j <= i of min over k >= i of the mean of points j to k. That costs the square of
the number of budgets in memory and is batched over curves.

A level is read along straight lines of z on ln frames, or along a monotone cubic (PCHIP, Fritsch and Butland 1984). A
learning curve bends between budgets, so a straight line there is late. Over many levels that hardly matters to a
comparison, since it is as late for both agents. At a single level it does: the last one of an agent is a budget of its
own and lies between two of the other's, where straight lines made an exact multiple of 3 into 2.91.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def isotonic(curves: Floats) -> Floats:
    """The non-decreasing curves nearest in least squares; float64 [..., budgets] in and out."""
    budgets = curves.shape[-1]
    sums = np.concatenate([np.zeros((*curves.shape[:-1], 1)), np.cumsum(curves, -1)], -1)
    first, last = np.arange(budgets)[:, None], np.arange(budgets)[None, :]
    lengths = np.maximum(last - first + 1, 1)
    means = (sums[..., None, 1:] - sums[..., :-1, None]) / lengths
    least = np.flip(np.minimum.accumulate(np.flip(np.where(last >= first, means, np.inf), -1), -1), -1)
    return np.where(first <= last, least, -np.inf).max(-2)


def log_frames_to_reach(fitted: Floats, frames: Floats, levels: Floats) -> Floats:
    """ln frames at which non-decreasing curves first reach levels, by linear interpolation of ln frames.

    On a plateau at the level itself that is the plateau's first budget.

    Args:
        fitted: float64 [..., budgets]. frames: float64 [budgets], increasing. levels: float64 [..., levels], of each
            curve, or [levels] for all.

    Returns float64 [..., levels]: NaN for levels below the first budget's value or above the last one's.
    """
    below = fitted[..., None, :] < levels[..., :, None]
    after = below.sum(-1)
    x, last = np.log(frames), len(frames) - 1
    right = np.minimum(after, last)
    left = np.maximum(right - 1, 0)
    high, low = (np.take_along_axis(fitted, at, -1) for at in (right, left))
    step = np.where(high > low, high - low, 1.0)
    share = np.where(high > low, (levels - low) / step, 1.0)
    reached = (after <= last) & (levels >= fitted[..., :1])
    return np.where(reached, x[left] + share * (x[right] - x[left]), np.nan)


HALVINGS = 40  # of the interval between two budgets in the search for a level


def log_frames_along_cubic(fitted: Floats, frames: Floats, levels: Floats) -> Floats:
    """ln frames at which curves first reach levels; arguments and result as for `isotonic.log_frames_to_reach`."""
    x = np.log(frames)
    after = (fitted[..., None, :] < levels[..., :, None]).sum(-1)
    last = len(x) - 1
    reached = (after <= last) & (levels >= fitted[..., :1])
    if last == 0:
        return np.where(reached, x[0], np.nan)
    right = np.clip(after, 1, last)
    left = right - 1
    slopes = _slopes(x, fitted)
    (low, high), (rise, end) = (
        tuple(np.take_along_axis(values, at, -1) for at in (left, right)) for values in (fitted, slopes)
    )
    step = x[right] - x[left]
    # Hermite's cubic from 0 to 1: ((a t + b) t + c) t + low.
    c, gain = rise * step, high - low
    a, b = c + end * step - 2.0 * gain, 3.0 * gain - 2.0 * c - end * step
    start, stop = np.zeros(a.shape), np.ones(a.shape)
    for _ in range(HALVINGS):
        middle = (start + stop) / 2.0
        under = ((a * middle + b) * middle + c) * middle + low < levels
        start, stop = np.where(under, middle, start), np.where(under, stop, middle)
    # Nothing is searched where the level is that of a budget.
    share = np.where(levels >= high, 1.0, np.where(levels <= low, 0.0, stop))
    return np.where(reached, x[left] + share * step, np.nan)


def _slopes(x: Floats, curves: Floats) -> Floats:
    """d z / d ln frames at the budgets, float64 [..., budgets]: never so steep that the cubic turns around."""
    steps = np.diff(x)
    secants = np.diff(curves) / steps
    if len(steps) == 1:
        return np.concatenate([secants, secants], -1)
    before, behind = secants[..., :-1], secants[..., 1:]
    heavy, light = 2.0 * steps[1:] + steps[:-1], steps[1:] + 2.0 * steps[:-1]
    rising = (before > 0.0) & (behind > 0.0)
    harmonic = heavy / np.where(rising, before, 1.0) + light / np.where(rising, behind, 1.0)
    inner = np.where(rising, (heavy + light) / harmonic, 0.0)
    first = _end(steps[0], steps[1], secants[..., 0], secants[..., 1])
    final = _end(steps[-1], steps[-2], secants[..., -1], secants[..., -2])
    return np.concatenate([first[..., None], inner, final[..., None]], -1)


def _end(near: float, far: float, secant: Floats, other: Floats) -> Floats:
    """The slope at an end, of the parabola through three budgets, between 0 and three times the secant."""
    return np.clip(((2.0 * near + far) * secant - near * other) / (near + far), 0.0, 3.0 * secant)
