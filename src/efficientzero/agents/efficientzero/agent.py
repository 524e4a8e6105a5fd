"""EfficientZero (Ye et al. 2021); with its three components switched off, MuZero-Reanalyze."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.agents.efficientzero.batch import Batch
from efficientzero.agents.efficientzero.loss import unrolled_loss
from efficientzero.agents.efficientzero.network import EfficientZeroNetwork
from efficientzero.agents.efficientzero.reanalysis import ESTIMATE_BATCH, Estimate, ReanalysingAgent
from efficientzero.agents.efficientzero.soundness import (
    Predictions,
    draw_sample,
    model_soundness,
    normalised,
    predictions,
    values_along,
)
from efficientzero.agents.exploration import epsilon_at, sometimes_random
from efficientzero.agents.interface import Acting, EnvironmentSpecification, Measurement, Mode
from efficientzero.agents.random_streams import generator
from efficientzero.agents.replay_agent import cells_shift
from efficientzero.agents.targets import n_step_values, off_policy_steps, rewards, unroll, value_prefixes
from efficientzero.parameters import EfficientZeroSettings, Search
from efficientzero.replay import Decision, Memory, Recording
from efficientzero.search import SearchResult, search


class EfficientZeroAgent(ReanalysingAgent):
    """Acts and learns by searching its own learned model.

    Args:
        settings: everything about it.
        specification: of the environments it plays in.
        seed: of the initial network and of every draw.
        device: where the network lives.
    """

    def __init__(
        self,
        settings: EfficientZeroSettings,
        specification: EnvironmentSpecification,
        *,
        seed: int,
        device: torch.device,
    ):
        self.settings = settings
        self.reanalysis_search = settings.search.model_copy(
            update={"simulations": settings.learning.reanalysis_simulations}
        )
        # A prefix is never trained to be longer than an unroll, so the search begins a new one after as many steps.
        self.prefix_horizon = settings.learning.unroll_steps if settings.value_prefix else None
        new_network = partial(
            EfficientZeroNetwork,
            settings.network,
            specification.input_shape,
            specification.actions,
            value_prefix=settings.value_prefix,
            consistency=settings.consistency,
            continuation=settings.continuation,
            shift=cells_shift(settings.learning, specification),
        )
        super().__init__(settings.learning, new_network, specification, seed=seed, device=device)

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        """See :class:`efficientzero.agents.interface.Agent`."""
        explore, temperature = mode != "best", self._temperature(env_steps)
        result = self._search(
            self._acting_network(mode), observation, random if explore else None, noise_scale=temperature
        )
        action = result.action
        if explore and self.settings.search.policy == "puct":
            action = self._sample_visits(result.visit_counts, temperature, random)
        epsilon = epsilon_at(self.settings.exploration, env_steps, mode)
        action = sometimes_random(action, epsilon, self.actions, random)
        return Decision(action=action, policy=result.policy, value=result.value, estimated=True)

    def _temperature(self, env_steps: int) -> float:
        schedule = self.settings.search
        return schedule.temperature[int(np.searchsorted(schedule.temperature_until, env_steps, side="right"))]

    def _sample_visits(self, visits: NDArray, temperature: float, random: np.random.Generator) -> NDArray[np.int64]:
        """Actions in proportion to visits ** (1 / temperature)."""
        weights = (visits / visits.max(axis=1, keepdims=True)) ** (1.0 / temperature)
        cumulative = np.cumsum(weights, axis=1)
        return (cumulative < random.random((len(visits), 1)) * cumulative[:, -1:]).sum(axis=1).astype(np.int64)

    def _search(
        self,
        network: EfficientZeroNetwork,
        observation: NDArray[np.uint8],
        random: np.random.Generator | None,
        settings: Search | None = None,
        *,
        noise_scale: float = 1.0,
    ) -> SearchResult:
        """Searches from observations as acting does, or by other settings; noise if there is a generator to draw it.

        With Gumbel noise of a scale T the action is drawn from softmax((log-prior + completed Q) / T).
        """
        settings = settings or self.settings.search
        shape = (len(observation), self.actions)
        noise = None
        if random is not None and settings.policy == "gumbel":
            noise = (noise_scale * random.gumbel(size=shape)).astype(np.float32)
        elif random is not None:
            alpha = np.full(self.actions, settings.dirichlet_alpha)
            noise = random.dirichlet(alpha, size=len(observation)).astype(np.float32)
        network.eval()
        with (
            self.flop_counter.counted(f"search by {settings.simulations}", len(observation)),
            torch.inference_mode(),
            self._autocast(),
        ):
            root = network.root(torch.from_numpy(observation).to(self.device))
            return search(
                network,
                root,
                settings,
                discount=self.settings.discount,
                value_prefix_horizon=self.prefix_horizon,
                noise=noise,
            )

    def _estimate(
        self, network: EfficientZeroNetwork, observation: NDArray[np.uint8], random: np.random.Generator
    ) -> Estimate:
        result = self._search(network, observation, random, self.reanalysis_search)
        return Estimate(result.policy, result.value)

    def _values(self, network: EfficientZeroNetwork, observation: Tensor) -> Tensor:
        return network.root(observation).value

    def soundness(self, recording: Recording) -> list[Measurement]:
        """See :class:`efficientzero.agents.interface.Agent`; of the present network, not the target network."""
        if len(recording) < 2:  # a batch of one has no statistics
            return []
        random = generator(self.seed, "soundness", len(recording))
        sample = draw_sample(
            recording,
            random,
            unroll_steps=self.settings.learning.unroll_steps,
            actions=self.actions,
            discount=self.settings.discount,
        )

        observations, actions, last_observations, last_actions = (
            torch.from_numpy(part).to(self.device)
            for part in (sample.observations, sample.actions, sample.last_observations, sample.last_actions)
        )

        def predict(mode: Mode) -> Predictions:
            with normalised(self.network, mode), torch.inference_mode(), self._autocast():
                return predictions(self.network, observations, actions, value_prefix=self.settings.value_prefix)

        with self.flop_counter.left_out(), normalised(self.network, "evaluation"):
            with torch.inference_mode(), self._autocast():
                values_past_ends = values_along(self.network, last_observations, last_actions)
            return model_soundness(
                sample,
                predict,
                values_past_ends,
                lambda observations: self._search(self.network, observations, random, self.reanalysis_search),
            )

    def _batch(
        self, memory: Memory, positions: NDArray[np.int64], weights: NDArray[np.float32]
    ) -> tuple[Batch, dict[str, float]]:
        """Fresh targets and observations of a batch, and how many positions had to be searched again for it."""
        learning, recording = self.settings.learning, memory.recording
        steps = learning.unroll_steps
        td_steps: NDArray[np.int64] | int = learning.td_steps
        if self.settings.off_policy_correction:
            td_steps = off_policy_steps(
                learning.td_steps,
                len(recording) - positions,
                learning.off_policy_interval,
                least=learning.least_td_steps,
            )
        unrolled = unroll(recording, positions, steps, td_steps)
        from_search = learning.value_bootstrap == "search"
        stale = memory.estimates.stale(
            unrolled.positions(recording, bootstraps=from_search),
            self.updates,
            learning.max_target_age,
            batch=ESTIMATE_BATCH,
        )
        self._refresh(memory, stale)
        rows = unrolled.rows * recording.environments + unrolled.environments
        if from_search:
            bootstrap = memory.estimates.value[unrolled.bootstrap_rows * recording.environments + unrolled.environments]
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
        observations = recording.stacks(unrolled.rows[:, seen], unrolled.environments[:, seen])
        consistent = unrolled.real[:, 1:]
        if learning.consistency_past_end:
            observations[unrolled.absorbing[:, seen]] = 0
            consistent = consistent | unrolled.absorbing[:, 1:]
        batch = Batch.to_device(
            self.device,
            observations=observations,
            actions=actions,
            policy=memory.estimates.policy[rows],
            value=n_step_values(recording, unrolled, bootstrap, self.settings.discount),
            reward=reward,
            policy_mask=unrolled.real,
            value_mask=unrolled.value_mask,
            reward_mask=reward_mask,
            consistency_mask=consistent,
            weights=weights,
        )
        batch = batch.augmented(self.shift, learning.augmentation_intensity, random)
        return batch, {"positions_searched_again": float(len(stale))}

    def _loss(self, batch: Batch) -> tuple[Tensor, dict[str, float], NDArray[np.float32]]:
        return unrolled_loss(self.learned_network, batch, self.settings)
