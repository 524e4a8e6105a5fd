"""The latent states of all nodes of a batch of trees, on the model's device."""

from __future__ import annotations

import torch
from torch import Tensor

from efficientzero.search.idle_buffers import IdleBuffers
from efficientzero.search.model import RecurrentOutput, SearchRoot

# Only for CPUs: torch itself keeps the memory of other devices. Latents and reward states of one model.
_idle: IdleBuffers[Tensor] = IdleBuffers(kept=2)


class LatentPool:
    """Latents and reward states as ``[nodes, batch, ...]``: node i of every tree is one contiguous block.

    Dtypes and device are those of the root's tensors. To be created and used in ``torch.inference_mode`` only.
    """

    def __init__(self, root: SearchRoot, simulations: int, value_prefix_horizon: int | None) -> None:
        self._horizon = value_prefix_horizon
        self._rows = torch.arange(root.latent.shape[0], device=root.latent.device)
        self._nodes = simulations + 1
        self._storage = {name: _storage(name, getattr(root, name), self._nodes) for name in ("latent", "reward_state")}
        self._latent = self._by_node("latent", root.latent)
        self._reward_state = self._by_node("reward_state", root.reward_state)
        self._latent[0] = root.latent
        # Depth 0 is a reset whatever the horizon.
        self._reward_state[0] = root.reward_state if value_prefix_horizon is None else 0

    def _by_node(self, name: str, first: Tensor) -> Tensor:
        rows = self._nodes * first.shape[0]
        return self._storage[name][:rows].view(self._nodes, *first.shape)

    def gather(self, parent_index: Tensor) -> tuple[Tensor, Tensor]:
        """Latents ``[b, ...]`` and reward states ``[b, w]`` of one node per tree; parent_index int64 ``[b]``."""
        row = parent_index * len(self._rows) + self._rows
        return self._storage["latent"].index_select(0, row), self._storage["reward_state"].index_select(0, row)

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

    def give_back(self) -> None:
        """Leave the memory to the next pool; this one must not be used again."""
        for name, storage in self._storage.items():
            if storage.device.type == "cpu":
                _idle.give_back(_key(name, storage), storage)
        self._storage.clear()


def _key(name: str, rows: Tensor) -> tuple:
    return name, rows.shape[1:], rows.dtype


def _storage(name: str, first: Tensor, nodes: int) -> Tensor:
    """Memory for at least ``nodes`` times the rows of ``first``: ``[rows, ...]``."""
    storage = _idle.take(_key(name, first)) if first.device.type == "cpu" else None
    if storage is not None and len(storage) >= nodes * len(first):
        return storage
    return torch.empty((nodes * len(first), *first.shape[1:]), dtype=first.dtype, device=first.device)
