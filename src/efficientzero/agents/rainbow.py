"""Rainbow (Hessel et al. 2018) and, with its six components switched off, DQN (Mnih et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from efficientzero.agents.augment import augmented
from efficientzero.agents.exploration import epsilon_at, epsilon_greedy
from efficientzero.agents.interface import Acting, Drift, EnvironmentSpecification, Measurement
from efficientzero.agents.learner import Learner, Loss, cells_shift
from efficientzero.agents.random_streams import generator
from efficientzero.agents.targets import n_step_values, unroll
from efficientzero.networks import (
    Convolutions,
    NoisyLinear,
    ReturnDistribution,
    cross_entropy,
    resample_noise,
    silence_noise,
)
from efficientzero.parameters import RainbowSettings
from efficientzero.progress import Progress
from efficientzero.replay import Decision, Memory, Recording


class ValueNetwork(nn.Module):
    """Convolutions, one hidden layer, and the value (or its distribution) of each action.

    Args:
        convolutions: what comes before the linear layers.
        actions: the number of actions.
        hidden: width of the hidden layer; with ``dueling``, of each of the two.
        outputs: 1 for a plain value, or the number of atoms of its distribution.
        dueling: separate streams, each with its own hidden layer, for the value of the state and the advantage of
            each action (Wang et al. 2016, eq. 9; per atom as in Hessel et al. 2018).
        noisy: every linear layer is a :class:`NoisyLinear` (Fortunato et al. 2018).
        initial_noise: how noisy these are at first; without ``noisy`` it means nothing.
    """

    HEADS = ("state_stream", "action_stream")

    def __init__(
        self,
        convolutions: Convolutions,
        actions: int,
        *,
        hidden: int,
        outputs: int,
        dueling: bool,
        noisy: bool,
        initial_noise: float,
    ):
        super().__init__()

        def linear(inputs: int, width: int) -> nn.Module:
            return NoisyLinear(inputs, width, initial_noise) if noisy else nn.Linear(inputs, width)

        def stream(rows: int) -> nn.Module:
            return nn.Sequential(
                linear(convolutions.features, hidden),
                nn.ReLU(),
                linear(hidden, rows * outputs),
                nn.Unflatten(1, (rows, outputs)),
            )

        self.convolutions = convolutions
        self.state_stream = stream(1) if dueling else None
        self.action_stream = stream(actions)

    def forward(self, observation: Tensor) -> Tensor:
        """The values, or the logits of their distributions.

        Args:
            observation: uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1].

        Returns:
            float32 ``[batch, actions, outputs]``: logits over the atoms, or with one output the value at index 0.
        """
        features = self.convolutions(observation)
        advantage = self.action_stream(features).float()
        if self.state_stream is None:
            return advantage
        return self.state_stream(features) + advantage - advantage.mean(dim=1, keepdim=True)


@dataclass(frozen=True)
class TransitionBatch:
    """n-step transitions, on the device.

    Attributes:
        observations, next_observations: float32 ``[batch, stacked channels, height, width]`` in [0, 1]; the next ones
            are those n steps later, and mean nothing where ``factor`` is 0.
        actions: int64 ``[batch]``. rewards: float32 ``[batch]``, sum_{i<n} discount^i reward_{t+i}.
        factor: float32 ``[batch]``, discount^n, or 0 where the episode terminates within the n steps.
        weights: float32 ``[batch]``, importance-sampling weights.
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    next_observations: Tensor
    factor: Tensor
    weights: Tensor


