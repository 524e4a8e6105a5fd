"""Proximal policy optimisation (Schulman et al. 2017), by stable-baselines3: the on-policy agent to compare with.

stable-baselines3 owns the heads, the advantages, the loss and the optimiser. It sees no environment: rollouts come from
the run's recording, so that this agent has the protocol, the budget and the exact resumption of every other.

The recording is cut into rollouts of ``rollout_steps`` rows, one for each update, which is what the field calls an
iteration: some epochs of minibatches. The newest row has nothing after it yet to bootstrap from, so each cut is made
before it: it lends its value to the rollout that ends there, and opens the next one. Hence every transition but those
of the newest row is in just one rollout, and the first rollout is a row shorter than the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.utils import FloatSchedule
from torch import Tensor, nn

from efficientzero.agents.interface import Acting, EnvironmentSpecification
from efficientzero.agents.network_agent import NetworkAgent, initial_weights
from efficientzero.agents.random_streams import generator
from efficientzero.networks import Convolutions
from efficientzero.parameters import PPOSettings
from efficientzero.progress import Progress
from efficientzero.replay import ONGOING, TRUNCATED, Decision, Memory


class ConvolutionalFeatures(BaseFeaturesExtractor):
    """Convolutions and one hidden layer with ReLU, which policy and value share.

    Args:
        observation_space: of stacked observations, ``(channels, height, width)``.
        layers: ``[channels, kernel, stride]`` of each convolution.
        hidden: width of the hidden layer.
    """

    def __init__(self, observation_space: spaces.Box, layers: list[list[int]], hidden: int):
        super().__init__(observation_space, hidden)
        channels, height, width = observation_space.shape
        convolutions = Convolutions((channels, height, width), layers)
        self.layers = nn.Sequential(convolutions, nn.Linear(convolutions.features, hidden), nn.ReLU())

    def forward(self, observations: Tensor) -> Tensor:
        """float ``[batch, channels, height, width]`` in [0, 1] (stable-baselines3 divides) -> ``[batch, hidden]``."""
        return self.layers(observations)


@contextmanager
def global_numpy_seed(random: np.random.Generator) -> Iterator[None]:
    """Within it NumPy's global generator, which stable-baselines3 shuffles by, is seeded; then it is as it was."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(int(random.integers(2**32)))  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def rollout_rows(rollout: int, rollout_steps: int) -> range:
    """The rows of the recording that make up a rollout; the row after the last is bootstrapped from."""
    return range(max(rollout * rollout_steps - 1, 0), (rollout + 1) * rollout_steps - 1)


def rollout_of(update: int, rollouts: int) -> int:
    """Which of the whole rollouts an update learns from.

    Each in its turn; once there is no new one, again from the newest back to the oldest, and over again.

    Args:
        update: updates made before this one. rollouts: how many are whole.

    Raises:
        ValueError: there is none.
    """
    if rollouts == 0:
        raise ValueError("PPO has no whole rollout to learn from yet; a smaller rollout_steps gives an earlier one")
    return update if update < rollouts else rollouts - 1 - (update - rollouts) % rollouts


def fill(buffer: RolloutBuffer, memory: Memory, rows: range, values: NDArray[np.float32]) -> None:
    """Fills an empty buffer with rows of the recording, and computes their advantages and returns.

    These are generalised advantage estimates (Schulman et al. 2016, equation 16), and lambda-returns for the value.
    Nothing is bootstrapped past a termination. What a truncation cut off was never seen, so that, as in
    :mod:`efficientzero.agents.targets`, the episode's last row has no target: its value stands for all that follows it,
    its own reward included. Its advantage is zero (until a minibatch's are normalised), its return is its value, and
    rows before it bootstrap from it.

    Args:
        buffer: of ``len(rows)`` rows. memory: also holds the policy that each action was drawn from.
        rows: consecutive. values: float32 ``[len(rows) + 1, environments]``, of the rows and the one after them.
    """
    recording = memory.recording
    environments = np.arange(recording.environments)
    for index, row in enumerate(rows):
        action = recording.actions[row].astype(np.int64)
        policy = memory.estimates.policy[row * recording.environments + environments, action]
        before = recording.endings[row - 1] if row else None
        buffer.add(
            recording.stacks(np.full_like(environments, row), environments),
            action,
            np.where(recording.endings[row] == TRUNCATED, values[index], recording.rewards[row]),
            np.ones(len(environments)) if before is None else before != ONGOING,
            torch.from_numpy(values[index]),
            torch.from_numpy(np.log(policy)),
        )
    buffer.compute_returns_and_advantage(torch.from_numpy(values[-1]), recording.endings[rows[-1]] != ONGOING)


