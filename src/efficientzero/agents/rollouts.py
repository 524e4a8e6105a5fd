"""The rollouts that an on-policy agent learns from.

The recording is cut into rollouts of ``rollout_steps`` rows, one for each update, which is what the field calls an
iteration: some epochs of minibatches. The newest row has nothing after it yet to bootstrap from, so each cut is made
before it: it lends its value to the rollout that ends there, and opens the next one. Hence every transition but those
of the newest row is in just one rollout, and the first rollout is a row shorter than the others.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import RolloutBuffer

from efficientzero.replay import ONGOING, TRUNCATED, Memory


def rollout_rows(rollout: int, rollout_steps: int) -> range:
    """The rows of the recording that make up a rollout; the row after the last is bootstrapped from."""
    return range(max(rollout * rollout_steps - 1, 0), (rollout + 1) * rollout_steps - 1)


def rollout_of(update: int, rollouts: int) -> int:
    """Which of the whole rollouts an update learns from.

    Each in its turn; once there is no new one, again from the newest back to the oldest, and over again.

    Args:
        update: updates made before this one. rollouts: how many are whole.

    Raises:
        ValueError: there is none.
    """
    if rollouts == 0:
        raise ValueError("PPO has no whole rollout to learn from yet; a smaller rollout_steps gives an earlier one")
    return update if update < rollouts else rollouts - 1 - (update - rollouts) % rollouts


def fill(buffer: RolloutBuffer, memory: Memory, rows: range, values: NDArray[np.float32]) -> None:
    """Fills an empty buffer with rows of the recording, and computes their advantages and returns.

    These are generalised advantage estimates (Schulman et al. 2016, equation 16), and lambda-returns for the value.
    Nothing is bootstrapped past a termination. What a truncation cut off was never seen, so that, as in
    :mod:`efficientzero.agents.targets`, the episode's last row has no target: its value stands for all that follows it,
    its own reward included. Its advantage is zero (until a minibatch's are normalised), its return is its value, and
    rows before it bootstrap from it.

    Args:
        buffer: of ``len(rows)`` rows. memory: also holds the policy that each action was drawn from.
        rows: consecutive. values: float32 ``[len(rows) + 1, environments]``, of the rows and the one after them.
    """
    recording = memory.recording
    environments = np.arange(recording.environments)
    for index, row in enumerate(rows):
        action = recording.actions[row].astype(np.int64)
        policy = memory.estimates.policy[row * recording.environments + environments, action]
        before = recording.endings[row - 1] if row else None
        buffer.add(
            recording.stacks(np.full_like(environments, row), environments),
            action,
            np.where(recording.endings[row] == TRUNCATED, values[index], recording.rewards[row]),
            np.ones(len(environments)) if before is None else before != ONGOING,
            torch.from_numpy(values[index]),
            torch.from_numpy(np.log(policy)),
        )
    buffer.compute_returns_and_advantage(torch.from_numpy(values[-1]), recording.endings[rows[-1]] != ONGOING)
