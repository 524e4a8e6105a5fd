"""The representation function: a stack of observations to a latent state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from efficientzero.networks.architecture import Architecture
from efficientzero.networks.blocks import ResidualBlock, convolution, feature_norm, min_max_scaled

SMALLEST_IMAGE = 32  # pixels; anything smaller is an object grid (MinAtar)


class Representation(nn.Module):
    """Images are reduced by two strided convolutions and average pooling; object grids are halved once.

    Args:
        architecture: widths. normalisation: see :func:`efficientzero.networks.blocks.feature_norm`.
        latent: ``min_max``: scaled to [0, 1]; ``free``: as the last block leaves it.
        input_shape: ``(stacked channels, height, width)`` of the observation.

    Attributes:
        latent_shape: ``(channels, height, width)`` of the latent state.
    """

    def __init__(self, architecture: Architecture, normalisation: str, latent: str, input_shape: tuple[int, int, int]):
        super().__init__()
        inputs, height, width = input_shape
        first, channels = architecture.first_channels, architecture.channels
        grid = min(height, width) < SMALLEST_IMAGE
        layers: list[nn.Module] = [
            convolution(inputs, first, 1 if grid else 2),
            feature_norm(normalisation, first),
            nn.ReLU(),
        ]
        if architecture.wide_residual:
            layers += [
                ResidualBlock(normalisation, first, first),
                ResidualBlock(normalisation, first, channels, stride=2),
            ]
        else:
            layers += [convolution(first, channels, stride=2), feature_norm(normalisation, channels), nn.ReLU()]
        for _ in range(0 if grid else architecture.pools):
            pool = nn.AvgPool2d(kernel_size=3, stride=2, padding=1)
            block = ResidualBlock(normalisation, channels, channels)
            layers += [block, pool] if architecture.wide_residual else [pool, block]
        self.layers = nn.Sequential(*layers, ResidualBlock(normalisation, channels, channels))
        self.scaled = latent == "min_max"
        self.latent_shape = self._measured(input_shape)

    def _measured(self, input_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        self.eval()  # BatchNorm's statistics stay as they are
        with torch.no_grad():
            _, channels, height, width = self(torch.zeros(1, *input_shape)).shape
        self.train()
        return channels, height, width

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1], -> latent ``[batch, c, h, w]``."""
        if observation.dtype == torch.uint8:
            observation = observation.float() / 255.0
        # Few channels at a high resolution: four times as fast with the channels last.
        latent = self.layers(observation.contiguous(memory_format=torch.channels_last))
        return min_max_scaled(latent) if self.scaled else latent
