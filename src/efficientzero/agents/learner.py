"""What agents that learn one network from a replay have in common: the parts that their updates are made of."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from efficientzero.agents.flops import FlopCounter
from efficientzero.agents.interface import Acting, EnvironmentSpecification
from efficientzero.agents.optimizer import new_optimizer
from efficientzero.agents.random_streams import generator, initial_weights
from efficientzero.agents.state import agent_arrays, load_network, network_arrays, restore_agent, weight_count
from efficientzero.networks import shifted_cells
from efficientzero.parameters import Learning, UnrolledLearning
from efficientzero.replay import TERMINATED, Memory

Loss = tuple[Tensor, dict[str, float], NDArray[np.float32]]
"""The loss of a batch, metrics worth plotting, and the priority of each position ``[batch]``."""


def cells_shift(learning: Learning, specification: EnvironmentSpecification) -> int:
    """By how many cells dense layers of policy and values see their inputs shifted; images are shifted themselves."""
    return 0 if specification.images else learning.grid_shift


class Learner(ABC):
    """A network, the target network that its targets are made with, and how both change.

    An update is an agent's ``learn``, of these parts: :meth:`begin_update`, :meth:`draw`, the agent's own batch and
    loss, and :meth:`descend`.

    Args:
        learning: how to learn. new_network: makes one, initialised; its ``HEADS`` name the parts that may begin anew.
        specification: of the environments it plays in.
        seed: of every draw. device: where the networks live.
        prioritised: whether ``learning.priority_exponent`` holds, or positions are sampled uniformly.

    Attributes:
        network: acts and is saved. learned_network: what updates change; another one where ``network`` is its average.
        (Any: each kind of agent has a network of its own.)
    """

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
        self.learning = learning
        self.seed = seed
        self.device = device
        self.actions = specification.actions
        self.unroll_steps = learning.unroll_steps if isinstance(learning, UnrolledLearning) else 1
        self.shift = learning.augmentation_shift if specification.images else 0
        self.priority_exponent = learning.priority_exponent if prioritised else 0.0
        self.updates = 0
        self.flop_counter = FlopCounter()
        self.new_network = new_network
        with initial_weights(seed):
            self.network: Any = new_network().to(device)
        self.learned_network: Any = self.network
        self.target_network: Any = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.networks = {"network": self.network, "target_network": self.target_network}
        if learning.average_decay > 0.0:
            self.learned_network = self.networks["learned_network"] = copy.deepcopy(self.network)
            self.network.eval().requires_grad_(False)

    @cached_property
    def optimizer(self) -> torch.optim.Optimizer:
        """Made on first use: an agent that only acts needs none."""
        return new_optimizer(self.learning, self.learned_network.parameters())

    def autocast(self) -> torch.autocast:
        """In which every forward pass is made."""
        enabled = self.learning.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=enabled)

    @property
    def flops(self) -> int:
        return self.flop_counter.total

    @property
    def weight_count(self) -> int:
        return weight_count(self.network)

    # An update

    def updates_due(self, env_steps: int) -> int:
        return int(self.learning.updates_per_env_step * env_steps)

    @abstractmethod
    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """One update."""

    def begin_update(self, *, finishing: bool) -> None:
        """Begins the heads anew where it is time, unless nothing comes after these updates."""
        if not finishing and self.updates == self._last_reset():
            self._reset_heads()

    def draw(self, memory: Memory) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
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
        done = min(self.updates / learning.priority_correction_updates, 1.0)
        positions, weights = memory.priorities.sample(
            learning.batch_size - len(before),
            learning.priority_correction + (1.0 - learning.priority_correction) * done,
            generator(self.seed, "sample", self.updates),
            recency=learning.recency,
        )
        return np.concatenate([positions, before]), np.concatenate([weights, np.ones(len(before), np.float32)])

    def descend(
        self,
        memory: Memory,
        positions: NDArray[np.int64],
        loss: Callable[[], Loss],
        learning_rate_factor: float,
        *,
        finishing: bool,
    ) -> dict[str, float]:
        """One step of the optimiser, and what follows it: the weights' average, priorities, the target network.

        Args:
            positions: those learned from. loss: computes it, by the learned network.

        Returns:
            The loss's metrics, with the norm of its gradient.

        Raises:
            FloatingPointError: the gradient is not finite.
        """
        learning = self.learning
        warmup = min(1.0, (self.updates + 1) / max(learning.warmup_updates, 1))
        for group in self.optimizer.param_groups:
            group["lr"] = learning.learning_rate * warmup * learning_rate_factor
        self.learned_network.train()
        self.optimizer.zero_grad(set_to_none=True)
        with self.flop_counter.counted("update"):
            with self.autocast(), shifted_cells(self.learned_network, generator(self.seed, "shift", self.updates)):
                value, metrics, priorities = loss()
            value.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.learned_network.parameters(), learning.max_gradient_norm)
        if not torch.isfinite(norm):
            raise FloatingPointError(
                f"the gradient is not finite at update {self.updates}; a lower learning_rate or float32 may help"
            )
        self.optimizer.step()
        if self.learned_network is not self.network:
            self._average()
        if self.priority_exponent > 0.0:
            memory.priorities.update(positions, priorities)
        self.updates += 1
        if self.updates % learning.target_network_interval == 0 and (finishing or not self._relearning()):
            self.renew_target_network()
        return {**metrics, "gradient_norm": float(norm)}

    def renew_target_network(self) -> None:
        """Makes it the present one."""
        self.target_network.load_state_dict(self.network.state_dict())

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

    # Heads that begin anew

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

    def acting_network(self, mode: Acting) -> Any:
        """The network to act by."""
        return self.target_network if mode == "training" and self._relearning() else self.network

    def _reset_heads(self) -> None:
        """Draws the heads' weights anew, without moments; the rest of the network stays, and the old one as target.

        What was learned from the first few games is learned too well, and what is later goes against it (Nikishin et
        al. 2022, "The Primacy Bias in Deep Reinforcement Learning").
        """
        self.renew_target_network()
        with initial_weights(self.seed, self.updates):
            new = self.new_network()
        for network in {self.network, self.learned_network}:
            for name in network.HEADS:
                head = getattr(network, name)
                if head is not None:
                    head.load_state_dict(getattr(new, name).state_dict())
                    for weight in head.parameters():
                        self.optimizer.state.pop(weight, None)

    # State

    def state(self) -> dict[str, NDArray]:
        return agent_arrays(self.networks, self.learned_network, self.optimizer, self.updates, self.flops)

    def restore(self, state: dict[str, NDArray]) -> None:
        counts = restore_agent(state, self.networks, self.learned_network, self.optimizer)
        self.updates, self.flop_counter.total = counts

    def network_state(self) -> dict[str, NDArray]:
        return network_arrays(self.network, "network.")

    def restore_network(self, state: dict[str, NDArray]) -> None:
        load_network(self.network, state, "network.")