class RainbowAgent(Learner):
    """Learns action values, or their distributions, by n-step Q-learning.

    The n steps are cut short at the newest row of an episode that was truncated or goes on. The arguments are those of
    :class:`efficientzero.agents.efficientzero.EfficientZeroAgent`.

    Raises:
        ValueError: the convolutions do not fit the observation.
    """

    def __init__(
        self,
        settings: RainbowSettings,
        specification: EnvironmentSpecification,
        *,
        seed: int,
        device: torch.device,
    ):
        self.settings = settings
        self.td_steps = settings.learning.td_steps if settings.multi_step else 1
        distribution = settings.distribution
        self.distribution = (
            ReturnDistribution(distribution.maximum, distribution.atoms) if settings.distributional else None
        )
        layers = settings.network.convolutions if specification.images else settings.network.grid_convolutions

        def new_network() -> ValueNetwork:
            return ValueNetwork(
                Convolutions(specification.input_shape, layers, shift=cells_shift(settings.learning, specification)),
                specification.actions,
                hidden=settings.network.hidden,
                outputs=distribution.atoms if settings.distributional else 1,
                dueling=settings.dueling,
                noisy=settings.noisy,
                initial_noise=settings.initial_noise,
            )

        super().__init__(
            settings.learning,
            new_network,
            specification,
            seed=seed,
            device=device,
            prioritised=settings.prioritised,
        )

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        """``best`` acts by the noisy layers' means."""
        network = self.acting_network(mode)
        if mode == "best":
            silence_noise(network)
        else:
            resample_noise(network, random)
        with self.flop_counter.counted("value", len(observation)), torch.inference_mode(), self.autocast():
            values = self._means(network(torch.from_numpy(observation).to(self.device))).cpu().numpy()
        return epsilon_greedy(values, epsilon_at(self.settings.exploration, env_steps, mode), random, estimated=False)

    def _means(self, outputs: Tensor) -> Tensor:
        """The network's output ``[batch, actions, outputs]`` -> action values, float32 ``[batch, actions]``."""
        return outputs[..., 0].float() if self.distribution is None else self.distribution.mean(outputs)

    def reanalyze(self, memory: Memory, progress: Progress) -> Drift | None:
        """Nothing: its targets are made anew for every batch, and none is kept."""
        return None

    def soundness(self, recording: Recording) -> list[Measurement]:
        """Nothing: it has no model."""
        return []

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """One update."""
        self.begin_update(finishing=finishing)
        positions, weights = self.draw(memory)
        batch = self._batch(memory, positions, weights)
        return self.descend(memory, positions, lambda: self._loss(batch), learning_rate_factor, finishing=finishing)

    def _batch(self, memory: Memory, positions: NDArray[np.int64], weights: NDArray[np.float32]) -> TransitionBatch:
        recording, learning = memory.recording, self.learning
        unrolled = unroll(recording, positions, 0, self.td_steps)
        discount = self.settings.discount
        rows, environments = recording.locate(positions)
        factor = np.where(unrolled.bootstraps, discount**unrolled.horizon, 0.0)[:, 0]
        random = generator(self.seed, "batch", self.updates)
        seen = [recording.stacks(rows, environments), recording.stacks(unrolled.bootstrap_rows[:, 0], environments)]
        observations, next_observations = (
            augmented(torch.from_numpy(stacks).to(self.device), self.shift, learning.augmentation_intensity, random)
            for stacks in seen
        )
        arrays = {
            "actions": recording.actions[rows, environments].astype(np.int64),
            "rewards": n_step_values(recording, unrolled, np.zeros(unrolled.rows.shape, np.float32), discount)[:, 0],
            "factor": factor.astype(np.float32),
            "weights": weights,
        }
        tensors = {name: torch.from_numpy(array).to(self.device) for name, array in arrays.items()}
        return TransitionBatch(observations=observations, next_observations=next_observations, **tensors)

    def _loss(self, batch: TransitionBatch) -> Loss:
        resample_noise(self.learned_network, generator(self.seed, "noise", self.updates))
        resample_noise(self.target_network, generator(self.seed, "target noise", self.updates))
        everyone = torch.arange(len(batch.actions), device=self.device)
        with torch.no_grad():
            # A double update's choice is the learned network's, with the noise of the prediction, not a third draw as
            # in Fortunato et al. 2018.
            following = self.target_network(batch.next_observations)
            chooser = self.learned_network(batch.next_observations) if self.settings.double else following
            following = following[everyone, self._means(chooser).argmax(dim=1)]
        predicted = self.learned_network(batch.observations)[everyone, batch.actions]
        if self.distribution is None:
            target = batch.rewards + batch.factor * following[:, 0].float()
            errors = predicted[:, 0].float() - target
            losses = torch.nn.functional.huber_loss(predicted[:, 0].float(), target, reduction="none")
            priorities = errors.detach().abs()
        else:
            target = self.distribution.project(torch.softmax(following.float(), dim=1), batch.rewards, batch.factor)
            losses = cross_entropy(predicted, target)
            # Prioritised by the Kullback-Leibler divergence, which is 0 where the prediction is right.
            priorities = losses.detach() + torch.xlogy(target, target).sum(dim=1)
        loss = (batch.weights * losses).mean()
        return loss, {"loss": float(loss.detach())}, priorities.cpu().numpy()