class PPOAgent(NetworkAgent):
    """Acts by its policy network, and learns from each rollout once.

    Args:
        settings: everything about it.
        specification: of the environments it plays in.
        seed: of the initial network and of every draw.
        device: where the network lives.

    Raises:
        ValueError: the convolutions do not fit the observation.
    """

    priority_exponent = 0.0
    metrics_every = 1  # a small budget has few updates, and each is many steps of the optimiser

    def __init__(
        self,
        settings: PPOSettings,
        specification: EnvironmentSpecification,
        *,
        seed: int,
        device: torch.device,
    ):
        self.settings = settings
        self.environments = specification.environments
        network = settings.network
        self.ppo = PPO(
            "CnnPolicy",
            None,  # type: ignore[arg-type]  # no environment, as in its own load()
            n_steps=settings.rollout_steps,
            batch_size=settings.minibatch_size,
            n_epochs=settings.epochs,
            gamma=settings.discount,
            gae_lambda=settings.gae_lambda,
            clip_range=settings.clip_range,
            vf_coef=settings.value_weight,
            ent_coef=settings.entropy_weight,
            max_grad_norm=settings.max_gradient_norm,
            policy_kwargs={
                "net_arch": [],  # no layers between the shared features and the heads
                "features_extractor_class": ConvolutionalFeatures,
                "features_extractor_kwargs": {
                    "layers": network.convolutions if specification.images else network.grid_convolutions,
                    "hidden": network.hidden,
                },
            },
            device=device,
            _init_setup_model=False,
        )
        self.ppo.observation_space = spaces.Box(0, 255, specification.input_shape, np.uint8)
        self.ppo.action_space = spaces.Discrete(specification.actions)
        self.ppo.n_envs = specification.environments
        self.ppo.set_logger(Logger(folder=None, output_formats=[]))
        with initial_weights(seed):
            self.ppo._setup_model()
        # The policy knows its features by three names; here each weight has one.
        policy = self.ppo.policy
        parts = {"features": policy.features_extractor, "policy": policy.action_net, "value": policy.value_net}
        super().__init__(nn.ModuleDict(parts), seed=seed, device=device)

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """Made by stable-baselines3."""
        return self.ppo.policy.optimizer

    # Acting

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        """See :class:`efficientzero.agents.interface.Agent`; training adds nothing to the policy."""
        with self.flop_counter.counted("act", len(observation)):
            policy, value = self._predict(observation)
        if mode == "best":
            action = policy.argmax(axis=1)
        else:
            cumulative = np.cumsum(policy, axis=1, dtype=np.float64)
            uniform = 1.0 - random.random((len(policy), 1))  # in (0, 1]: an action of probability 0 is never drawn
            action = (cumulative < uniform * cumulative[:, -1:]).sum(axis=1)
        return Decision(action=action.astype(np.int64), policy=policy, value=value, estimated=False)

    def _predict(self, observation: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Stacked observations -> policy float32 ``[batch, actions]``, value float32 ``[batch]``."""
        with torch.inference_mode():
            features = self.ppo.policy.extract_features(torch.from_numpy(observation).to(self.device))
            policy = torch.softmax(self.network["policy"](features), dim=1)
            value = self.network["value"](features).flatten()
        return policy.cpu().numpy(), value.cpu().numpy()

    # Learning

    def updates_due(self, env_steps: int) -> int:
        """One for each whole rollout; see :class:`efficientzero.agents.interface.Agent`."""
        return env_steps // (self.settings.rollout_steps * self.environments)

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """One update: every epoch over one rollout; see :class:`efficientzero.agents.interface.Agent`.

        Raises:
            ValueError: no rollout is whole yet.
            FloatingPointError: the weights are not finite any more.
        """
        settings = self.settings
        rollout = rollout_of(self.updates, self.updates_due(len(memory.recording)))
        rows = rollout_rows(rollout, settings.rollout_steps)
        self.ppo.rollout_buffer = self._rollout(memory, rows)
        self.ppo.lr_schedule = FloatSchedule(settings.learning_rate * learning_rate_factor)
        shuffle = generator(self.seed, "ppo", self.updates)
        # Counted by the position, since rollouts may differ in how many minibatches they make.
        positions = settings.epochs * len(rows) * self.environments
        with self.flop_counter.counted("learn", positions), global_numpy_seed(shuffle):
            self._train()
        self.updates += 1
        return self._figures()

    def _train(self) -> None:
        """What stable-baselines3 does with its rollout buffer; it does not look for weights that are not finite."""
        refused = None
        try:
            self.ppo.train()
        except ValueError as error:  # torch's, which takes no logits that are not finite
            refused = error
        if not all(bool(torch.isfinite(weight).all()) for weight in self.network.parameters()):
            raise FloatingPointError(
                f"the weights are not finite after update {self.updates}; a lower learning_rate may help"
            ) from refused
        if refused is not None:
            raise refused

    def _rollout(self, memory: Memory, rows: range) -> RolloutBuffer:
        """The rows with the present network's values; nothing that is stored of older networks but the policy."""
        recording, settings = memory.recording, self.settings
        positions = np.arange(rows.start * self.environments, (rows.stop + 1) * self.environments)
        cuts = [*range(0, len(positions), settings.minibatch_size), len(positions)]
        with self.flop_counter.counted("value", len(positions)):
            parts = [self._predict(recording.stacks(*recording.locate(positions[a:b])))[1] for a, b in pairwise(cuts)]
        buffer = RolloutBuffer(
            len(rows),
            self.ppo.observation_space,
            self.ppo.action_space,
            self.device,
            gae_lambda=settings.gae_lambda,
            gamma=settings.discount,
            n_envs=self.environments,
        )
        fill(buffer, memory, rows, np.concatenate(parts).reshape(-1, self.environments))
        return buffer

    def _figures(self) -> dict[str, float]:
        """What stable-baselines3 logged of an update: means over its minibatches, ``approximate_kl`` of its last epoch.

        ``loss`` is the weighted sum of the other three. ``approximate_kl`` estimates KL(behaviour || present policy).
        """
        logged = {name.removeprefix("train/"): float(value) for name, value in self.ppo.logger.name_to_value.items()}
        policy, value, entropy = logged["policy_gradient_loss"], logged["value_loss"], -logged["entropy_loss"]
        return {
            "loss": policy + self.settings.value_weight * value - self.settings.entropy_weight * entropy,
            "policy_loss": policy,
            "value_loss": value,
            "entropy": entropy,
            "approximate_kl": logged["approx_kl"],
            "clip_fraction": logged["clip_fraction"],
        }

    def reanalyze(self, memory: Memory, progress: Progress) -> None:
        """Nothing to search."""
