"""The optimiser of a network that learns from a replay."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable

import torch
from torch import nn

from efficientzero.parameters import Learning


def new_optimizer(learning: Learning, weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """SGD with momentum, or AdamW, as ``learning.optimizer`` says."""
    _leave_out_the_compiler()
    rate, decay = learning.learning_rate, learning.weight_decay
    optimizer: torch.optim.Optimizer
    if learning.optimizer == "sgd":
        optimizer = torch.optim.SGD(weights, lr=rate, weight_decay=decay, momentum=learning.momentum)
    else:
        optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=decay, eps=learning.adam_epsilon, fused=True)
    step = inspect.unwrap(type(optimizer).step)  # without torch's hooks and profiling, and what switches gradients off
    optimizer.step = torch.no_grad()(functools.partial(step, optimizer))  # type: ignore[method-assign]
    return optimizer


def _leave_out_the_compiler() -> None:
    """Marks an optimiser's methods as left alone by torch's compiler, as torch does itself at their first call.

    It loads its compiler to do so, in more than a second, which every stage that learns would begin with.
    """
    for name in ("add_param_group", "load_state_dict", "state_dict", "zero_grad"):
        method = inspect.unwrap(getattr(torch.optim.Optimizer, name))
        method.__dynamo_disable = method
