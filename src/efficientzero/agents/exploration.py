"""Exploration by chance: epsilon-greedy actions from action values, and random actions that are repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efficientzero.agents.interface import Acting
from efficientzero.parameters import Exploration, RepeatedActions
from efficientzero.replay import Decision


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
    action_values: NDArray[np.float32], epsilon: float, random: np.random.Generator, *, estimated: bool
) -> Decision:
    """The action of the highest value (the first of several), or with probability ``epsilon`` any action.

    Args:
        action_values: float32 ``[batch, actions]``. estimated: see :class:`Decision`.

    Returns:
        The policy of the decision is that of these very probabilities, its value the highest action value.
    """
    actions = action_values.shape[1]
    return Decision(
        action=sometimes_random(action_values.argmax(axis=1), epsilon, actions, random),
        policy=(1.0 - epsilon) * greedy_policy(action_values) + np.float32(epsilon / actions),
        value=action_values.max(axis=1),
        estimated=estimated,
    )


def sometimes_random(
    action: NDArray[np.int64], epsilon: float, actions: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """The given actions, or with probability ``epsilon`` any of the ``actions``, each as likely; int64 ``[batch]``."""
    anything = random.integers(actions, size=len(action))
    return np.where(random.random(len(action)) < epsilon, anything, action).astype(np.int64)


@dataclass
class Repetition:
    """Random actions that environments repeat in training, whatever the agent would do there.

    One random action at a time goes nowhere far: where a reward takes thirty actions alike, such play never sees one.
    Repeated for times that are mostly short and at times long, they do (epsilon-z-greedy; Dabney, Ostrovski & Barreto
    2021, "Temporally-extended epsilon-greedy exploration", section 3). With a probability p and a mean duration m the
    share of random env steps is p m / (1 - p + p m): nearly half at p = .05 with an exponent of 1.5 and at most 128.

    Attributes:
        action: int64 ``[environments]``, what is repeated.
        remaining: int64 ``[environments]``, for how many more env steps; 0: the agent's own action is taken.
    """

    action: NDArray[np.int64]
    remaining: NDArray[np.int64]

    @classmethod
    def none(cls, environments: int) -> Repetition:
        """Nothing is repeated yet."""
        return cls(np.zeros(environments, np.int64), np.zeros(environments, np.int64))

    def override(
        self, chosen: NDArray[np.int64], actions: int, settings: RepeatedActions, random: np.random.Generator
    ) -> NDArray[np.int64]:
        """The actions to take, int64 ``[environments]``: those chosen, but where one is repeated or begins to be.

        Args:
            chosen: int64 ``[environments]``. actions: how many there are.
        """
        environments = len(chosen)
        begins = (self.remaining == 0) & (random.random(environments) < settings.probability)
        anything = random.integers(actions, size=environments)
        duration = np.minimum(random.zipf(settings.duration_exponent, size=environments), settings.longest_env_steps)
        self.action = np.where(begins, anything, self.action)
        self.remaining = np.where(begins, duration, self.remaining)
        taken = np.where(self.remaining > 0, self.action, chosen)
        self.remaining = np.maximum(self.remaining - 1, 0)
        return taken
