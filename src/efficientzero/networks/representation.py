"""The representation function: a stack of observations to a latent state."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor, nn

from efficientzero.networks.architecture import Architecture, is_grid
from efficientzero.networks.blocks import ResidualBlock, as_features, convolution, feature_norm, scaled_latent

LARGEST_LATENT = 8  # pixels; an image is pooled until it is no larger


class Representation(nn.Module):
    """Images are reduced by two strided convolutions and pooling; object grids keep their resolution.

    Most of an image stands still and is bright, and what matters may be a pixel or two: a ball. Normalised over all
    channels together, its share of the variance is nothing, and no gradient finds it. Normalised channel by channel, a
    channel that sees changes only is scaled up to what moves. So with ``layer`` or ``cell``, images are normalised by
    ``instance``.

    Args:
        input_shape: ``(stacked channels, height, width)`` of the observation.

    Attributes:
        latent_shape: ``(channels, height, width)`` of the latent state.
    """

    def __init__(self, architecture: Architecture, input_shape: tuple[int, int, int]):
        super().__init__()
        inputs, height, width = input_shape
        first, channels = architecture.first_channels, architecture.channels
        grid = is_grid(input_shape)
        halving = 1 if grid else 2
        by_example = architecture.normalisation in ("layer", "cell")
        normalisation = "instance" if by_example and not grid else architecture.normalisation

        def pooling() -> nn.Module:
            pool = nn.MaxPool2d if architecture.max_pooling else nn.AvgPool2d
            return pool(kernel_size=3, stride=2, padding=1)

        def block() -> nn.Module:
            return ResidualBlock(normalisation, channels, channels)

        size, pools = ceil(max(height, width) / 4), 0  # after two strided convolutions
        while size > LARGEST_LATENT and not grid:
            size, pools = ceil(size / 2), pools + 1
        layers: list[nn.Module] = [convolution(inputs, channels if architecture.shallow else first, halving)]
        if architecture.shallow:
            layers += [feature_norm(normalisation, channels), nn.ReLU(inplace=True)]
        elif architecture.wide_residual:
            layers += [
                feature_norm(normalisation, first),
                nn.ReLU(inplace=True),
                ResidualBlock(normalisation, first, first),
                ResidualBlock(normalisation, first, channels, stride=halving),
            ]
            for _ in range(pools):
                layers += [block(), pooling()]
            layers.append(block())
        else:
            # Pooled as early as can be, before the normalisation: most of the time goes into what is large.
            layers += [pooling() for _ in range(min(pools, 1))]
            layers += [feature_norm(normalisation, first), nn.ReLU(inplace=True), convolution(first, channels, halving)]
            layers += [pooling() for _ in range(pools - 1)]
            layers += [feature_norm(normalisation, channels), nn.ReLU(inplace=True)]
            layers += [block() for _ in range(1 if grid else 2)]
        self.layers = nn.Sequential(*layers)
        self.scale = architecture.latent
        self.latent_shape = self._measured(input_shape)

    def _measured(self, input_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        self.eval()  # BatchNorm's statistics stay as they are
        with torch.no_grad():
            _, channels, height, width = self(torch.zeros(1, *input_shape)).shape
        self.train()
        return channels, height, width

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1], -> latent ``[batch, c, h, w]``."""
        return scaled_latent(self.layers(as_features(observation)), self.scale)
