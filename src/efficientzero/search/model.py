"""What a search needs of a learned model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True)
class SearchRoot:
    """The positions to search from, one per row; ``b`` rows, all tensors on one device.

    latent: ``[b, ...]``, any float dtype. reward_state: ``[b, w]``, the recurrent state of the value-prefix head, LSTM
    h and c side by side; w = 0 without value prefixes. value: float32 ``[b]``. policy_logits: float32 ``[b, actions]``.
    """

    latent: Tensor
    reward_state: Tensor
    value: Tensor
    policy_logits: Tensor


@dataclass(frozen=True)
class RecurrentOutput:
    """The model's prediction one action further.

    Shapes and dtypes as in ``SearchRoot``. reward: float32 ``[b]``, the reward of the action, or, from a model with
    value prefixes, the undiscounted sum of rewards since the reward state was last zero. continuation: float32 ``[b]``,
    the probability that the episode goes on after the action; ``value`` is then that of an episode that does. None: 1.
    """

    latent: Tensor
    reward_state: Tensor
    reward: Tensor
    value: Tensor
    policy_logits: Tensor
    continuation: Tensor | None = None


class SearchModel(Protocol):
    """A model of the environment in latent space."""

    def recurrent(self, latent: Tensor, reward_state: Tensor, action: Tensor) -> RecurrentOutput:
        """Predict from latents ``[b, ...]``, reward states ``[b, w]`` and actions int64 ``[b]``.

        The tensors are the search's own; the model may overwrite them.
        """
        ...
