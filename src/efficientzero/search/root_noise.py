"""Exploration noise at the root of a PUCT search."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mix_dirichlet(
    policy_logits: NDArray[np.float32], dirichlet: NDArray[np.float32], fraction: float
) -> NDArray[np.float32]:
    """Logits of ``(1 - fraction) * softmax(policy_logits) + fraction * dirichlet``; all ``[b, actions]``, float32.

    Illegal actions take part here and lose their share afterwards, as in mctx.
    """
    weights = np.exp(policy_logits - policy_logits.max(axis=1, keepdims=True))
    probabilities = (1.0 - fraction) * (weights / weights.sum(axis=1, keepdims=True)) + fraction * dirichlet
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)).astype(np.float32)
