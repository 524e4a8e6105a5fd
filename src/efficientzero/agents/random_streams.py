"""Named streams of random numbers that need no saved state.

Every random draw of a run comes from ``generator(seed, purpose, counter)``, where the counter is something the run
counts anyway (its env steps, its updates). A resumed run therefore draws what the uninterrupted one would have drawn.
"""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, purpose: str, *counters: int) -> np.random.Generator:
    """A NumPy generator that is a pure function of its arguments.

    Args:
        seed: the run's seed, a non-negative integer.
        purpose: what the numbers are for, such as ``"act"``; different purposes are independent streams.
        counters: non-negative integers that place the draw within the run.
    """
    return np.random.default_rng(np.random.SeedSequence((seed, zlib.crc32(purpose.encode()), *counters)))
