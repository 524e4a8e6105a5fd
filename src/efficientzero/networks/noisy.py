"""Linear layers that explore by learned noise on their weights (NoisyNet; Fortunato et al. 2018)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import linear

# Up to this many rows a second matrix product is cheaper than making the noisy weight matrix, which costs the same
# whatever the batch (measured on a CPU, 576 to 3136 inputs and 256 or 512 outputs).
SMALL_BATCH = 8


class NoisyLinear(nn.Module):
    """y = (W + S * e_out e_in^T) x + b + s * e_out: factorised Gaussian noise (Fortunato et al. 2018, eq. 10-11).

    The noise stays the same until it is resampled. A new layer is silent: it computes W x + b. It must be resampled
    before it learns, for no gradient reaches S and s in silence.

    Args:
        inputs: width of the input, called p.
        outputs: width of the output.
        initial_noise: every entry of S and s starts at initial_noise / sqrt(p); 0.5 in the paper.

    Attributes:
        weight_mean, weight_noise: W and S, ``[outputs, inputs]``.
        bias_mean, bias_noise: b and s, ``[outputs]``.
        input_noise, output_noise: e_in ``[inputs]`` and e_out ``[outputs]``; no part of the state dict.
        silent: whether the noise is zero.
    """

    input_noise: Tensor
    output_noise: Tensor

    def __init__(self, inputs: int, outputs: int, initial_noise: float):
        super().__init__()
        bound = 1.0 / math.sqrt(inputs)
        self.weight_mean = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound))
        self.weight_noise = nn.Parameter(torch.full((outputs, inputs), initial_noise * bound))
        self.bias_mean = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))
        self.bias_noise = nn.Parameter(torch.full((outputs,), initial_noise * bound))
        self.register_buffer("input_noise", torch.zeros(inputs), persistent=False)
        self.register_buffer("output_noise", torch.zeros(outputs), persistent=False)
        self.silent = True

    def resample(self, random: np.random.Generator) -> None:
        """Draws new noise: first for every input, then for every output.

        A graph that is still to be differentiated keeps the noise that it was computed with.
        """
        # New tensors, since autograd forbids changing the old ones in place before the backward pass; and ordinary
        # ones, since inference mode, in which an agent acts, would make tensors that cannot be learned with later.
        with torch.inference_mode(mode=False):
            self.input_noise = self._draw(random, self.input_noise)
            self.output_noise = self._draw(random, self.output_noise)
        self.silent = False

    def silence(self) -> None:
        """Sets the noise to zero, which leaves the mean network."""
        with torch.inference_mode(mode=False):
            self.input_noise = torch.zeros_like(self.input_noise)
            self.output_noise = torch.zeros_like(self.output_noise)
        self.silent = True

    @staticmethod
    def _draw(random: np.random.Generator, like: Tensor) -> Tensor:
        """f(x) = sign(x) sqrt(|x|) of standard normal x."""
        gaussian = random.standard_normal(like.shape[0], dtype=np.float32)
        return torch.from_numpy(np.sign(gaussian) * np.sqrt(np.abs(gaussian))).to(like)

    def forward(self, features: Tensor) -> Tensor:
        """float ``[batch, inputs]`` -> float ``[batch, outputs]``."""
        if self.silent:
            return linear(features, self.weight_mean, self.bias_mean)
        if features.shape[0] <= SMALL_BATCH:
            noise = linear(features * self.input_noise, self.weight_noise, self.bias_noise)
            return linear(features, self.weight_mean, self.bias_mean) + noise * self.output_noise
        weight = torch.addcmul(self.weight_mean, self.weight_noise, torch.outer(self.output_noise, self.input_noise))
        return linear(features, weight, torch.addcmul(self.bias_mean, self.bias_noise, self.output_noise))


def resample_noise(network: nn.Module, random: np.random.Generator) -> None:
    """Draws new noise for every :class:`NoisyLinear` of a network, in the order in which it holds them."""
    for layer in _noisy_layers(network):
        layer.resample(random)


def silence_noise(network: nn.Module) -> None:
    """Sets the noise of every :class:`NoisyLinear` of a network to zero."""
    for layer in _noisy_layers(network):
        layer.silence()


def _noisy_layers(network: nn.Module) -> Iterator[NoisyLinear]:
    return (module for module in network.modules() if isinstance(module, NoisyLinear))
