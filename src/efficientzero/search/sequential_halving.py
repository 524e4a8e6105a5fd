"""Which root actions Gumbel search looks at when: sequential halving as a table of visit counts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=64)
def considered_visits(most_considered: int, simulations: int) -> NDArray[np.int32]:
    """The visit count that an action must have to be considered, for every simulation.

    Row k of the result, int32 ``[most_considered + 1, simulations]``, is for k considered actions. Choosing at every
    simulation the best action among those with that many visits carries out sequential halving (Karnin et al. 2013;
    Danihelka et al. 2022, algorithm 2): all k actions are visited equally often, then the better half, and so on down
    to two, until the simulations are used up.
    """
    table = np.stack([_sequence(considered, simulations) for considered in range(most_considered + 1)])
    table.setflags(write=False)
    return table


def _sequence(considered: int, simulations: int) -> NDArray[np.int32]:
    if considered <= 1:
        return np.arange(simulations, dtype=np.int32)
    phases = math.ceil(math.log2(considered))
    visits = [0] * considered
    sequence: list[int] = []
    while len(sequence) < simulations:
        for _ in range(max(1, simulations // (phases * considered))):
            sequence += visits[:considered]
            visits[:considered] = [count + 1 for count in visits[:considered]]
        considered = max(2, considered // 2)
    return np.array(sequence[:simulations], dtype=np.int32)
