"""The uniformly random agent: the floor of every comparison, and the policy of the warm-up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from efficientzero.agents.interface import Acting, Measurement
from efficientzero.progress import Progress
from efficientzero.replay import Decision, Memory, Recording


class RandomAgent:
    """Uniformly random actions; it learns nothing.

    Args:
        actions: the number of actions.
    """

    updates = 0
    priority_exponent = 0.0
    metrics_every = 1
    weight_count = 0
    flops = 0

    def __init__(self, actions: int):
        self.actions = actions

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        batch = len(observation)
        return Decision(
            action=random.integers(self.actions, size=batch),
            policy=np.full((batch, self.actions), 1.0 / self.actions, np.float32),
            value=np.zeros(batch, np.float32),
            estimated=False,
        )

    def updates_due(self, env_steps: int) -> int:
        """None."""
        return 0

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """Nothing to learn."""
        return {}

    def reanalyze(self, memory: Memory, progress: Progress) -> None:
        """Nothing to search."""

    def soundness(self, recording: Recording) -> list[Measurement]:
        """Nothing to measure."""
        return []

    def state(self) -> dict[str, NDArray]:
        """Nothing but the count of actions, by which a foreign state is recognised."""
        return self.network_state()

    def restore(self, state: dict[str, NDArray]) -> None:
        self.restore_network(state)

    def network_state(self) -> dict[str, NDArray]:
        return {"actions": np.array(self.actions, np.int64)}

    def restore_network(self, state: dict[str, NDArray]) -> None:
        if "actions" not in state or int(state["actions"]) != self.actions:
            raise ValueError(f"not the state of a random agent with {self.actions} actions")
