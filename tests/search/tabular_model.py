"""A deterministic model of random tables: the same numbers for every implementation of search that is compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from efficientzero.parameters import Search
from efficientzero.search import RecurrentOutput, SearchRoot


@dataclass
class TabularModel:
    """States are integers. next_state int32 [s, a]; policy_logits [s, a]; value [s]; reward [s, a]; continuation [s, a]
    or None, all float32.

    With ``prefixes`` the reward state is the sum of rewards so far and the predicted reward is that sum.
    """

    next_state: np.ndarray
    policy_logits: np.ndarray
    value: np.ndarray
    reward: np.ndarray
    prefixes: bool = False
    continuation: np.ndarray | None = None

    @classmethod
    def random(
        cls,
        generator: np.random.Generator,
        actions: int,
        *,
        states: int = 4096,
        rewards: bool = True,
        logit_scale: float = 1.0,
        prefixes: bool = False,
        ends: bool = False,
    ) -> TabularModel:
        # Rewards are multiples of 1/64, so that their sums and differences are exact in float32.
        reward = np.round(64 * generator.standard_normal((states, actions))) / 64 if rewards else 0.0
        return cls(
            next_state=generator.integers(states, size=(states, actions), dtype=np.int32),
            policy_logits=(logit_scale * generator.standard_normal((states, actions))).astype(np.float32),
            value=generator.standard_normal(states).astype(np.float32),
            reward=np.broadcast_to(np.float32(reward), (states, actions)).copy(),
            prefixes=prefixes,
            # Half of the steps may be the last, some certainly.
            continuation=generator.choice([0.0, 0.5, 1.0, 1.0], size=(states, actions)).astype(np.float32)
            if ends
            else None,
        )

    def root(self, states: np.ndarray) -> SearchRoot:
        return SearchRoot(
            latent=torch.from_numpy(states.astype(np.float32))[:, None],
            reward_state=torch.full((len(states), int(self.prefixes)), 1e6),  # a search must not use it
            value=torch.from_numpy(self.value[states]),
            policy_logits=torch.from_numpy(self.policy_logits[states]),
        )

    def recurrent(self, latent: Tensor, reward_state: Tensor, action: Tensor) -> RecurrentOutput:
        state, chosen = latent[:, 0].numpy().astype(np.int64), action.numpy()
        reward = self.reward[state, chosen]
        if self.prefixes:
            reward = reward + reward_state[:, 0].numpy()
            reward_state = torch.from_numpy(reward)[:, None]
        following = self.next_state[state, chosen]
        return RecurrentOutput(
            latent=torch.from_numpy(following.astype(np.float32))[:, None],
            reward_state=reward_state,
            reward=torch.from_numpy(reward),
            value=torch.from_numpy(self.value[following]),
            policy_logits=torch.from_numpy(self.policy_logits[following]),
            continuation=None if self.continuation is None else torch.from_numpy(self.continuation[state, chosen]),
        )


def search_settings(policy: str, **changes: object) -> Search:
    """EfficientZero's PUCT or EfficientZero V2's Gumbel settings, with changes."""
    q_transform = {"puct": "by_parent_and_siblings", "gumbel": "completed_by_mix_value"}[policy]
    values = {
        "policy": policy,
        "simulations": 16,
        "considered_actions": 16,
        "q_transform": q_transform,
        "q_floor": 0.0,
        "q_floor_share": 0.0,
        "value_scale": 0.1,
        "visit_offset": 50.0,
        "prior_weight": 1.0,
        "root_value": "mean",
        "exploration_init": 1.25,
        "exploration_base": 19652.0,
        "dirichlet_alpha": 0.3,
        "dirichlet_fraction": 0.25,
        "temperature": [1.0],
        "temperature_until": [],
    }
    return Search.model_validate(values | changes)


def random_mask(generator: np.random.Generator, batch: int, actions: int) -> np.ndarray:
    """Legal actions, bool [batch, actions], at least one per row."""
    legal = generator.random((batch, actions)) < 0.6
    legal[np.arange(batch), generator.integers(actions, size=batch)] = True
    return legal
