"""EfficientZero's agent: how it acts, and an update from top to bottom."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.agents.efficientzero.batch import Batch, make_batch
from efficientzero.agents.efficientzero.loss import unrolled_loss
from efficientzero.agents.efficientzero.network import EfficientZeroNetwork
from efficientzero.agents.efficientzero.reanalysis import ESTIMATE_BATCH, bootstrap_values, reanalyze, refresh
from efficientzero.agents.efficientzero.soundness import (
    Predictions,
    draw_sample,
    model_soundness,
    normalised,
    predictions,
    values_along,
)
from efficientzero.agents.exploration import epsilon_at, sometimes_random
from efficientzero.agents.interface import Acting, Drift, EnvironmentSpecification, Measurement, Mode
from efficientzero.agents.learner import Learner, Loss, cells_shift
from efficientzero.agents.random_streams import generator
from efficientzero.agents.targets import off_policy_steps, unroll
from efficientzero.parameters import EfficientZeroSettings, Search
from efficientzero.progress import Progress
from efficientzero.replay import Decision, Memory, Recording
from efficientzero.search import SearchResult, search


class EfficientZeroAgent(Learner):
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

    # Acting

    def act(
        self, observation: NDArray[np.uint8], random: np.random.Generator, *, env_steps: int, mode: Acting
    ) -> Decision:
        explore, temperature = mode != "best", self._temperature(env_steps)
        network, noise = self.acting_network(mode), random if explore else None
        result = self._search(network, observation, noise, self.settings.search, noise_scale=temperature)
        action = result.action
        if explore and self.settings.search.policy == "puct":
            action = sampled_visits(result.visit_counts, temperature, random)
        epsilon = epsilon_at(self.settings.exploration, env_steps, mode)
        action = sometimes_random(action, epsilon, self.actions, random)
        return Decision(action=action, policy=result.policy, value=result.value, estimated=True)

    def _temperature(self, env_steps: int) -> float:
        schedule = self.settings.search
        return schedule.temperature[int(np.searchsorted(schedule.temperature_until, env_steps, side="right"))]

    def _search(
        self,
        network: EfficientZeroNetwork,
        observation: NDArray[np.uint8],
        random: np.random.Generator | None,
        settings: Search,
        *,
        noise_scale: float = 1.0,
    ) -> SearchResult:
        """Searches from observations, with noise if there is a generator to draw it.

        With Gumbel noise of a scale T the action is drawn from softmax((log-prior + completed Q) / T).
        """
        noise = None
        if random is not None and settings.policy == "gumbel":
            noise = (noise_scale * random.gumbel(size=(len(observation), self.actions))).astype(np.float32)
        elif random is not None:
            alpha = np.full(self.actions, settings.dirichlet_alpha)
            noise = random.dirichlet(alpha, size=len(observation)).astype(np.float32)
        network.eval()
        with (
            self.flop_counter.counted(f"search by {settings.simulations}", len(observation)),
            torch.inference_mode(),
            self.autocast(),
        ):
            return search(
                network,
                network.root(torch.from_numpy(observation).to(self.device)),
                settings,
                discount=self.settings.discount,
                value_prefix_horizon=self.prefix_horizon,
                noise=noise,
            )

    # Learning

    def learn(self, memory: Memory, *, learning_rate_factor: float = 1.0, finishing: bool = False) -> dict[str, float]:
        """One update."""
        self.begin_update(finishing=finishing)  # at times heads begin anew
        positions, weights = self.draw(memory)
        batch, searched_again = self._batch(memory, positions, weights)
        metrics = self.descend(memory, positions, lambda: self._loss(batch), learning_rate_factor, finishing=finishing)
        return {**metrics, "positions_searched_again": float(searched_again)}

    def _batch(self, memory: Memory, positions: NDArray[np.int64], weights: NDArray[np.float32]) -> tuple[Batch, int]:
        """Fresh targets and observations of positions, and how many had to be searched again for them."""
        learning, recording = self.settings.learning, memory.recording
        td_steps: NDArray[np.int64] | int = learning.td_steps
        if self.settings.off_policy_correction:
            age = len(recording) - positions
            td_steps = off_policy_steps(
                learning.td_steps, age, learning.off_policy_interval, least=learning.least_td_steps
            )
        unrolled = unroll(recording, positions, learning.unroll_steps, td_steps)

        from_search = learning.value_bootstrap == "search"
        needed = unrolled.positions(recording, bootstraps=from_search)
        stale = memory.estimates.stale(needed, self.updates, learning.max_target_age, batch=ESTIMATE_BATCH)
        self._refresh(memory, stale)
        if from_search:
            further = unrolled.bootstrap_rows * recording.environments + unrolled.environments
            bootstrap = memory.estimates.value[further]
        else:
            bootstrap = bootstrap_values(recording, unrolled, self._target_values)

        random = generator(self.seed, "batch", self.updates)
        batch = make_batch(
            memory,
            unrolled,
            bootstrap,
            weights,
            self.settings,
            actions=self.actions,
            random=random,
            device=self.device,
        )
        return batch.augmented(self.shift, learning.augmentation_intensity, random), len(stale)

    def _loss(self, batch: Batch) -> Loss:
        return unrolled_loss(self.learned_network, batch, self.settings)

    def _target_values(self, observation: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The target network's own values of stacked observations, float32 ``[batch]``."""
        with self.flop_counter.counted("value", len(observation)), torch.inference_mode(), self.autocast():
            return self.target_network.root(torch.from_numpy(observation).to(self.device)).value.cpu().numpy()

    # Reanalysis

    def _estimate(
        self, observation: NDArray[np.uint8], random: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Policy and root value of a search with the target network."""
        result = self._search(self.target_network, observation, random, self.reanalysis_search)
        return result.policy, result.value

    def _refresh(self, memory: Memory, positions: NDArray[np.int64]) -> None:
        refresh(memory, positions, self._estimate, seed=self.seed, updates=self.updates)

    def reanalyze(self, memory: Memory, progress: Progress) -> Drift:
        """Also makes the target network the present one."""
        self.renew_target_network()
        return reanalyze(memory, self._estimate, progress, seed=self.seed, updates=self.updates)

    def soundness(self, recording: Recording) -> list[Measurement]:
        """Of the present network, not the target network."""
        if len(recording) < 2:  # a batch of one has no statistics
            return []
        random = generator(self.seed, "soundness", len(recording))
        steps, discount = self.settings.learning.unroll_steps, self.settings.discount
        sample = draw_sample(recording, random, unroll_steps=steps, actions=self.actions, discount=discount)

        def tensor(array: NDArray) -> Tensor:
            return torch.from_numpy(array).to(self.device)

        def predict(mode: Mode) -> Predictions:
            observations, actions = tensor(sample.observations), tensor(sample.actions)
            with normalised(self.network, mode):
                return predictions(self.network, observations, actions, value_prefix=self.settings.value_prefix)

        def searched(observations: NDArray[np.uint8]) -> SearchResult:
            return self._search(self.network, observations, random, self.reanalysis_search)

        evaluating = normalised(self.network, "evaluation")
        with self.flop_counter.left_out(), evaluating, torch.inference_mode(), self.autocast():
            past_ends = values_along(self.network, tensor(sample.last_observations), tensor(sample.last_actions))
            return model_soundness(sample, predict, past_ends, searched)


def sampled_visits(visits: NDArray, temperature: float, random: np.random.Generator) -> NDArray[np.int64]:
    """Actions ``[batch]`` in proportion to visits ** (1 / temperature), visits ``[batch, actions]``."""
    weights = (visits / visits.max(axis=1, keepdims=True)) ** (1.0 / temperature)
    cumulative = np.cumsum(weights, axis=1)
    return (cumulative < random.random((len(visits), 1)) * cumulative[:, -1:]).sum(axis=1).astype(np.int64)
