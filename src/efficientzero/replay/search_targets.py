"""The search results that an agent learns from, one per recorded transition, and how old each is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEVER = -1


class SearchTargets:
    """Growing arrays, indexed by position.

    Args:
        actions: the number of actions.

    Attributes:
        policy: float32 ``[transitions, actions]``. value: float32 ``[transitions]``, the search's root value.
        searched_at: int32 ``[transitions]``, the update count at which the search was made, or ``NEVER``.
    """

    def __init__(self, actions: int):
        self._size = 0
        self._policy = np.zeros((1024, actions), np.float32)
        self._value = np.zeros(1024, np.float32)
        self._searched_at = np.full(1024, NEVER, np.int32)

    def __len__(self) -> int:
        return self._size

    policy = property(lambda self: self._policy[: self._size])
    value = property(lambda self: self._value[: self._size])
    searched_at = property(lambda self: self._searched_at[: self._size])

    def append(self, policy: NDArray[np.float32], value: NDArray[np.float32], searched_at: NDArray | int) -> None:
        """Adds targets of ``n`` new positions: policy ``[n, actions]``, value ``[n]``, searched_at ``[n]`` or one."""
        stop = self._size + len(value)
        capacity = len(self._value)
        if stop > capacity:
            while capacity < stop:
                capacity *= 2
            for name in ("_policy", "_value", "_searched_at"):
                old = getattr(self, name)
                grown = np.zeros((capacity, *old.shape[1:]), old.dtype)
                grown[: self._size] = old[: self._size]
                setattr(self, name, grown)
        self._policy[self._size : stop] = policy
        self._value[self._size : stop] = value
        self._searched_at[self._size : stop] = searched_at
        self._size = stop

    def replace(self, positions: NDArray[np.int64], policy: NDArray, value: NDArray, searched_at: int) -> None:
        """Puts newer search results in place."""
        self._policy[positions] = policy
        self._value[positions] = value
        self._searched_at[positions] = searched_at

    def stale(
        self, positions: NDArray[np.int64], updates: int, max_age: int | None, *, batch: int
    ) -> NDArray[np.int64]:
        """Those of the positions, each once and in order, whose target is missing or older than ``max_age`` updates.

        Where there are any, others that have passed half of that age follow, the oldest first, until ``batch`` is
        filled: they would be asked for soon, and many searched together cost far less than few at a time.

        Args:
            positions: int64 ``[n]``. updates: the present update count. batch: positions that are searched together.
            max_age: 0 asks for every position, each time; None leaves whatever has once been searched.
        """
        positions = np.unique(positions)
        if max_age == 0:
            return positions
        searched_at = self._searched_at[positions]
        missing = searched_at == NEVER
        needed = positions[missing if max_age is None else missing | (updates - searched_at > max_age)]
        if max_age is None or not len(needed):
            return needed
        others = self.searched_at.copy()
        others[needed] = updates
        ageing = np.flatnonzero(updates - others > max_age // 2)
        room = -len(needed) % batch
        return np.concatenate([needed, ageing[np.argsort(others[ageing], kind="stable")][:room]])
