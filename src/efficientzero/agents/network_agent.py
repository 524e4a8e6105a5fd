"""What agents with a network have in common: their state, and what it took to train them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from efficientzero.agents.flops import FlopCounter
from efficientzero.agents.interface import Measurement
from efficientzero.agents.network_state import load_network, load_optimizer, network_arrays, optimizer_arrays
from efficientzero.agents.random_streams import generator
from efficientzero.replay import Recording


@contextmanager
def initial_weights(seed: int, *updates: int) -> Iterator[None]:
    """Within it torch draws a run's initial weights, or those of later; its global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator(seed, "network", *updates).integers(2**63)))
        yield


class NetworkAgent(ABC):
    """A network and its optimiser.

    Args:
        network: initialised. seed: of every draw. device: where the network lives.
    """

    STATE: tuple[str, ...] = ("network.", "optimizer.", "updates", "flops")  # how the names of its arrays begin

    def __init__(self, network: nn.Module, *, seed: int, device: torch.device):
        self.network: Any = network.to(device)  # acts and is saved; Any: each kind of agent has a network of its own
        self.learned_network: Any = self.network  # what updates change: another one where `network` is its average
        self.seed = seed
        self.device = device
        self.updates = 0
        self.flop_counter = FlopCounter()

    @property
    @abstractmethod
    def optimizer(self) -> torch.optim.Optimizer:
        """Of the learned network's weights."""

    @property
    def flops(self) -> int:
        """See :class:`efficientzero.agents.interface.Agent`."""
        return self.flop_counter.total

    def soundness(self, recording: Recording) -> list[Measurement]:
        """Nothing, of an agent without a model; see :class:`efficientzero.agents.interface.Agent`."""
        return []

    def state(self) -> dict[str, NDArray]:
        """See :class:`efficientzero.agents.interface.Agent`."""
        arrays = self.network_state()
        arrays |= {
            f"optimizer.{name}": array for name, array in optimizer_arrays(self.learned_network, self.optimizer).items()
        }
        arrays["updates"] = np.array(self.updates, np.int64)
        arrays["flops"] = np.array(self.flops, np.int64)
        return arrays

    def restore(self, state: dict[str, NDArray]) -> None:
        """See :class:`efficientzero.agents.interface.Agent`."""
        for name in ("updates", "flops"):
            if name not in state:
                raise ValueError(f"the saved agent lacks {name}")
        for name in state:
            if not name.startswith(self.STATE):
                raise ValueError(f"the saved agent has an unknown {name}")
        self.restore_network(state)
        load_optimizer(self.learned_network, self.optimizer, state, "optimizer.")
        self.updates = int(state["updates"])
        self.flop_counter.total = int(state["flops"])

    def network_state(self) -> dict[str, NDArray]:
        """See :class:`efficientzero.agents.interface.Agent`."""
        return network_arrays(self.network, "network.")

    def restore_network(self, state: dict[str, NDArray]) -> None:
        """See :class:`efficientzero.agents.interface.Agent`."""
        load_network(self.network, state, "network.")

    @property
    def parameters(self) -> int:
        """Trainable numbers in the network."""
        return sum(weight.numel() for weight in self.network.parameters())
