"""What the network is trained towards: n-step values, value prefixes and search policies.

For a batch of positions and ``unroll`` imagined steps, everything has shape ``[batch, unroll + 1]``; index 0 is the
position itself. Three kinds of step are told apart:

* *real*: the transition is recorded. All targets exist, except that the newest row of an episode that was truncated or
  goes on has no value target, since nothing after it is recorded, unless it is valued by itself (n = 0).
* *absorbing*: past a termination. Value and reward are zero, and there is no policy and no observation.
* *unknown*: past a truncation or past the newest row. There is no target at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from efficientzero.replay import Recording


@dataclass(frozen=True)
class Unrolled:
    """Rows and masks of unrolled positions; all ``[batch, unroll + 1]``.

    Attributes:
        rows: int64, clipped to the episode's last row where the step is not real.
        environments: int64. real, absorbing: bool.
        bootstrap_rows: int64, the row whose value is bootstrapped from; meaningless where ``bootstraps`` is False.
        bootstraps: bool. horizon: int64, rewards summed before the bootstrap.
        value_mask: bool, where a value target exists.
    """

    rows: NDArray[np.int64]
    environments: NDArray[np.int64]
    real: NDArray[np.bool_]
    absorbing: NDArray[np.bool_]
    bootstrap_rows: NDArray[np.int64]
    bootstraps: NDArray[np.bool_]
    horizon: NDArray[np.int64]
    value_mask: NDArray[np.bool_]

    def positions(self, recording: Recording, *, bootstraps: bool) -> NDArray[np.int64]:
        """The recorded positions whose search results the targets need, int64 ``[n]`` with repeats."""
        needed = (self.rows * recording.environments + self.environments)[self.real]
        if bootstraps:
            further = self.bootstrap_rows * recording.environments + self.environments
            needed = np.concatenate([needed, further[self.bootstraps]])
        return needed


def off_policy_steps(td_steps: int, age: NDArray[np.int64], interval: int, least: int = 1) -> NDArray[np.int64]:
    """Fewer steps for older data: clip(td_steps - age // interval, least, td_steps) (Ye et al. 2021, section 4.3).

    Args:
        age: int64, env steps since the transition was recorded. interval: env steps of age per step taken off.
        least: 1 as published. 0: of what is old not even the recorded action is followed, and the value is that of a
            search from the position itself (search-based value estimation; Wang et al. 2024, section 4.3).
    """
    return np.clip(td_steps - age // interval, least, td_steps)


def unroll(
    recording: Recording, positions: NDArray[np.int64], steps: int, td_steps: NDArray[np.int64] | int
) -> Unrolled:
    """Finds the rows that the targets of a batch are made of.

    Args:
        positions: int64 ``[batch]``. steps: imagined steps.
        td_steps: the n of the n-step value, one or per position ``[batch]``. It is cut short at the newest row of an
            episode that was truncated or goes on, and runs over a termination with zero reward and no bootstrap. With
            n = 0 the row is bootstrapped from itself, and every real one has a value.
    """
    base, environment = recording.locate(positions)
    rows = base[:, None] + np.arange(steps + 1)
    environments = np.broadcast_to(environment[:, None], rows.shape)
    last = recording.last_row(base, environment)[:, None]
    terminated = recording.terminated(base, environment)[:, None]
    real = rows <= last
    absorbing = ~real & terminated
    rows = np.minimum(rows, last)
    wanted = np.broadcast_to(np.asarray(td_steps).reshape(-1, 1), rows.shape)
    bootstrap_rows = rows + wanted
    # Through a termination there is nothing to bootstrap from; short of one, the newest recorded row is the furthest.
    bootstraps = real & (~terminated | (bootstrap_rows <= last))
    horizon = np.where(terminated, np.minimum(wanted, last + 1 - rows), np.minimum(wanted, last - rows))
    bootstrap_rows = np.minimum(bootstrap_rows, last)
    valued = real & ((horizon > 0) | (wanted == 0))
    return Unrolled(
        rows=rows,
        environments=environments,
        real=real,
        absorbing=absorbing,
        bootstrap_rows=bootstrap_rows,
        bootstraps=bootstraps & valued,
        horizon=np.where(real, horizon, 0),
        value_mask=absorbing | valued,
    )


def n_step_values(
    recording: Recording, unrolled: Unrolled, bootstrap_values: NDArray[np.float32], discount: float
) -> NDArray[np.float32]:
    """sum_{i<n} discount^i reward_{t+i} + discount^n value_{t+n}; zero where absorbing or unknown.

    Args:
        bootstrap_values: float32 ``[batch, unroll + 1]``, values of ``bootstrap_rows``; ignored where none is used.
    """
    values = np.where(unrolled.bootstraps, discount**unrolled.horizon * bootstrap_values, 0.0)
    newest = recording.rows - 1
    for step in range(int(unrolled.horizon.max(initial=0))):
        reward = recording.rewards[np.minimum(unrolled.rows + step, newest), unrolled.environments]
        values += np.where(step < unrolled.horizon, discount**step * reward, 0.0)
    return values.astype(np.float32)


def rewards(recording: Recording, unrolled: Unrolled) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The reward of each imagined step k, that of the transition at index k - 1: float32 and mask ``[batch, unroll]``.

    Past a termination it is zero; past a truncation or the newest row it is unknown (masked).
    """
    real = unrolled.real[:, :-1]
    reward = recording.rewards[unrolled.rows[:, :-1], unrolled.environments[:, :-1]]
    return np.where(real, reward, 0.0).astype(np.float32), real | unrolled.absorbing[:, :-1]


def value_prefixes(reward: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undiscounted sums of the rewards since the root (Ye et al. 2021, section 4.2).

    Args:
        reward: float32 ``[batch, unroll]``.

    Returns:
        float32 ``[batch, unroll]``.
    """
    return np.cumsum(reward, axis=1, dtype=np.float32)
