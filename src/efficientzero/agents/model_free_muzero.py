"""Model-free MuZero: EfficientZero's network, replay and reanalysis with Q-learning in place of model and search.

The controlled comparison of Anand et al. 2021: MuZero-Reanalyze has planning beyond it; beyond DQN it has the large
network and the reuse of samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from efficientzero.agents.augment import augmented
from efficientzero.agents.efficientzero.reanalysis import bootstrap_values, reanalyze
from efficientzero.agents.efficientzero.soundness import MODES, draw_sample, normalised, value_soundness
from efficientzero.agents.exploration import epsilon_at, epsilon_greedy, greedy_policy
from efficientzero.agents.interface import Acting, Drift, EnvironmentSpecification, Measurement, Mode
from efficientzero.agents.learner import Learner, Loss, cells_shift
from efficientzero.agents.random_streams import generator
from efficientzero.agents.targets import n_step_values, off_policy_steps, unroll
from efficientzero.networks import CategoricalSupport, Head, Representation, architecture_for, cross_entropy, trunk
from efficientzero.parameters import ModelFreeMuZeroSettings, Network
from efficientzero.progress import Progress
from efficientzero.replay import Decision, Memory, Recording


@dataclass(frozen=True)
class ActionValueBatch:
    """One recorded transition a row, on the device.

    Attributes:
        observations: float32 ``[batch, stacked channels, height, width]`` in [0, 1]. actions: int64 ``[batch]``.
        value: float32 ``[batch]``, the n-step target of the action's value. weights: float32 ``[batch]``.
    """

    observations: Tensor
    actions: Tensor
    value: Tensor
    weights: Tensor


class ActionValueNetwork(nn.Module):
    """EfficientZero's representation, trunk and value head: categorical action values instead of a model.

    Args:
        settings: size, normalisation, scale of the latent state, depth on a grid.
        input_shape: ``(stacked channels, height, width)`` of an observation.
        actions: the number of actions.
        shift: of the cells that the head sees; see :class:`efficientzero.networks.heads.ShiftedCells`.
    """

    HEADS = ("head",)

    def __init__(self, settings: Network, input_shape: tuple[int, int, int], actions: int, *, shift: int = 0):
        super().__init__()
        architecture = architecture_for(settings, input_shape)
        self.support = CategoricalSupport(settings.support_maximum, settings.support_bins)
        self.actions = actions
        self.representation = Representation(architecture, input_shape)
        self.trunk = trunk(architecture)
        self.head = Head(architecture, self.representation.latent_shape, actions * self.support.bins, shift=shift)

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1], -> ``[batch, actions, bins]``."""
        logits = self.head(self.trunk(self.representation(observation)))
        return logits.unflatten(1, (self.actions, self.support.bins))

    def values(self, observation: Tensor) -> Tensor:
        """The decoded values, float32 ``[batch, actions]``."""
        return self.support.decode(self(observation))


class ModelFreeMuZeroAgent(Learner):
    """n-step Q-learning with MuZero's network and categorical values.

    Targets bootstrap from the highest action value of the target network, computed anew for every batch: reanalysis
    that is never stale. The arguments are those of :class:`efficientzero.agents.efficientzero.EfficientZeroAgent`.
    """

    def __init__(
        self,
        settings: ModelFreeMuZeroSettings,
        specification: EnvironmentSpecification,
        *,
        seed: int,
        device: torch.device,
    ):
        self.settings = settings
        new_network = partial(
            ActionValueNetwork,
            settings.network,
            specification.input_shape,
            specification.actions,
            shift=cells_shift(settings.learning, specification),
        )
        super().__init__(settings.learning, new_network, specification, seed=seed, device=device)

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        values = self._action_values(self.acting_network(mode), observation)
        epsilon = epsilon_at(self.settings.exploration, env_steps, mode)
        decision = epsilon_greedy(values, epsilon, random, estimated=True)
        # What is kept is the estimate, as reanalysis makes it: the drift from the one to the other is not epsilon's.
        return replace(decision, policy=greedy_policy(values))

    def _action_values(self, network: ActionValueNetwork, observation: NDArray[np.uint8]) -> NDArray[np.float32]:
        """``[batch, actions]``."""
        with self.flop_counter.counted("value", len(observation)), torch.inference_mode(), self.autocast():
            return network.eval().values(torch.from_numpy(observation).to(self.device)).cpu().numpy()

    def _estimate(
        self, observation: NDArray[np.uint8], random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Greedy policy and highest action value of the target network."""
        values = self._action_values(self.target_network, observation)
        return greedy_policy(values), values.max(axis=1)

    def reanalyze(self, memory: Memory, progress: Progress) -> Drift:
        """Also makes the target network the present one."""
        self.renew_target_network()
        return reanalyze(memory, self._estimate, progress, seed=self.seed, updates=self.updates)

    def soundness(self, recording: Recording) -> list[Measurement]:
        """The root value is the highest action value."""
        if len(recording) < 2:  # a batch of one has no statistics
            return []
        random = generator(self.seed, "soundness", len(recording))
        sample = draw_sample(recording, random, unroll_steps=0, actions=self.actions, discount=self.settings.discount)

        def values(mode: Mode) -> NDArray[np.float32]:
            observations = torch.from_numpy(sample.observations).to(self.device)
            with normalised(self.network, mode), torch.inference_mode(), self.autocast():
                return self.network.values(observations).amax(dim=1).cpu().numpy()

        return value_soundness(sample, {mode: values(mode) for mode in MODES})

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """One update."""
        self.begin_update(finishing=finishing)
        positions, weights = self.draw(memory)
        batch = self._batch(memory, positions, weights)
        return self.descend(memory, positions, lambda: self._loss(batch), learning_rate_factor, finishing=finishing)

    def _batch(self, memory: Memory, positions: NDArray[np.int64], weights: NDArray[np.float32]) -> ActionValueBatch:
        learning, recording = self.settings.learning, memory.recording
        td_steps: NDArray[np.int64] | int = learning.td_steps
        if self.settings.off_policy_correction:
            td_steps = off_policy_steps(learning.td_steps, len(recording) - positions, learning.off_policy_interval)
        unrolled = unroll(recording, positions, 0, td_steps)
        bootstrap = bootstrap_values(recording, unrolled, self._target_values)
        value = n_step_values(recording, unrolled, bootstrap, self.settings.discount)
        rows, environments = recording.locate(positions)
        observations = torch.from_numpy(recording.stacks(rows, environments)).to(self.device)
        random = generator(self.seed, "batch", self.updates)
        return ActionValueBatch(
            observations=augmented(observations, self.shift, learning.augmentation_intensity, random),
            actions=torch.from_numpy(recording.actions[rows, environments].astype(np.int64)).to(self.device),
            value=torch.from_numpy(value[:, 0]).to(self.device),
            weights=torch.from_numpy(weights).to(self.device),
        )

    def _target_values(self, observation: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._action_values(self.target_network, observation).max(axis=1)

    def _loss(self, batch: ActionValueBatch) -> Loss:
        support = self.network.support
        logits = self.learned_network(batch.observations)
        logits = logits[torch.arange(len(logits), device=logits.device), batch.actions]
        loss = (batch.weights * cross_entropy(logits, support.encode(batch.value))).mean()
        errors = (support.decode(logits.detach()) - batch.value).abs()
        return loss, {"loss": float(loss.detach())}, errors.cpu().numpy()
