"""Isotonic least squares of learning curves, and the frames at which such a curve reaches a level.

The fit is the pool-adjacent-violators solution with equal weights, from its min-max form (Robertson, Wright and
Dykstra 1988, theorem 1.4.4): max over j <= i of min over k >= i of the mean of points j to k. That costs the square of
the number of budgets in memory and is batched over curves.
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
