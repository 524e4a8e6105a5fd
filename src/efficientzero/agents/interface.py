"""What every agent does: act, learn, reanalyze, and hand over its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from efficientzero.progress import Progress
from efficientzero.records.instruments import Measurement
from efficientzero.replay import Decision, Memory, Recording

Acting = Literal["training", "sampled", "best"]
# Of a network, as in torch: acting and search use the former, losses the latter.
Mode = Literal["evaluation", "training"]


@dataclass(frozen=True)
class EnvironmentSpecification:
    """What an agent has to know of the environments it plays in.

    Attributes:
        observation_shape: ``(channels, height, width)`` of one frame. frame_stack: frames stacked as its input.
        actions: the number of actions. environments: how many record together in training.
        images: whether observations are pictures, which may be shifted to augment them; object grids may not.
    """

    observation_shape: tuple[int, int, int]
    frame_stack: int
    actions: int
    environments: int
    images: bool

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """``(stacked channels, height, width)``."""
        channels, height, width = self.observation_shape
        return self.frame_stack * channels, height, width


@dataclass(frozen=True)
class Drift:
    """How far old estimates were from those that the present network makes of the same positions.

    Attributes:
        age: int64 ``[n]``, updates since the old one. policy_distance: float32 ``[n]``, total variation between the
            two policies, in [0, 1]. value_difference: float32 ``[n]``, |new - old| of the root value.

    Searches have root noise, each its own, so with them neither is zero even where the network is the same.
    """

    age: NDArray[np.int64]
    policy_distance: NDArray[np.float32]
    value_difference: NDArray[np.float32]


class Agent(Protocol):
    """An agent that learns from a :class:`Memory`; it owns its network, optimiser and update count.

    What a method does is said here; in an agent, only what it does besides.
    """

    updates: int
    priority_exponent: float  # of the replay it learns from
    metrics_every: int  # updates between two whose metrics are kept

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        """Chooses actions.

        Args:
            observation: uint8 ``[batch, stacked channels, height, width]``.
            random: where whatever is random is drawn from.
            env_steps: what the agent has been trained with; schedules go by it.
            mode: ``training``: with all exploration. ``sampled``: drawn from the policy that training acts by, without
                what training adds to it for exploration alone (its epsilon). ``best``: the best action. In both of
                these an agent has the epsilon of evaluation (``exploration.evaluation_epsilon``), if it has one.
        """

    def updates_due(self, env_steps: int) -> int:
        """Updates that the agent has to have made when its run has ``env_steps``."""

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """One update; returns metrics worth plotting, such as losses.

        Args:
            memory: what to learn from. learning_rate_factor: of the learning rate.
            finishing: nothing comes after the last of these updates, so nothing may begin anew.
        """

    def reanalyze(self, memory: Memory, progress: Progress) -> Drift | None:
        """Makes the estimate of every recorded position anew with the present network; None where none is kept."""

    def soundness(self, recording: Recording) -> list[Measurement]:
        """How well predictions and values of the network hold on what was recorded; none where it has neither.

        It changes nothing: neither the agent nor the recording, no random stream that anything else is drawn from, and
        not :attr:`flops`, which are training's.

        Args:
            recording: of its replay, or of games that it has not learned from.
        """

    def state(self) -> dict[str, NDArray]:
        """All that :meth:`restore` needs, as named arrays."""

    def restore(self, state: dict[str, NDArray]) -> None:
        """The inverse of :meth:`state`.

        Raises:
            ValueError: names what is missing, unexpected, or of another shape.
        """

    def network_state(self) -> dict[str, NDArray]:
        """The part of :meth:`state` that acting needs: what a finished agent is."""

    def restore_network(self, state: dict[str, NDArray]) -> None:
        """The inverse of :meth:`network_state`."""

    @property
    def weight_count(self) -> int:
        """Trainable numbers in the network."""

    @property
    def flops(self) -> int:
        """Floating-point operations of the layers in acting, learning and reanalysis so far: see ``flops.py``."""
