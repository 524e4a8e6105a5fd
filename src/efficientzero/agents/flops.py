"""How many floating-point operations an agent's training has taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook

from efficientzero.networks import NoisyLinear


class FlopCounter:
    """Counts the operations of convolutions and matrix products, forward and backward; elementwise ones are left out.

    A kind of work is measured the first time and multiplied afterwards, since its cost is in proportion to its size. It
    is measured by hooks that only look on: torch's own counter takes layers apart, which changes what autocast does.

    Attributes:
        total: operations so far; a multiplication and an addition are two.
    """

    def __init__(self) -> None:
        self.total = 0
        self._per_unit: dict[str, int] = {}

    @contextmanager
    def counted(self, kind: str, size: int = 1) -> Iterator[None]:
        """Adds the operations of the block: ``size`` units of a kind of work. Blocks do not nest."""
        if kind not in self._per_unit:
            operations = []
            hook = register_module_forward_hook(lambda *call: operations.append(layer_operations(*call)))
            try:
                yield
            finally:
                hook.remove()
            self._per_unit[kind] = sum(operations) // size
        else:
            yield
        self.total += self._per_unit[kind] * size

    @contextmanager
    def left_out(self) -> Iterator[None]:
        """Whatever is counted within it is forgotten: work that is not training's."""
        total, per_unit = self.total, self._per_unit.copy()
        try:
            yield
        finally:
            self.total, self._per_unit = total, per_unit


def layer_operations(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> int:
    """Operations of one call of a layer, and of its backward pass where gradients are kept; 0 for elementwise layers.

    A backward pass costs the forward pass once more for the weights, and once more for the input if that needs one.
    """
    if isinstance(module, nn.Conv2d):
        height, width = module.kernel_size
        products = [(inputs[0], output.numel() * module.in_channels // module.groups * height * width)]
    elif isinstance(module, nn.Linear):
        products = [(inputs[0], output.numel() * module.in_features)]
    elif isinstance(module, NoisyLinear):  # as one matrix, whichever way it is computed
        products = [(inputs[0], output.numel() * inputs[0].shape[-1])]
    elif isinstance(module, nn.LSTMCell):
        gates = 4 * output[0].numel()
        products = [(inputs[0], gates * module.input_size), (inputs[1][0], gates * module.hidden_size)]
    else:
        return 0
    learning = torch.is_grad_enabled()
    return sum(2 * size * ((2 + tensor.requires_grad) if learning else 1) for tensor, size in products)
