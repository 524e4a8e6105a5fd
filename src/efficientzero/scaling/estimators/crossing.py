"""The number of frames at which one agent's aggregate curve overtakes another's.

Estimator: the zero of the difference of the two isotonic fits, linear in ln frames between budgets. A crossing is only
looked for where the exponents differ, and only within the budgets observed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.monotone import isotonic
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, Resamples, exponentiated

Floats = NDArray[np.float64]


class Crossing(NamedTuple):
    """From `frames` (ALE frames, with its interval) on, `ahead` scores higher than the other agent."""

    ahead: str
    frames: Interval


def crossing(two: Curves, resampled: Resamples, exponents: Interval | Refused) -> Crossing | Refused:
    """Where the curves of two agents cross; `exponents`: ln of the ratio of their exponents.

    Refused: where the ratio is; if its interval holds 1; if the curves do not cross within the budgets, cross more than
    once, or do not in more than 5 % of the resamples.
    """
    if isinstance(exponents, Refused):
        return exponents
    first, second = two.agents
    if not exponents.excludes(0.0):
        return Refused.because("exponents alike", first=first, second=second)
    point, drawn = isotonic(two.aggregate), isotonic(resampled.aggregate)
    zeros = log_frames_of_zeros(point[0] - point[1], two.frames)
    found = zeros[np.isfinite(zeros)]
    if len(found) == 0:
        return Refused.because("no crossing", agent=first if point[0].sum() > point[1].sum() else second)
    if len(found) > 1:
        return Refused.because("crossings", first=first, second=second, count=len(found))
    every = log_frames_of_zeros(drawn[:, 0] - drawn[:, 1], two.frames)
    distance = np.where(np.isfinite(every), np.abs(every - found[0]), np.inf)
    nearest = np.take_along_axis(every, distance.argmin(-1)[:, None], -1)[:, 0]
    place = resampled.interval(float(found[0]), nearest)
    if isinstance(place, Refused):
        return Refused.because("unsure crossing", first=first, second=second)
    return Crossing(first if point[0, -1] > point[1, -1] else second, exponentiated(place))


def log_frames_of_zeros(differences: Floats, frames: Floats) -> Floats:
    """ln frames at which a difference of two curves changes its sign, one slot per pair of neighbouring budgets.

    Args:
        differences: float64 [..., budgets]. Returns float64 [..., budgets - 1], NaN where the sign stays. Budgets with
            no difference belong to the sign before them; before the first difference there is no sign to change.
    """
    signs = np.sign(differences)
    for budget in range(1, len(frames)):
        signs[..., budget] = np.where(signs[..., budget] == 0, signs[..., budget - 1], signs[..., budget])
    left, right = differences[..., :-1], differences[..., 1:]
    changes = signs[..., :-1] * signs[..., 1:] < 0
    share = np.where(changes, left / np.where(changes, left - right, 1.0), np.nan)
    x = np.log(frames)
    return x[:-1] + share * np.diff(x)
