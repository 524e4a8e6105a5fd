"""The latent states of all nodes of a batch of trees, on the model's device."""

from __future__ import annotations

import torch
from torch import Tensor

from efficientzero.search.model import RecurrentOutput, SearchRoot


class LatentPool:
    """Latents and reward states as ``[nodes, batch, ...]``: node i of every tree is one contiguous block.

    Dtypes and device are those of the root's tensors.
    """

    def __init__(self, root: SearchRoot, simulations: int, value_prefix_horizon: int | None) -> None:
        self._horizon = value_prefix_horizon
        self._rows = torch.arange(root.latent.shape[0], device=root.latent.device)
        self._latent = _pool(root.latent, simulations + 1)
        self._reward_state = _pool(root.reward_state, simulations + 1)
        self._latent[0] = root.latent
        # Depth 0 is a reset whatever the horizon.
        self._reward_state[0] = root.reward_state if value_prefix_horizon is None else 0

    def gather(self, parent_index: Tensor) -> tuple[Tensor, Tensor]:
        """Latents ``[b, ...]`` and reward states ``[b, w]`` of one node per tree; parent_index int64 ``[b]``."""
        flat_index = parent_index * len(self._rows) + self._rows
        latent = self._latent.flatten(0, 1).index_select(0, flat_index)
        return latent, self._reward_state.flatten(0, 1).index_select(0, flat_index)

    def store(self, node: int, output: RecurrentOutput, depth: Tensor) -> None:
        """Keep the states of a new node per tree at ``depth``, int64 ``[b]``.

        With value prefixes the reward state is kept as zeros at depths divisible by the horizon, root by root.
        """
        for name, pool, new in (
            ("latent", self._latent, output.latent),
            ("reward_state", self._reward_state, output.reward_state),
        ):
            if new.shape != pool.shape[1:]:
                raise ValueError(f"{name}: expected shape {list(pool.shape[1:])} as at the root, got {list(new.shape)}")
        self._latent[node] = output.latent
        if self._reward_state.shape[2] == 0:
            return
        self._reward_state[node] = output.reward_state
        if self._horizon is not None:
            self._reward_state[node].masked_fill_((depth % self._horizon == 0)[:, None], 0)


def _pool(first: Tensor, nodes: int) -> Tensor:
    return torch.empty((nodes, *first.shape), dtype=first.dtype, device=first.device)
