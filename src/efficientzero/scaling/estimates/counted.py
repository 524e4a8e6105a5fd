"""Location statistics of values that count several times each, as in a bootstrap; batched over its resamples.

With whole counts they equal the statistics of the list in which every value stands that often.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TRIM = 0.25


def interquartile_mean(values: Floats, counts: Floats) -> Floats:
    """The mean of what is left after a quarter of the values, rounded down, is cut at either end; float64 [...].

    That is rliable's IQM, `scipy.stats.trim_mean(values, 0.25)` (Agarwal et al. 2021, arXiv:2108.13264).

    Args:
        values: float64 [n] or [..., n], finite where they count. counts: float64 [..., n], whole.
    """
    values, counts = np.broadcast_arrays(values, counts)
    order = np.argsort(values, axis=-1)
    values, counts = np.take_along_axis(values, order, -1), np.take_along_axis(counts, order, -1)
    ends = np.cumsum(counts, -1)
    total = ends[..., -1:]
    cut = np.floor(TRIM * total)
    inside = np.clip(ends, cut, total - cut)
    kept = np.diff(inside, axis=-1, prepend=cut)
    return (kept * np.where(kept > 0, values, 0.0)).sum(-1) / kept.sum(-1)


def median(values: Floats, counts: Floats) -> Floats:
    """The median, of an even number of values the mean of the middle two; arguments as for `interquartile_mean`."""
    values, counts = np.broadcast_arrays(values, counts)
    order = np.argsort(values, axis=-1)
    values, counts = np.take_along_axis(values, order, -1), np.take_along_axis(counts, order, -1)
    ends = np.cumsum(counts, -1)
    total = ends[..., -1:]
    low, high = (np.argmax(ends > place, axis=-1)[..., None] for place in ((total - 1) // 2, total // 2))
    return (np.take_along_axis(values, low, -1) + np.take_along_axis(values, high, -1))[..., 0] / 2
