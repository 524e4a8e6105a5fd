"""The memory of a search, kept for the next one: allocating it anew costs more than a small search."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

import torch
from torch import Tensor

from efficientzero.compiled.tree import SearchTree
from efficientzero.search.model import RecurrentOutput, SearchRoot

if TYPE_CHECKING:
    from efficientzero.parameters import Search

TREE_SETTINGS = (
    *("policy", "q_transform", "q_floor", "q_floor_share", "value_scale", "visit_offset", "prior_weight"),
    *("exploration_init", "exploration_base", "considered_actions"),
)
Buffer = TypeVar("Buffer")


class IdleBuffers(Generic[Buffer]):
    """The ``kept`` buffers used last, by key. Whoever takes one has it alone until it is given back."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._buffers: OrderedDict[Hashable, Buffer] = OrderedDict()
        self._lock = Lock()

    def take(self, key: Hashable) -> Buffer | None:
        """A buffer that was given back under this key, or None."""
        with self._lock:
            return self._buffers.pop(key, None)

    def give_back(self, key: Hashable, buffer: Buffer) -> None:
        """Keep a buffer for the next taker; the one unused for longest is dropped when there are too many."""
        with self._lock:
            self._buffers[key] = buffer
            self._buffers.move_to_end(key)
            while len(self._buffers) > self._kept:
                self._buffers.popitem(last=False)


_trees: IdleBuffers[SearchTree] = IdleBuffers(kept=4)
# Latents and reward states of one model. Only for CPUs: torch itself keeps the memory of other devices.
_latents: IdleBuffers[Tensor] = IdleBuffers(kept=2)


@contextmanager
def borrowed_tree(
    settings: Search, batch: int, actions: int, discount: float, value_prefix_horizon: int | None
) -> Iterator[SearchTree]:
    """A tree for at least ``batch`` roots, nobody else's until the block ends.

    The tree uses as many threads as torch. Raises ValueError if policy and Q-transform are meaningless together.
    """
    parameters = {name: getattr(settings, name) for name in TREE_SETTINGS} | {
        "discount": discount,
        "value_prefix_horizon": value_prefix_horizon,
        "threads": torch.get_num_threads(),
    }
    key = (actions, settings.simulations, *parameters.values())
    tree = _trees.take(key)
    if tree is None or tree.capacity < batch:
        tree = SearchTree(batch, actions, settings.simulations, **parameters)
    yield tree
    # Not reached after an error, which may have left the tree in the middle of a simulation.
    _trees.give_back(key, tree)


class LatentPool:
    """Latents and reward states of all nodes, ``[nodes, batch, ...]``: node i of every tree is one contiguous block.

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
                _latents.give_back(_key(name, storage), storage)
        self._storage.clear()


def _key(name: str, rows: Tensor) -> tuple:
    return name, rows.shape[1:], rows.dtype


def _storage(name: str, first: Tensor, nodes: int) -> Tensor:
    """Memory for at least ``nodes`` times the rows of ``first``: ``[rows, ...]``."""
    storage = _latents.take(_key(name, first)) if first.device.type == "cpu" else None
    if storage is not None and len(storage) >= nodes * len(first):
        return storage
    return torch.empty((nodes * len(first), *first.shape[1:]), dtype=first.dtype, device=first.device)
