"""Large buffers kept for the next search, because allocating them anew costs more than a small search."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Buffer = TypeVar("Buffer")


class IdleBuffers(Generic[Buffer]):
    """The ``kept`` buffers used last, by key. Whoever takes one has it alone until it is given back."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._buffers: OrderedDict[Hashable, Buffer] = OrderedDict()
        self._lock = Lock()

    def take(self, key: Hashable) -> Buffer | None:
        """A buffer that was given back under this key, or None."""
        with self._lock:
            return self._buffers.pop(key, None)

    def give_back(self, key: Hashable, buffer: Buffer) -> None:
        """Keep a buffer for the next taker; the one unused for longest is dropped when there are too many."""
        with self._lock:
            self._buffers[key] = buffer
            self._buffers.move_to_end(key)
            while len(self._buffers) > self._kept:
                self._buffers.popitem(last=False)
