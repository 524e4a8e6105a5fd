"""The number of frames at which one agent's aggregate curve overtakes another's.

Estimator: the zero of the difference of the two isotonic fits, linear in ln frames between budgets. A crossing is only
looked for where the exponents differ, and only within the budgets observed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.monotone import isotonic
from efficientzero.scaling.estimators.transform_free import ExponentRatio, pair
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, Resamples, exponentiated, interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Crossing:
    """From `frames` (ALE frames, with its interval) on, `ahead` scores higher than `behind`."""

    ahead: str
    behind: str
    frames: Interval


def crossing(
    curves: Curves,
    resampled: Resamples | Refused,
    exponents: ExponentRatio | Refused,
    confidence: float = 0.95,
) -> Crossing | Refused:
    """Where the curves of the two agents of `exponents` cross.

    Refused: where either input is; if the interval of the exponent ratio holds 1; if the curves do not cross within the
    budgets, cross more than once, or do not in more than 5 % of the resamples.
    """
    if isinstance(resampled, Refused):
        return resampled
    if isinstance(exponents, Refused):
        return exponents
    first, second = exponents.first, exponents.second
    if not exponents.log_ratio.excludes(0.0):
        return Refused(f"the exponents of {first} and {second} cannot be told apart, so nothing says that they cross")
    point, drawn = (isotonic(curve) for curve in pair(curves, resampled, first, second))
    zeros = log_frames_of_zeros(point[0] - point[1], curves.frames)
    found = zeros[np.isfinite(zeros)]
    if len(found) == 0:
        higher = first if point[0].sum() > point[1].sum() else second
        return Refused(f"{higher} is ahead at every budget observed; a crossing beyond them would be a guess")
    if len(found) > 1:
        return Refused(f"{first} and {second} cross {len(found)} times within the budgets observed, not once")
    every = log_frames_of_zeros(drawn[:, 0] - drawn[:, 1], curves.frames)
    distance = np.where(np.isfinite(every), np.abs(every - found[0]), np.inf)
    nearest = np.take_along_axis(every, distance.argmin(-1)[:, None], -1)[:, 0]
    place = interval(float(found[0]), nearest, resampled.inflation, resampled.df, confidence)
    if isinstance(place, Refused):
        return Refused(f"with other seeds or games {first} and {second} might not cross within the budgets observed")
    ahead, behind = (first, second) if point[0, -1] > point[1, -1] else (second, first)
    return Crossing(ahead, behind, exponentiated(place))


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
