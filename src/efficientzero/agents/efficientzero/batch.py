"""What an update of EfficientZero learns from: observations, actions and targets of some positions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.agents.augment import augmented


@dataclass(frozen=True)
class Batch:
    """Observations, actions and targets of ``batch`` positions unrolled ``unroll`` steps, on the device.

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
