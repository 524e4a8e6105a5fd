"""What a search returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SearchResult:
    """One row per root.

    action: int64 ``[b]``. PUCT: the most visited action (lowest index of several). Gumbel: of the most visited actions
        the one with the highest noise + log-prior + completed Q.
    visit_counts: int32 ``[b, actions]``, simulations through each root action.
    value: float32 ``[b]``. ``root_value`` mean: of the root's network value and the returns of all simulations. policy:
        the mean of the actions' Q-values by ``policy``, with the mixed value (Danihelka et al. 2022, appendix D) for
        an unvisited one. Sequential halving visits bad actions on purpose: the first is less than the policy earns.
    policy: float32 ``[b, actions]``, the policy target. PUCT: shares of the visits. Gumbel: softmax(prior_weight
        * log-prior + completed Q), with a weight of 1 as in Danihelka et al. 2022, section 4.
    q_values: float32 ``[b, actions]``, reward + discount * value of each visited root action; 0 for the others.
    """

    action: NDArray[np.int64]
    visit_counts: NDArray[np.int32]
    value: NDArray[np.float32]
    policy: NDArray[np.float32]
    q_values: NDArray[np.float32]

    @classmethod
    def empty(cls, actions: int) -> SearchResult:
        """The result for no roots."""
        return cls(
            action=np.zeros(0, np.int64),
            visit_counts=np.zeros((0, actions), np.int32),
            value=np.zeros(0, np.float32),
            policy=np.zeros((0, actions), np.float32),
            q_values=np.zeros((0, actions), np.float32),
        )
