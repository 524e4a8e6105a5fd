"""What an update learns from: observations, actions and targets of some positions, on the device."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.agents.augment import augmented
from efficientzero.agents.targets import Unrolled, n_step_values, rewards, value_prefixes
from efficientzero.parameters import EfficientZeroSettings
from efficientzero.replay import Memory


@dataclass(frozen=True)
class Batch:
    """``batch`` positions unrolled ``unroll`` steps.

    Attributes:
        observations: ``[batch, seen, stacked channels, height, width]``, uint8, or float in [0, 1] once augmented;
            seen is unroll + 1, or 1 when later observations are not needed.
        actions: int64 ``[batch, unroll]``.
        policy: float32 ``[batch, unroll + 1, actions]``. value: float32 ``[batch, unroll + 1]``.
        reward: float32 ``[batch, unroll]``, rewards or value prefixes.
        policy_mask, value_mask: bool ``[batch, unroll + 1]``. reward_mask, consistency_mask: bool ``[batch, unroll]``.
        weights: float32 ``[batch]``, importance-sampling weights.
    """

    observations: Tensor
    actions: Tensor
    policy: Tensor
    value: Tensor
    reward: Tensor
    policy_mask: Tensor
    value_mask: Tensor
    reward_mask: Tensor
    consistency_mask: Tensor
    weights: Tensor

    @property
    def absorbing(self) -> Tensor:
        """bool ``[batch, unroll + 1]``: past the episode's end, where there is a value, zero, and no policy."""
        return self.value_mask & ~self.policy_mask

    @classmethod
    def to_device(cls, device: torch.device, **arrays: NDArray) -> Batch:
        """Moves NumPy arrays, one for each attribute."""
        return cls(**{field.name: torch.from_numpy(arrays[field.name]).to(device) for field in fields(cls)})

    def augmented(self, shift: int, intensity: float, random: np.random.Generator) -> Batch:
        """With observations shifted and scaled, float in [0, 1].

        A position's first observation is augmented on its own; its later ones alike, as published, since what is to be
        followed is how one changes into the next.
        """
        first = augmented(self.observations[:, 0], shift, intensity, random)[:, None]
        later = self.observations[:, 1:]
        if later.shape[1] == 0:
            return replace(self, observations=first)
        following = augmented(later.flatten(1, 2), shift, intensity, random).unflatten(1, later.shape[1:3])
        return replace(self, observations=torch.cat([first, following], dim=1))


def make_batch(
    memory: Memory,
    unrolled: Unrolled,
    bootstrap: NDArray[np.float32],
    weights: NDArray[np.float32],
    settings: EfficientZeroSettings,
    *,
    actions: int,
    random: np.random.Generator,
    device: torch.device,
) -> Batch:
    """Observations, actions and targets of unrolled positions, before augmentation.

    Args:
        bootstrap: float32 ``[batch, unroll + 1]``, values of the bootstrap rows. weights: float32 ``[batch]``.
        actions: the number of actions. random: what actions past an episode's end are drawn from.
    """
    recording, learning = memory.recording, settings.learning
    rows, environments = unrolled.rows, unrolled.environments
    reward, reward_mask = rewards(recording, unrolled)
    taken = recording.actions[rows[:, :-1], environments[:, :-1]].astype(np.int64)
    # Consistency needs the later observations; without it only the first is looked at.
    seen = slice(0, learning.unroll_steps + 1 if settings.consistency else 1)
    observations = recording.stacks(rows[:, seen], environments[:, seen])
    consistent = unrolled.real[:, 1:]
    if learning.consistency_past_end:
        observations[unrolled.absorbing[:, seen]] = 0
        consistent = consistent | unrolled.absorbing[:, 1:]
    return Batch.to_device(
        device,
        observations=observations,
        # Past an episode's end any action leads to the absorbing state.
        actions=np.where(unrolled.real[:, :-1], taken, random.integers(actions, size=taken.shape)),
        policy=memory.estimates.policy[rows * recording.environments + environments],
        value=n_step_values(recording, unrolled, bootstrap, settings.discount),
        reward=value_prefixes(reward) if settings.value_prefix else reward,
        policy_mask=unrolled.real,
        value_mask=unrolled.value_mask,
        reward_mask=reward_mask,
        consistency_mask=consistent,
        weights=weights,
    )
