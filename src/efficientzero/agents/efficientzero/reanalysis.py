"""Reanalysis: the estimates that an agent keeps of recorded positions, made anew as its network improves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from efficientzero.agents.interface import Drift
from efficientzero.agents.random_streams import generator
from efficientzero.agents.targets import Unrolled
from efficientzero.progress import Progress
from efficientzero.records.instruments import DriftBin
from efficientzero.replay import NEVER, Memory, Recording

ESTIMATE_BATCH = 256  # positions estimated together when there are many

Estimate = Callable[[NDArray[np.uint8], np.random.Generator], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Stacked observations, and what exploration is drawn from -> policy ``[batch, actions]``, value ``[batch]``."""


def refresh(
    memory: Memory,
    positions: NDArray[np.int64],
    estimate: Estimate,
    *,
    seed: int,
    updates: int,
    progress: Progress | None = None,
) -> None:
    """Estimates positions again and keeps what is found, as of ``updates``; ``progress`` counts positions."""
    for start in range(0, len(positions), ESTIMATE_BATCH):
        some = positions[start : start + ESTIMATE_BATCH]
        observation = memory.recording.stacks(*memory.recording.locate(some))
        policy, value = estimate(observation, generator(seed, "refresh", updates, start))
        memory.estimates.replace(some, policy, value, updates)
        if progress is not None:
            progress.update(len(some))


def reanalyze(memory: Memory, estimate: Estimate, progress: Progress, *, seed: int, updates: int) -> Drift:
    """Estimates every recorded position again; how far the old estimates were from that."""
    kept = memory.estimates
    policy, value, made_at = kept.policy.copy(), kept.value.copy(), kept.made_at.copy()
    refresh(memory, np.arange(len(memory.recording)), estimate, seed=seed, updates=updates, progress=progress)
    had = made_at != NEVER
    return Drift(
        age=(updates - made_at[had]).astype(np.int64),
        policy_distance=np.abs(kept.policy - policy)[had].sum(axis=1) / 2.0,
        value_difference=np.abs(kept.value - value)[had],
    )


def bootstrap_values(
    recording: Recording, unrolled: Unrolled, values: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """A network's values of the bootstrap rows, float32 ``[batch, unroll + 1]``; 0 where none is needed.

    Args:
        values: of stacked observations, float32 ``[batch]``.
    """
    needed = (unrolled.bootstrap_rows * recording.environments + unrolled.environments)[unrolled.bootstraps]
    unique, inverse = np.unique(needed, return_inverse=True)
    parts = [np.zeros(0, np.float32)]
    for start in range(0, len(unique), ESTIMATE_BATCH):
        parts.append(values(recording.stacks(*recording.locate(unique[start : start + ESTIMATE_BATCH]))))
    found = np.zeros(unrolled.rows.shape, np.float32)
    found[unrolled.bootstraps] = np.concatenate(parts)[inverse]
    return found


def drift_by_age(drift: Drift | None) -> list[DriftBin]:
    """Means of a drift over doubling bins of the old estimates' age in updates: 0, 1, 2-3, 4-7, ..."""
    if drift is None or not len(drift.age):
        return []
    bins = np.where(drift.age > 0, np.floor(np.log2(np.maximum(drift.age, 1))).astype(int) + 1, 0)
    return [
        DriftBin(
            age_from=int(drift.age[bins == index].min()),
            age_to=int(drift.age[bins == index].max()),
            positions=int((bins == index).sum()),
            policy_distance=float(drift.policy_distance[bins == index].mean()),
            value_difference=float(drift.value_difference[bins == index].mean()),
        )
        for index in np.unique(bins)
    ]
