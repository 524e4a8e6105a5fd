"""What an agent made of each recorded position: a policy and a value, and how old they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from efficientzero.replay.recording import with_room

NEVER = -1
FIRST_POSITIONS = 1024


class Estimates:
    """Growing arrays, indexed by position: what a search found, or a network says, or only how the agent acted.

    Args:
        actions: the number of actions.

    Attributes:
        policy: float32 ``[positions, actions]``. value: float32 ``[positions]``.
        made_at: int32 ``[positions]``, the update count at which they were made, or ``NEVER``: not to be learned from.
    """

    def __init__(self, actions: int):
        self._size = 0
        self._policy = np.zeros((FIRST_POSITIONS, actions), np.float32)
        self._value = np.zeros(FIRST_POSITIONS, np.float32)
        self._made_at = np.full(FIRST_POSITIONS, NEVER, np.int32)

    def __len__(self) -> int:
        return self._size

    policy = property(lambda self: self._policy[: self._size])
    value = property(lambda self: self._value[: self._size])
    made_at = property(lambda self: self._made_at[: self._size])

    def append(self, policy: NDArray[np.float32], value: NDArray[np.float32], made_at: NDArray | int) -> None:
        """Adds those of ``n`` new positions: policy ``[n, actions]``, value ``[n]``, made_at ``[n]`` or one."""
        new = slice(self._size, self._size + len(value))
        for name in ("_policy", "_value", "_made_at"):
            setattr(self, name, with_room(getattr(self, name), new.stop))
        self._policy[new], self._value[new], self._made_at[new] = policy, value, made_at
        self._size = new.stop

    def replace(self, positions: NDArray[np.int64], policy: NDArray, value: NDArray, made_at: int) -> None:
        """Puts newer ones in place."""
        self._policy[positions], self._value[positions], self._made_at[positions] = policy, value, made_at

    def stale(
        self, positions: NDArray[np.int64], updates: int, max_age: int | None, *, batch: int
    ) -> NDArray[np.int64]:
        """Those of the positions, each once and in order, whose estimate is missing or older than ``max_age`` updates.

        Where there are any, others that have passed half of that age follow, the oldest first, until ``batch`` is
        filled: they would be asked for soon, and many searched together cost far less than few at a time.

        Args:
            positions: int64 ``[n]``. updates: the present update count. batch: positions that are searched together.
            max_age: 0 asks for every position, each time; None leaves whatever has once been searched.
        """
        positions = np.unique(positions)
        if max_age == 0:
            return positions
        made_at = self._made_at[positions]
        missing = made_at == NEVER
        needed = positions[missing if max_age is None else missing | (updates - made_at > max_age)]
        if max_age is None or not len(needed):
            return needed
        others = self.made_at.copy()
        others[needed] = updates
        ageing = np.flatnonzero(updates - others > max_age // 2)
        room = -len(needed) % batch
        return np.concatenate([needed, ageing[np.argsort(others[ageing], kind="stable")][:room]])
