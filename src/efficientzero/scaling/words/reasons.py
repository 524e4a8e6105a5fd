"""In words, how a curve runs that does not rise enough for what is asked of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-9  # of z


def without_rise(agent: str, curve: NDArray[np.float64]) -> str:
    """A clause about an aggregate curve [budgets] of z: at the ceiling or at random play throughout, falling, flat."""
    if curve.min() >= 1.0 - ROUNDING:
        return f"the curve of {agent} is at the ceiling from the first budget on"
    if curve.max() <= ROUNDING:
        return f"the curve of {agent} is no better than random play at any budget"
    ends = f"from {curve[0]:.3f} in z at the first budget to {curve[-1]:.3f} at the last"
    if curve[-1] < curve[0] - ROUNDING:
        return f"the curve of {agent} falls, {ends}"
    return f"the curve of {agent} is flat, {ends}"
