"""EfficientZero (Ye et al. 2021); with its three components switched off, MuZero-Reanalyze."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.agents.interface import Decision, Drift, Memory
from efficientzero.agents.losses import Batch, unrolled_loss
from efficientzero.agents.optimizer_state import load_optimizer, optimizer_arrays
from efficientzero.networks import EfficientZeroNetwork
from efficientzero.parameters import EfficientZeroSettings
from efficientzero.progress import Progress
from efficientzero.random_streams import generator
from efficientzero.replay.search_targets import NEVER
from efficientzero.search import RecurrentOutput, SearchResult, SearchRoot, search
from efficientzero.targets import Unrolled, n_step_values, off_policy_steps, rewards, unroll, value_prefixes
from efficientzero.transforms import CategoricalSupport

SEARCH_BATCH = 256  # roots searched together when many positions are


class NetworkModel:
    """A network as the model that the search runs in: ``efficientzero.search.SearchModel``."""

    def __init__(self, network: EfficientZeroNetwork):
        self.network = network

    def root(self, observation: Tensor) -> SearchRoot:
        """uint8 ``[batch, stacked channels, height, width]`` -> the roots of a search."""
        latent = self.network.represent(observation)
        policy, value = self.network.predict(latent)
        return SearchRoot(
            latent=latent,
            reward_state=self.network.initial_reward_state(len(observation), observation.device),
            value=self.network.support.decode(value),
            policy_logits=policy.float(),
        )

    def recurrent(self, latent: Tensor, reward_state: Tensor, action: Tensor) -> RecurrentOutput:
        """One imagined step; the reward is the value prefix where the network predicts prefixes."""
        latent, reward_state, reward = self.network.step(latent, reward_state, action)
        policy, value = self.network.predict(latent)
        reward, value = self.network.support.decode(torch.stack([reward, value])).unbind()
        return RecurrentOutput(
            latent=latent, reward_state=reward_state, reward=reward, value=value, policy_logits=policy.float()
        )


class EfficientZeroAgent:
    """Acts and learns by searching its own learned model.

    Args:
        settings: everything about it.
        observation_shape: ``(channels, height, width)`` of one frame. frame_stack: frames stacked as its input.
        actions: the number of actions.
        seed: of the initial network and of every draw.
        device: where the network lives.
        images: whether observations are pictures, which may be shifted to augment them; object grids may not.
    """

    def __init__(
        self,
        settings: EfficientZeroSettings,
        *,
        observation_shape: tuple[int, int, int],
        frame_stack: int,
        actions: int,
        seed: int,
        device: torch.device,
        images: bool,
    ):
        self.settings = settings
        self.actions = actions
        self.seed = seed
        self.device = device
        self.shift = settings.learning.augmentation_shift if images else 0
        self.updates = 0
        self.updates_per_env_step = settings.learning.updates_per_env_step
        # A prefix is never trained to be longer than an unroll, so the search begins a new one after as many steps.
        self.prefix_horizon = settings.learning.unroll_steps if settings.value_prefix else None
        channels, height, width = observation_shape
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(generator(seed, "network").integers(2**63)))
            network = EfficientZeroNetwork(
                settings.network.size,
                (frame_stack * channels, height, width),
                actions,
                CategoricalSupport(settings.network.support_maximum, settings.network.support_bins),
                value_prefix=settings.value_prefix,
                consistency=settings.consistency,
            )
        self.network = network.to(device)
        self.target_network = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.optimizer = self._make_optimizer()

    def _make_optimizer(self) -> torch.optim.Optimizer:
        learning = self.settings.learning
        weights = self.network.parameters()
        if learning.optimizer == "sgd":
            return torch.optim.SGD(
                weights, lr=learning.learning_rate, momentum=learning.momentum, weight_decay=learning.weight_decay
            )
        return torch.optim.AdamW(weights, lr=learning.learning_rate, weight_decay=learning.weight_decay, fused=True)

    def _autocast(self) -> torch.autocast:
        enabled = self.settings.learning.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=enabled)

    # Acting

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, explore: bool
    ) -> Decision:
        """See :class:`efficientzero.agents.interface.Agent`."""
        result = self._search(self.network, observation, random if explore else None)
        action = result.action
        if explore and self.settings.search.policy == "puct":
            action = self._sample_visits(result.visit_counts, env_steps, random)
        return Decision(action=action, policy=result.policy, value=result.value, searched=True)

    def _sample_visits(self, visits: NDArray, env_steps: int, random: np.random.Generator) -> NDArray[np.int64]:
        """Actions in proportion to visits ** (1 / temperature)."""
        schedule = self.settings.search
        temperature = schedule.temperature[int(np.searchsorted(schedule.temperature_until, env_steps, side="right"))]
        weights = (visits / visits.max(axis=1, keepdims=True)) ** (1.0 / temperature)
        cumulative = np.cumsum(weights, axis=1)
        return (cumulative < random.random((len(visits), 1)) * cumulative[:, -1:]).sum(axis=1).astype(np.int64)

    def _search(
        self, network: EfficientZeroNetwork, observation: NDArray[np.uint8], random: np.random.Generator | None
    ) -> SearchResult:
        """Searches from observations, with root noise if there is a generator to draw it from."""
        settings = self.settings.search
        shape = (len(observation), self.actions)
        noise = None
        if random is not None and settings.policy == "gumbel":
            noise = random.gumbel(size=shape).astype(np.float32)
        elif random is not None:
            alpha = np.full(self.actions, settings.dirichlet_alpha)
            noise = random.dirichlet(alpha, size=len(observation)).astype(np.float32)
        model = NetworkModel(network.eval())
        with torch.inference_mode(), self._autocast():
            root = model.root(torch.from_numpy(observation).to(self.device))
            return search(
                model,
                root,
                settings,
                discount=self.settings.discount,
                value_prefix_horizon=self.prefix_horizon,
                noise=noise,
            )

    # Reanalysis

    def _refresh(self, memory: Memory, positions: NDArray[np.int64], progress: Progress | None = None) -> None:
        """Searches positions again with the target network and keeps the results; ``progress`` counts positions."""
        for start in range(0, len(positions), SEARCH_BATCH):
            some = positions[start : start + SEARCH_BATCH]
            random = generator(self.seed, "refresh", self.updates, start)
            result = self._search(self.target_network, memory.recording.stacks(*memory.recording.locate(some)), random)
            memory.targets.replace(some, result.policy, result.value, self.updates)
            if progress is not None:
                progress.update(len(some))

    def reanalyze(self, memory: Memory, progress: Progress) -> Drift:
        """See :class:`efficientzero.agents.interface.Agent`; also makes the target network the present one."""
        self.target_network.load_state_dict(self.network.state_dict())
        targets = memory.targets
        old_policy, old_value, searched_at = targets.policy.copy(), targets.value.copy(), targets.searched_at.copy()
        self._refresh(memory, np.arange(len(memory.recording)), progress)
        had = searched_at != NEVER
        return Drift(
            age=(self.updates - searched_at[had]).astype(np.int64),
            policy_distance=np.abs(targets.policy - old_policy)[had].sum(axis=1) / 2.0,
            value_difference=np.abs(targets.value - old_value)[had],
        )

    # Learning

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0) -> dict[str, float]:
        """See :class:`efficientzero.agents.interface.Agent`."""
        learning = self.settings.learning
        done = min(self.updates / learning.priority_correction_updates, 1.0)
        correction = learning.priority_correction + (1.0 - learning.priority_correction) * done
        positions, weights = memory.priorities.sample(
            learning.batch_size, correction, generator(self.seed, "sample", self.updates)
        )
        batch, refreshed = self._batch(memory, positions, weights)
        self.network.train()
        with self._autocast():
            loss, figures, errors = unrolled_loss(self.network, batch, self.settings)
        warmup = min(1.0, (self.updates + 1) / max(learning.warmup_updates, 1))
        for group in self.optimizer.param_groups:
            group["lr"] = learning.learning_rate * warmup * learning_rate_factor
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), learning.max_gradient_norm)
        if not torch.isfinite(norm):
            raise FloatingPointError(
                f"the gradient is not finite at update {self.updates}; a lower learning_rate or float32 may help"
            )
        self.optimizer.step()
        if learning.priority_exponent > 0.0:
            memory.priorities.update(positions, errors)
        self.updates += 1
        if self.updates % learning.target_network_interval == 0:
            self.target_network.load_state_dict(self.network.state_dict())
        return {**figures, "gradient_norm": float(norm), "positions_searched_again": float(refreshed)}

    def _batch(self, memory: Memory, positions: NDArray[np.int64], weights: NDArray) -> tuple[Batch, int]:
        """Fresh targets and observations of a batch, and how many positions had to be searched again for it."""
        learning, recording = self.settings.learning, memory.recording
        steps = learning.unroll_steps
        td_steps: NDArray[np.int64] | int = learning.td_steps
        if self.settings.off_policy_correction:
            td_steps = off_policy_steps(learning.td_steps, len(recording) - positions, learning.off_policy_interval)
        unrolled = unroll(recording, positions, steps, td_steps)
        from_search = learning.value_bootstrap == "search"
        stale = memory.targets.stale(
            unrolled.positions(recording, bootstraps=from_search), self.updates, learning.max_target_age
        )
        self._refresh(memory, stale)
        rows = unrolled.rows * recording.environments + unrolled.environments
        if from_search:
            bootstrap = memory.targets.value[unrolled.bootstrap_rows * recording.environments + unrolled.environments]
        else:
            bootstrap = self._network_values(memory, unrolled)
        reward, reward_mask = rewards(recording, unrolled)
        if self.settings.value_prefix:
            reward = value_prefixes(reward)
        random = generator(self.seed, "batch", self.updates)
        actions = recording.actions[unrolled.rows[:, :-1], unrolled.environments[:, :-1]].astype(np.int64)
        # Past an episode's end any action leads to the absorbing state.
        actions = np.where(unrolled.real[:, :-1], actions, random.integers(self.actions, size=actions.shape))
        # Consistency needs the later observations; without it only the first is looked at.
        seen = slice(0, steps + 1 if self.settings.consistency else 1)
        batch = Batch.to_device(
            self.device,
            observations=recording.stacks(unrolled.rows[:, seen], unrolled.environments[:, seen]),
            actions=actions,
            policy=memory.targets.policy[rows],
            value=n_step_values(recording, unrolled, bootstrap, self.settings.discount),
            reward=reward,
            policy_mask=unrolled.real,
            value_mask=unrolled.value_mask,
            reward_mask=reward_mask,
            weights=weights,
        )
        return batch.augmented(self.shift, learning.augmentation_intensity, random), len(stale)

    def _network_values(self, memory: Memory, unrolled: Unrolled) -> NDArray[np.float32]:
        """The target network's values of the bootstrap rows, float32 ``[batch, unroll + 1]``; 0 where not needed."""
        recording = memory.recording
        values = np.zeros(unrolled.rows.shape, np.float32)
        needed = (unrolled.bootstrap_rows * recording.environments + unrolled.environments)[unrolled.bootstraps]
        unique, inverse = np.unique(needed, return_inverse=True)
        model = NetworkModel(self.target_network)
        parts = [np.zeros(0, np.float32)]
        with torch.inference_mode(), self._autocast():
            for start in range(0, len(unique), SEARCH_BATCH):
                observation = recording.stacks(*recording.locate(unique[start : start + SEARCH_BATCH]))
                parts.append(model.root(torch.from_numpy(observation).to(self.device)).value.cpu().numpy())
        values[unrolled.bootstraps] = np.concatenate(parts)[inverse]
        return values

    # State

    def state(self) -> dict[str, NDArray]:
        """See :class:`efficientzero.agents.interface.Agent`."""
        arrays = self.network_state()
        arrays |= {f"target_network.{name}": array for name, array in _arrays(self.target_network).items()}
        arrays |= {f"optimizer.{name}": array for name, array in optimizer_arrays(self.network, self.optimizer).items()}
        arrays["updates"] = np.array(self.updates, np.int64)
        return arrays

    def restore(self, state: dict[str, NDArray]) -> None:
        """See :class:`efficientzero.agents.interface.Agent`."""
        self.restore_network(state)
        _load(self.target_network, state, "target_network.")
        load_optimizer(self.network, self.optimizer, state, "optimizer.")
        self.updates = int(state["updates"])

    def network_state(self) -> dict[str, NDArray]:
        """See :class:`efficientzero.agents.interface.Agent`."""
        return {f"network.{name}": array for name, array in _arrays(self.network).items()}

    def restore_network(self, state: dict[str, NDArray]) -> None:
        """See :class:`efficientzero.agents.interface.Agent`."""
        _load(self.network, state, "network.")

    @property
    def parameters(self) -> int:
        """Trainable numbers in the network."""
        return sum(weight.numel() for weight in self.network.parameters())


def _arrays(network: torch.nn.Module) -> dict[str, NDArray]:
    return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def _load(network: torch.nn.Module, state: dict[str, NDArray], prefix: str) -> None:
    """Copies the arrays under a prefix into a network, or raises ValueError naming what does not fit."""
    own = network.state_dict()
    given = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
    for name in sorted(own.keys() | given.keys()):
        if name not in given or name not in own:
            raise ValueError(f"the saved agent {'lacks' if name in own else 'has an unknown'} {prefix}{name}")
        if tuple(own[name].shape) != given[name].shape:
            raise ValueError(f"{prefix}{name} is {given[name].shape} in the saved agent, {tuple(own[name].shape)} here")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(torch.from_numpy(np.array(given[name])))
