"""The convolutional pieces that every part of the network is built of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from efficientzero.networks.architecture import Architecture


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution without bias (a BatchNorm follows), padded to keep the resolution at stride 1."""
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


class ResidualBlock(nn.Module):
    """conv-BN-ReLU-conv-BN plus a skip, then ReLU; a stride is taken by the first convolution and the skip."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.first = convolution(inputs, outputs, stride)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = convolution(outputs, outputs)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.skip = nn.Identity() if stride == 1 and inputs == outputs else convolution(inputs, outputs, stride)

    def forward(self, features: Tensor) -> Tensor:
        """``[batch, inputs, h, w]`` -> ``[batch, outputs, h / stride, w / stride]``."""
        hidden = torch.relu(self.first_norm(self.first(features)))
        return torch.relu(self.second_norm(self.second(hidden)) + self.skip(features))


class Head(nn.Module):
    """1x1 convolution, one hidden layer, and a last layer that starts at zero.

    Args:
        architecture: widths.
        latent_shape: ``(channels, height, width)`` of the latent state.
        outputs: width of the output.
    """

    def __init__(self, architecture: Architecture, latent_shape: tuple[int, int, int], outputs: int):
        super().__init__()
        channels, height, width = latent_shape
        self.layers = nn.Sequential(
            nn.Conv2d(channels, architecture.head_channels, kernel_size=1),
            nn.BatchNorm2d(architecture.head_channels),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(architecture.head_channels * height * width, architecture.head_hidden),
            nn.BatchNorm1d(architecture.head_hidden),
            nn.ReLU(),
            zero_linear(architecture.head_hidden, outputs),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """``[batch, channels, height, width]`` -> logits ``[batch, outputs]``."""
        return self.layers(latent)


def zero_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that starts at zero, so that a new network predicts zero values and a uniform policy."""
    layer = nn.Linear(inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


@contextmanager
def frozen_statistics(network: nn.Module) -> Iterator[None]:
    """Lets BatchNorm normalise by the batch without moving its running statistics.

    For forward passes that only make targets: they must see the network as training does, and leave no trace.
    """
    norms = [module for module in network.modules() if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d))]
    tracking = [norm.track_running_stats for norm in norms]
    kept = [(norm.running_mean, norm.running_var, norm.num_batches_tracked) for norm in norms]
    try:
        for norm in norms:
            norm.track_running_stats = False
            norm.running_mean = norm.running_var = norm.num_batches_tracked = None
        yield
    finally:
        for norm, tracked, (mean, variance, batches) in zip(norms, tracking, kept, strict=True):
            norm.track_running_stats = tracked
            norm.running_mean, norm.running_var, norm.num_batches_tracked = mean, variance, batches
