"""What one vectorised environment step returns, and what an emulator backend must offer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Observation = NDArray[np.uint8]  # [n, channels, height, width]


@dataclass(frozen=True)
class EnvironmentStep:
    """The raw facts of one env step (= ``frame_skip`` frames) of each of ``n`` environments.

    Nothing is stacked, clipped or turned into a terminal: that is the agent's side.
    """

    observation: Observation  # uint8 [n, channels, height, width]; where an episode ended, the next one's first
    last_observation: Observation  # as `observation`, but where an episode ended, the one that this step led to
    reward: NDArray[np.float32]  # [n], the game's own
    terminated: NDArray[np.bool_]  # [n], game over; the last observation then has no future to bootstrap from
    truncated: NDArray[np.bool_]  # [n], cut by the time limit or the staggered start: bootstrap from last_observation
    life_lost: NDArray[np.bool_]  # [n], a life was lost, others remain, and the game is not over


class Emulators(Protocol):
    """``n`` games of one kind, without seeds of their own, time limits or automatic resets of ended episodes."""

    num_actions: int
    observation_shape: tuple[int, int, int]  # channels, height, width
    frame_stack: int
    frame_skip: int
    lives: NDArray[np.int64]  # [n]; 0 where a game has none
    episode_frames: NDArray[np.int64]  # [n], frames emulated since each one's reset, no-ops and early ends included

    def reset(self, mask: NDArray[np.bool_], seeds: NDArray[np.int64]) -> Observation:
        """Starts a new episode where ``mask`` [n] is true, each with its entry of ``seeds`` [n] (1 ... 2^31 - 1).

        A seed gives the same episode whatever was played before; the other games are not touched. Returns the current
        observation of all, in memory of its own. The first call must reset all.
        """
        ...

    def step(self, actions: NDArray[np.int64]) -> tuple[Observation, NDArray[np.float32], NDArray[np.bool_]]:
        """One env step of all: the observation, the reward [n], and whether the game is over [n]."""
        ...

    def replay(self, seeds: NDArray[np.int64], actions: Sequence[Sequence[int]]) -> Observation:
        """Resets all and plays each one's recorded actions, as many as each has; the observations after them.

        Raises ``ValueError`` when a game is over before its actions are.
        """
        ...
