"""A search tree for some settings, new or used before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from efficientzero.compiled.tree import SearchTree
from efficientzero.search.idle_buffers import IdleBuffers
from efficientzero.search.sequential_halving import considered_visits

if TYPE_CHECKING:
    from efficientzero.parameters import Search

_idle: IdleBuffers[SearchTree] = IdleBuffers(kept=4)


@contextmanager
def borrowed_tree(
    settings: Search, batch: int, actions: int, discount: float, value_prefix_horizon: int | None
) -> Iterator[SearchTree]:
    """A tree for at least ``batch`` roots, nobody else's until the block ends.

    The tree uses as many threads as torch. Raises ValueError if policy and Q-transform are meaningless together.
    """
    parameters = {
        "policy": settings.policy,
        "q_transform": settings.q_transform,
        "discount": discount,
        "value_prefix_horizon": value_prefix_horizon,
        "q_floor": settings.q_floor,
        "q_floor_share": settings.q_floor_share,
        "value_scale": settings.value_scale,
        "visit_offset": settings.visit_offset,
        "prior_weight": settings.prior_weight,
        "exploration_init": settings.exploration_init,
        "exploration_base": settings.exploration_base,
        "threads": torch.get_num_threads(),
    }
    considered = min(settings.considered_actions, actions)
    key = (actions, settings.simulations, considered, *parameters.values())
    tree = _idle.take(key)
    if tree is None or tree.capacity < batch:
        table = considered_visits(considered, settings.simulations) if settings.policy == "gumbel" else None
        tree = SearchTree(batch, actions, settings.simulations, considered_visits=table, **parameters)
    yield tree
    # Not reached after an error, which may have left the tree in the middle of a simulation.
    _idle.give_back(key, tree)
