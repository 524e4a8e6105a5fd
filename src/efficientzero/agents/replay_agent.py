"""What agents that learn one network from a replay have in common: an update."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from efficientzero.agents.interface import Acting, EnvironmentSpecification
from efficientzero.agents.network_agent import NetworkAgent, initial_weights
from efficientzero.agents.network_state import load_network, network_arrays
from efficientzero.agents.optimizer import new_optimizer
from efficientzero.agents.random_streams import generator
from efficientzero.networks import shifted_cells
from efficientzero.parameters import Learning, UnrolledLearning
from efficientzero.replay import TERMINATED, Memory


def cells_shift(learning: Learning, specification: EnvironmentSpecification) -> int:
    """By how many cells dense layers of policy and values see their inputs shifted; images are shifted themselves."""
    return 0 if specification.images else learning.grid_shift


class ReplayAgent(NetworkAgent):
    """Samples transitions by their priorities, makes targets with a target network, and takes a step down a loss.

    Args:
        learning: how to learn. new_network: makes one, initialised; its ``HEADS`` name the parts that may begin anew.
        specification: of the environments it plays in.
        seed: of every draw. device: where the network lives.
        prioritised: whether ``learning.priority_exponent`` holds, or positions are sampled uniformly.
    """

    STATE = (*NetworkAgent.STATE, "target_network.")
    metrics_every = 25

    def __init__(
        self,
        learning: Learning,
        new_network: Callable[[], nn.Module],
        specification: EnvironmentSpecification,
        *,
        seed: int,
        device: torch.device,
        prioritised: bool = True,
    ):
        with initial_weights(seed):
            super().__init__(new_network(), seed=seed, device=device)
        self.new_network = new_network
        self.learning = learning
        self.unroll_steps = learning.unroll_steps if isinstance(learning, UnrolledLearning) else 1
        self.actions = specification.actions
        self.shift = learning.augmentation_shift if specification.images else 0
        self.priority_exponent = learning.priority_exponent if prioritised else 0.0
        self.target_network: Any = copy.deepcopy(self.network).eval().requires_grad_(False)
        if learning.average_decay > 0.0:
            self.learned_network = copy.deepcopy(self.network)
            self.network.eval().requires_grad_(False)
            self.STATE = (*self.STATE, "learned_network.")

    @cached_property
    def optimizer(self) -> torch.optim.Optimizer:
        """Made on first use: an agent that only acts needs none."""
        return new_optimizer(self.learning, self.learned_network.parameters())

    def _autocast(self) -> torch.autocast:
        enabled = self.learning.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=enabled)

    def updates_due(self, env_steps: int) -> int:
        """See :class:`efficientzero.agents.interface.Agent`."""
        return int(self.learning.updates_per_env_step * env_steps)

    def _last_reset(self) -> int | None:
        """The number of updates at which the heads began anew last, or are to now; None before the first time."""
        first = self.learning.head_resets.first_env_steps
        if first is None or self.updates < self.updates_due(first):
            return None
        while self.updates_due(2 * first) <= self.updates:
            first *= 2
        return self.updates_due(first)

    def _relearning(self) -> bool:
        """Whether heads are so new that the target network, which keeps the old ones, acts and stays as it is."""
        last = self._last_reset()
        return last is not None and 0 < self.updates - last <= self.learning.head_resets.hold_updates

    def _acting_network(self, mode: Acting) -> Any:
        return self.target_network if mode == "training" and self._relearning() else self.network

    def _reset_heads(self) -> None:
        """Draws the heads' weights anew, without moments; the rest of the network stays, and the old one as target.

        What was learned from the first few games is learned too well, and what is later goes against it (Nikishin et
        al. 2022, "The Primacy Bias in Deep Reinforcement Learning").
        """
        self.target_network.load_state_dict(self.network.state_dict())
        with initial_weights(self.seed, self.updates):
            new = self.new_network()
        for network in {self.network, self.learned_network}:
            for name in network.HEADS:
                head = getattr(network, name)
                if head is not None:
                    head.load_state_dict(getattr(new, name).state_dict())
                    for weight in head.parameters():
                        self.optimizer.state.pop(weight, None)

    @torch.no_grad()
    def _average(self) -> None:
        """Moves the network towards the learned one: a mean of all so far, until an exponential one spans fewer.

        Running statistics of batch normalisation are those of the learned weights: nearly its own.
        """
        weights, learned = list(self.network.parameters()), list(self.learned_network.parameters())
        torch._foreach_lerp_(weights, learned, max(1.0 - self.learning.average_decay, 1.0 / (self.updates + 1)))
        saved = self.learned_network.state_dict()  # without noise, of which each network draws its own
        for name, statistic in self.network.named_buffers():
            if name in saved:
                statistic.copy_(saved[name])

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """See :class:`efficientzero.agents.interface.Agent`."""
        learning = self.learning
        if not finishing and self.updates == self._last_reset():
            self._reset_heads()
        done = min(self.updates / learning.priority_correction_updates, 1.0)
        correction = learning.priority_correction + (1.0 - learning.priority_correction) * done
        positions, weights = self._draw(memory, correction)
        batch, more = self._batch(memory, positions, weights)
        warmup = min(1.0, (self.updates + 1) / max(learning.warmup_updates, 1))
        for group in self.optimizer.param_groups:
            group["lr"] = learning.learning_rate * warmup * learning_rate_factor
        self.learned_network.train()
        self.optimizer.zero_grad(set_to_none=True)
        with self.flop_counter.counted("update"):
            with self._autocast(), shifted_cells(self.learned_network, generator(self.seed, "shift", self.updates)):
                loss, figures, errors = self._loss(batch)
            loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.learned_network.parameters(), learning.max_gradient_norm)
        if not torch.isfinite(norm):
            raise FloatingPointError(
                f"the gradient is not finite at update {self.updates}; a lower learning_rate or float32 may help"
            )
        self.optimizer.step()
        if self.learned_network is not self.network:
            self._average()
        if self.priority_exponent > 0.0:
            memory.priorities.update(positions, errors)
        self.updates += 1
        if self.updates % learning.target_network_interval == 0 and (finishing or not self._relearning()):
            self.target_network.load_state_dict(self.network.state_dict())
        return {**figures, "gradient_norm": float(norm), **more}

    def _draw(self, memory: Memory, correction: float) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Positions to learn from, and their weights: some before events, with weight 1, others by priority.

        Terminations are rare, in some games rewards too, and what an agent must know is which action leads to one.
        """
        learning, recording = self.learning, memory.recording
        shares = (
            ("terminations", learning.termination_fraction, lambda: recording.endings == TERMINATED),
            ("rewards", learning.reward_fraction, lambda: (recording.rewards != 0) & recording.followed),
        )
        before = np.zeros(0, np.int64)
        for name, share, events in shares:
            if share:
                random = generator(self.seed, name, self.updates)
                drawn = recording.before(events(), learning.positions(share), self.unroll_steps, random)
                before = np.concatenate([before, drawn])
        positions, weights = memory.priorities.sample(
            learning.batch_size - len(before),
            correction,
            generator(self.seed, "sample", self.updates),
            recency=learning.recency,
        )
        return np.concatenate([positions, before]), np.concatenate([weights, np.ones(len(before), np.float32)])

    @abstractmethod
    def _batch(
        self, memory: Memory, positions: NDArray[np.int64], weights: NDArray[np.float32]
    ) -> tuple[Any, dict[str, float]]:
        """Observations and targets of the sampled positions, and figures worth plotting."""

    @abstractmethod
    def _loss(self, batch: Any) -> tuple[Tensor, dict[str, float], NDArray[np.float32]]:
        """The loss of a batch, figures worth plotting, and the priority of each position ``[batch]``."""

    def state(self) -> dict[str, NDArray]:
        """See :class:`efficientzero.agents.interface.Agent`."""
        arrays = super().state() | network_arrays(self.target_network, "target_network.")
        if self.learned_network is not self.network:
            arrays |= network_arrays(self.learned_network, "learned_network.")
        return arrays

    def restore(self, state: dict[str, NDArray]) -> None:
        """See :class:`efficientzero.agents.interface.Agent`."""
        super().restore(state)
        load_network(self.target_network, state, "target_network.")
        if self.learned_network is not self.network:
            load_network(self.learned_network, state, "learned_network.")
