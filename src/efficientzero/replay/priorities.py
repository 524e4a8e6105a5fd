"""Which transitions to learn from: proportional prioritised sampling (Schaul et al. 2016), uniform at exponent 0."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from efficientzero.compiled.sum_tree import SumTree


class Priorities:
    """A priority for each recorded position; 0 until the position can be learned from.

    Args:
        exponent: sampling is in proportion to priority ** exponent.
    """

    def __init__(self, exponent: float):
        self.exponent = exponent
        self.highest = 1.0  # new positions begin here (before the exponent)
        self._tree = SumTree(1024)
        self._size = 0  # positions that have a nonzero priority

    def add(self, positions: NDArray[np.int64]) -> None:
        """Makes positions available, at the highest priority given so far."""
        self._set(positions, np.full(len(positions), self.highest))

    def update(self, positions: NDArray[np.int64], errors: NDArray) -> None:
        """Sets priorities from absolute errors, ``[n]``; a tiny amount is added so that none is lost for ever."""
        priorities = np.abs(errors).astype(np.float64) + 1e-6
        self.highest = max(self.highest, float(priorities.max(initial=0.0)))
        self._set(positions, priorities)

    def _set(self, positions: NDArray[np.int64], priorities: NDArray[np.float64]) -> None:
        needed = int(positions.max(initial=-1)) + 1
        if needed > self._tree.leaves:
            kept = self._tree.priorities
            self._tree = SumTree(needed)
            self._tree.update(np.arange(len(kept)), kept)
        self._size = max(self._size, needed)
        self._tree.update(np.ascontiguousarray(positions, np.int64), priorities**self.exponent)

    def sample(
        self, size: int, correction: float, random: np.random.Generator, *, recency: float = 0.0
    ) -> tuple[NDArray, NDArray]:
        """Draws a stratified batch.

        Args:
            size: how many. correction: the importance-sampling exponent beta.
            recency: a position is drawn in proportion to its rank in age, 1 for the oldest, to this power too. Of a
                replay that grows, whatever came early has been drawn most by the end, and what is new and matters,
                once or twice; with 1 the last tenth is drawn nearly twice as often (compare Wang & Ross 2019,
                "Boosting soft actor-critic: emphasizing recent experience without forgetting the past"). The weights
                are not to undo that, so they know nothing of it.

        Returns:
            positions int64 ``[size]``, and weights float32 ``[size]``: (1 / probability) ** beta over their largest.
        """
        uniforms = ((np.arange(size) + random.random(size)) / size) ** (1.0 / (1.0 + recency))
        positions = self._tree.sample(np.minimum(uniforms, np.nextafter(1.0, 0.0)))
        weights = self._tree.priorities[positions] ** -correction
        return positions, (weights / weights.max()).astype(np.float32)

    def state(self) -> tuple[NDArray[np.float64], float]:
        """Everything: priorities after the exponent, float64 ``[positions]``, and the highest before it."""
        return self._tree.priorities[: self._size].copy(), self.highest

    def restore(self, priorities: NDArray[np.float64], highest: float) -> None:
        """The inverse of :meth:`state`, into a new object."""
        self.highest = highest
        self._size = len(priorities)
        self._tree = SumTree(max(1024, len(priorities)))
        self._tree.update(np.arange(len(priorities)), np.ascontiguousarray(priorities, np.float64))
