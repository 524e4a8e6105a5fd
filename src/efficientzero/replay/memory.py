"""All that a run remembers of what its agent saw, did and thought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efficientzero.replay.estimates import NEVER, Estimates
from efficientzero.replay.priorities import Priorities
from efficientzero.replay.recording import ONGOING, TERMINATED, Recording


@dataclass(frozen=True)
class Decision:
    """Actions, and what they were chosen by.

    Attributes:
        action: int64 ``[batch]``. policy: float32 ``[batch, actions]``. value: float32 ``[batch]``.
        estimated: whether policy and value are estimates to learn from (a search's, say), and not only how it acted.
    """

    action: NDArray[np.int64]
    policy: NDArray[np.float32]
    value: NDArray[np.float32]
    estimated: bool


@dataclass
class Memory:
    """What agents learn from.

    Attributes:
        recording: the transitions. estimates: policy and value of each. priorities: how to sample them.
    """

    recording: Recording
    estimates: Estimates
    priorities: Priorities

    def record(
        self,
        frames: NDArray[np.uint8],
        decision: Decision,
        rewards: NDArray[np.float32],
        endings: NDArray[np.uint8],
        updates: int,
    ) -> None:
        """Adds a row: the frames acted on, the decision, and what came of it (see :class:`Recording`).

        A transition can be sampled once something after it is known: with its episode's termination or its next row.
        """
        row = self.recording.rows
        self.recording.append(frames, decision.action, rewards, endings)
        self.estimates.append(decision.policy, decision.value, updates if decision.estimated else NEVER)
        ready = np.flatnonzero(endings == TERMINATED) + row * len(endings)
        if row:
            continued = np.flatnonzero(self.recording.endings[row - 1] == ONGOING) + (row - 1) * len(endings)
            ready = np.concatenate([continued, ready])
        self.priorities.add(ready)
