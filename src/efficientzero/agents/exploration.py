"""Epsilon-greedy actions from action values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from efficientzero.agents.interface import Acting, Decision
from efficientzero.parameters import Exploration


def epsilon_at(settings: Exploration, env_steps: int, mode: Acting) -> float:
    """The probability of a uniformly random action after ``env_steps`` of training, or in evaluation."""
    if mode != "training":
        return settings.evaluation_epsilon
    done = min(env_steps / settings.decay_env_steps, 1.0)
    return settings.first_epsilon + done * (settings.last_epsilon - settings.first_epsilon)


def greedy_policy(action_values: NDArray[np.float32]) -> NDArray[np.float32]:
    """All probability on the highest of the values (the first of several), float32 ``[batch, actions]``."""
    return np.eye(action_values.shape[1], dtype=np.float32)[action_values.argmax(axis=1)]


def epsilon_greedy(
    action_values: NDArray[np.float32], epsilon: float, random: np.random.Generator, *, searched: bool
) -> Decision:
    """The action of the highest value (the first of several), or with probability ``epsilon`` any action.

    Args:
        action_values: float32 ``[batch, actions]``. searched: see :class:`Decision`.

    Returns:
        The policy of the decision is that of these very probabilities, its value the highest action value.
    """
    batch, actions = action_values.shape
    anything = random.integers(actions, size=batch)
    return Decision(
        action=np.where(random.random(batch) < epsilon, anything, action_values.argmax(axis=1)).astype(np.int64),
        policy=(1.0 - epsilon) * greedy_policy(action_values) + np.float32(epsilon / actions),
        value=action_values.max(axis=1),
        searched=searched,
    )
