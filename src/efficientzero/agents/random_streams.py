"""Named streams of random numbers that need no saved state.

Every random draw of a run comes from ``generator(seed, purpose, counter)``, where the counter is something the run
counts anyway (its env steps, its updates). A resumed run therefore draws what the uninterrupted one would have drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def generator(seed: int, purpose: str, *counters: int) -> np.random.Generator:
    """A NumPy generator that is a pure function of its arguments.

    Args:
        seed: the run's seed, a non-negative integer.
        purpose: what the numbers are for, such as ``"act"``; different purposes are independent streams.
        counters: non-negative integers that place the draw within the run.
    """
    return np.random.default_rng(np.random.SeedSequence((seed, zlib.crc32(purpose.encode()), *counters)))


@contextmanager
def initial_weights(seed: int, *updates: int) -> Iterator[None]:
    """Within it torch draws a run's initial weights, or those of later; its global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(seed, "network", *updates).integers(2**63)))
        yield
