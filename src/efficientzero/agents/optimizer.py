"""The optimiser of a network that learns from a replay.

torch's optimisers load torch's compiler, more than a second of work that every stage which learns would begin with,
only to tell it to leave them alone. So these say so without it, and take their steps without what looks for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import torch
from torch import nn

from efficientzero.parameters import Learning


class _SGD(torch.optim.SGD):
    step = torch.no_grad()(inspect.unwrap(torch.optim.SGD.step))


class _AdamW(torch.optim.AdamW):
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))


def new_optimizer(learning: Learning, weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """SGD with momentum, or AdamW, as ``learning.optimizer`` says."""
    for name in ("add_param_group", "zero_grad"):
        method = inspect.unwrap(getattr(torch.optim.Optimizer, name))
        method.__dynamo_disable = method  # as torch does at the first call
    rate, decay = learning.learning_rate, learning.weight_decay
    if learning.optimizer == "sgd":
        return _SGD(weights, lr=rate, weight_decay=decay, momentum=learning.momentum)
    return _AdamW(weights, lr=rate, weight_decay=decay, eps=learning.adam_epsilon, fused=True)
