"""Proximal policy optimisation (Schulman et al. 2017), by stable-baselines3: the on-policy agent to compare with.

stable-baselines3 owns the heads, the advantages, the loss and the optimiser. It sees no environment: rollouts come from
the run's recording, so that this agent has the protocol, the budget and the exact resumption of every other. How it is
cut: ``rollouts.py``.
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

from efficientzero.agents.flops import FlopCounter
from efficientzero.agents.interface import Acting, EnvironmentSpecification, Measurement
from efficientzero.agents.random_streams import generator, initial_weights
from efficientzero.agents.rollouts import fill, rollout_of, rollout_rows
from efficientzero.agents.state import agent_arrays, load_network, network_arrays, restore_agent, weight_count
from efficientzero.networks import Convolutions
from efficientzero.parameters import PPOSettings
from efficientzero.progress import Progress
from efficientzero.replay import Decision, Memory, Recording


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


class PPOAgent:
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
        self.network = nn.ModuleDict(parts).to(device)
        self.optimizer = policy.optimizer
        self.seed = seed
        self.device = device
        self.updates = 0
        self.flop_counter = FlopCounter()

    # Acting

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        """Training adds nothing to the policy."""
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
        """One for each whole rollout."""
        return env_steps // (self.settings.rollout_steps * self.environments)

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """One update: every epoch over one rollout.

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
        return self._metrics()

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

    def _metrics(self) -> dict[str, float]:
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

    def soundness(self, recording: Recording) -> list[Measurement]:
        """Nothing: it has no model."""
        return []

    # State

    @property
    def flops(self) -> int:
        return self.flop_counter.total

    @property
    def weight_count(self) -> int:
        return weight_count(self.network)

    def state(self) -> dict[str, NDArray]:
        return agent_arrays({"network": self.network}, self.network, self.optimizer, self.updates, self.flops)

    def restore(self, state: dict[str, NDArray]) -> None:
        counts = restore_agent(state, {"network": self.network}, self.network, self.optimizer)
        self.updates, self.flop_counter.total = counts

    def network_state(self) -> dict[str, NDArray]:
        return network_arrays(self.network, "network.")

    def restore_network(self, state: dict[str, NDArray]) -> None:
        load_network(self.network, state, "network.")
