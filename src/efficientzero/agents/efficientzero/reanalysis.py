"""Agents that keep an estimate for every recorded position, and make it anew as their network improves (reanalysis)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.agents.interface import Drift
from efficientzero.agents.random_streams import generator
from efficientzero.agents.replay_agent import ReplayAgent
from efficientzero.agents.targets import Unrolled
from efficientzero.progress import Progress
from efficientzero.replay import NEVER, Memory

ESTIMATE_BATCH = 256  # positions estimated together when there are many


@dataclass(frozen=True)
class Estimate:
    """What a network thinks of positions: policy float32 ``[batch, actions]``, value float32 ``[batch]``."""

    policy: NDArray[np.float32]
    value: NDArray[np.float32]


class ReanalysingAgent(ReplayAgent):
    """A :class:`ReplayAgent` whose targets come from estimates that are made again: by search, or by its network."""

    @abstractmethod
    def _estimate(self, network: Any, observation: NDArray[np.uint8], random: np.random.Generator) -> Estimate:
        """Estimates from stacked observations, with exploration drawn from ``random`` where there is any."""

    @abstractmethod
    def _values(self, network: Any, observation: Tensor) -> Tensor:
        """A network's own values of stacked observations, float32 ``[batch]``."""

    def _refresh(self, memory: Memory, positions: NDArray[np.int64], progress: Progress | None = None) -> None:
        """Estimates positions again with the target network and keeps the results; ``progress`` counts positions."""
        for start in range(0, len(positions), ESTIMATE_BATCH):
            some = positions[start : start + ESTIMATE_BATCH]
            random = generator(self.seed, "refresh", self.updates, start)
            observation = memory.recording.stacks(*memory.recording.locate(some))
            estimate = self._estimate(self.target_network, observation, random)
            memory.estimates.replace(some, estimate.policy, estimate.value, self.updates)
            if progress is not None:
                progress.update(len(some))

    def reanalyze(self, memory: Memory, progress: Progress) -> Drift:
        """See :class:`efficientzero.agents.interface.Agent`; also makes the target network the present one."""
        self.target_network.load_state_dict(self.network.state_dict())
        targets = memory.estimates
        old_policy, old_value, made_at = targets.policy.copy(), targets.value.copy(), targets.made_at.copy()
        self._refresh(memory, np.arange(len(memory.recording)), progress)
        had = made_at != NEVER
        return Drift(
            age=(self.updates - made_at[had]).astype(np.int64),
            policy_distance=np.abs(targets.policy - old_policy)[had].sum(axis=1) / 2.0,
            value_difference=np.abs(targets.value - old_value)[had],
        )

    def _network_values(self, memory: Memory, unrolled: Unrolled) -> NDArray[np.float32]:
        """The target network's values of the bootstrap rows, float32 ``[batch, unroll + 1]``; 0 where not needed."""
        recording = memory.recording
        values = np.zeros(unrolled.rows.shape, np.float32)
        needed = (unrolled.bootstrap_rows * recording.environments + unrolled.environments)[unrolled.bootstraps]
        unique, inverse = np.unique(needed, return_inverse=True)
        parts = [np.zeros(0, np.float32)]
        for start in range(0, len(unique), ESTIMATE_BATCH):
            observation = recording.stacks(*recording.locate(unique[start : start + ESTIMATE_BATCH]))
            with self.flop_counter.counted("value", len(observation)), torch.inference_mode(), self._autocast():
                parts.append(
                    self._values(self.target_network, torch.from_numpy(observation).to(self.device)).cpu().numpy()
                )
        values[unrolled.bootstraps] = np.concatenate(parts)[inverse]
        return values
