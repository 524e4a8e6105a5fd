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
from scipy.interpolate import PchipInterpolator

HALVINGS = 40  # of the interval between two budgets in the search for a level

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


def log_frames_to_reach(fitted: Floats, frames: Floats, levels: Floats, *, cubic: bool = False) -> Floats:
    """ln frames at which non-decreasing curves first reach levels, along straight lines of z on ln frames or a cubic.

    On a plateau at the level itself that is the plateau's first budget.

    Args:
        fitted: float64 [..., budgets]. frames: float64 [budgets], increasing. levels: float64 [..., levels], of each
            curve, or [levels] for all.

    Returns float64 [..., levels]: NaN for levels below the first budget's value or above the last one's.
    """
    x, last = np.log(frames), len(frames) - 1
    after = (fitted[..., None, :] < levels[..., :, None]).sum(-1)
    right = np.minimum(after, last)
    left = np.maximum(right - 1, 0)
    high, low = (np.take_along_axis(fitted, at, -1) for at in (right, left))
    if cubic and last > 0:
        share = _share_along_cubic(x, fitted, left, levels)
    else:
        share = (levels - low) / np.where(high > low, high - low, 1.0)
    # Nothing is searched where the level is that of a budget.
    share = np.where((levels >= high) | (high <= low), 1.0, np.where(levels <= low, 0.0, share))
    reached = (after <= last) & (levels >= fitted[..., :1])
    return np.where(reached, x[left] + share * (x[right] - x[left]), np.nan)


def _share_along_cubic(x: Floats, fitted: Floats, left: NDArray[np.int64], levels: Floats) -> Floats:
    """How far from budget `left` to the next one a level is reached, as a share of ln frames, by bisection."""
    parts = np.moveaxis(PchipInterpolator(x, fitted, axis=-1).c, 1, -1)  # of powers of ln frames beyond `left`
    at = np.minimum(left, len(x) - 2)
    step = x[at + 1] - x[at]
    a, b, c, low = (
        np.take_along_axis(part, at, -1) * step**power for part, power in zip(parts, (3, 2, 1, 0), strict=True)
    )
    start, stop = np.zeros(a.shape), np.ones(a.shape)
    for _ in range(HALVINGS):
        middle = (start + stop) / 2.0
        under = ((a * middle + b) * middle + c) * middle + low < levels
        start, stop = np.where(under, middle, start), np.where(under, stop, middle)
    return stop
