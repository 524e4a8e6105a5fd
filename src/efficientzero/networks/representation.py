"""The representation function: a stack of observations to a latent state."""

from __future__ import annotations

from torch import Tensor, nn

from efficientzero.networks.architecture import Architecture
from efficientzero.networks.blocks import ResidualBlock, convolution

SMALLEST_IMAGE = 32  # below this an observation is an object grid (MinAtar) and keeps its resolution


class Representation(nn.Module):
    """Images are reduced by strided convolutions and average pooling; object grids keep their resolution.

    Args:
        architecture: widths.
        input_shape: ``(stacked channels, height, width)`` of the observation.
    """

    def __init__(self, architecture: Architecture, input_shape: tuple[int, int, int]):
        super().__init__()
        inputs, height, width = input_shape
        channels = architecture.channels
        layers: list[nn.Module] = []
        if min(height, width) < SMALLEST_IMAGE:
            layers += [convolution(inputs, channels), nn.BatchNorm2d(channels), nn.ReLU()]
        else:
            first = architecture.first_channels
            layers += [convolution(inputs, first, stride=2), nn.BatchNorm2d(first), nn.ReLU()]
            if architecture.wide_residual:
                layers += [ResidualBlock(first, first), ResidualBlock(first, channels, stride=2)]
            else:
                layers += [convolution(first, channels, stride=2), nn.BatchNorm2d(channels), nn.ReLU()]
            for _ in range(architecture.pools):
                layers += [ResidualBlock(channels, channels), nn.AvgPool2d(kernel_size=3, stride=2, padding=1)]
        self.layers = nn.Sequential(*layers, ResidualBlock(channels, channels))

    def forward(self, observation: Tensor) -> Tensor:
        """float ``[batch, stacked channels, height, width]`` in [0, 1] -> latent ``[batch, channels, h, w]``."""
        return self.layers(observation)
