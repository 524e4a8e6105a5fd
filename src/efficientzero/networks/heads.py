"""What is said of latent states: heads over the cells of feature maps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from efficientzero.networks.architecture import Architecture
from efficientzero.networks.blocks import feature_norm, vector_norm


class ShiftedCells(nn.Module):
    """The cells of feature maps side by side, for a dense layer; while it learns they are shifted at random.

    A dense layer learns each place by heart. Images are shifted against that (Kostrikov et al. 2021, "Image
    augmentation is all you need"); an object grid would lose what leaves it, and where its border is may decide. So it
    is what the convolutions made of it that is laid out elsewhere, on a larger canvas from which nothing is lost.

    Args:
        shift: by at most so many cells, up or down and left or right.

    Attributes:
        random: draws the shifts, for each example its own; None: everything lies in the middle of the canvas, as
            it does wherever there is no gradient. See :func:`shifted_cells`.
    """

    def __init__(self, shift: int):
        super().__init__()
        self.shift = shift
        self.random: np.random.Generator | None = None

    def canvas(self, height: int, width: int) -> int:
        """The number of cells that cells of this height and width are laid out on."""
        return (height + 2 * self.shift) * (width + 2 * self.shift)

    def forward(self, features: Tensor) -> Tensor:
        """``[batch, channels, h, w]`` -> ``[batch, channels * canvas(h, w)]``."""
        if self.shift == 0:
            return features.flatten(1)
        if self.random is None or not torch.is_grad_enabled():
            return pad(features, (self.shift,) * 4).flatten(1)
        batch, channels, height, width = features.shape
        across = width + 2 * self.shift
        top, left = self.random.integers(2 * self.shift + 1, size=(2, batch, 1))
        cells = np.arange(height)[:, None] * across + np.arange(width)
        places = torch.from_numpy(top * across + left + cells.ravel()).to(features.device)
        canvas = features.new_zeros(batch, channels, self.canvas(height, width))
        return canvas.scatter(2, places[:, None].expand(-1, channels, -1), features.flatten(2)).flatten(1)


@contextmanager
def shifted_cells(network: nn.Module, random: np.random.Generator) -> Iterator[None]:
    """Within it every :class:`ShiftedCells` of a network shifts, by draws from ``random``."""
    layers = [module for module in network.modules() if isinstance(module, ShiftedCells)]
    try:
        for layer in layers:
            layer.random = random
        yield
    finally:
        for layer in layers:
            layer.random = None


class PooledCells(nn.Module):
    """What is found somewhere, and how much of it: each channel's maximum and sum over the cells.

    What is learned of one place is so known of all; a dense layer over cells learns each place by heart.

    Args:
        channels: of the latent state.
    """

    HIDDEN = 32
    WIDTH = 2 * HIDDEN

    def __init__(self, channels: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, self.HIDDEN, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(self.HIDDEN, self.HIDDEN, kernel_size=1),
            nn.ReLU(inplace=True),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """``[batch, channels, h, w]`` -> ``[batch, WIDTH]``; sums over the root of the number of cells."""
        cells = self.layers(latent).flatten(2)
        return torch.cat([cells.amax(dim=2), cells.sum(dim=2) / math.sqrt(cells.shape[2])], dim=1)


def cell_features(
    architecture: Architecture, latent_shape: tuple[int, int, int], *, pooling: str = "none", shift: int = 0
) -> tuple[list[nn.Module], int]:
    """The layers by which a head looks at the cells of a latent state ``[batch, channels, h, w]``, and their width.

    Args:
        latent_shape: ``(channels, height, width)``.
        pooling: ``none``: few channels of every cell, side by side. ``max_and_sum``: :class:`PooledCells`, which is
            the same at every size and normalises nothing.
        shift: of :class:`ShiftedCells`, where cells are side by side.
    """
    channels, height, width = latent_shape
    if pooling == "max_and_sum":
        return [PooledCells(channels)], PooledCells.WIDTH
    layers = [
        nn.Conv2d(channels, architecture.head_channels, kernel_size=1),
        feature_norm(architecture.normalisation, architecture.head_channels),
        nn.ReLU(inplace=True),
        cells := ShiftedCells(shift),
    ]
    return layers, architecture.head_channels * cells.canvas(height, width)


class Head(nn.Module):
    """Features of the cells, one hidden layer, and a last layer that starts at zero or another constant.

    Args:
        latent_shape: ``(channels, height, width)`` of the latent state.
        outputs: width of the output. initial: what a new head says of everything.
        pooling, shift: of :func:`cell_features`.
    """

    def __init__(
        self,
        architecture: Architecture,
        latent_shape: tuple[int, int, int],
        outputs: int,
        *,
        initial: float = 0.0,
        pooling: str = "none",
        shift: int = 0,
    ):
        super().__init__()
        features, width = cell_features(architecture, latent_shape, pooling=pooling, shift=shift)
        self.layers = nn.Sequential(
            *features,
            nn.Linear(width, architecture.head_hidden),
            vector_norm(architecture.normalisation, architecture.head_hidden),
            nn.ReLU(inplace=True),
            constant_linear(architecture.head_hidden, outputs, initial),
        )

    def forward(self, latent: Tensor) -> Tensor:
        """``[batch, channels, height, width]`` -> logits ``[batch, outputs]``."""
        return self.layers(latent)


class AnyCellHead(nn.Module):
    """The logit that nothing happens in any cell; each cell says by the same convolutions how likely it does there.

    The odds of something are the sum of those of all cells, so what is learned in one place is known in all.

    Args:
        latent_shape: ``(channels, height, width)`` of the latent state. initial: about what a new head says.
    """

    HIDDEN = 32
    SCALE = 4.0  # of the last layer, to be sure within as few updates as the other heads

    def __init__(self, latent_shape: tuple[int, int, int], *, initial: float):
        super().__init__()
        channels, height, width = latent_shape
        self.layers = nn.Sequential(
            nn.Conv2d(channels, self.HIDDEN, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(self.HIDDEN, 1, kernel_size=1),
        )
        self.offset = initial + math.log(height * width)

    def forward(self, latent: Tensor) -> Tensor:
        """``[batch, channels, height, width]`` -> logits ``[batch, 1]``."""
        somewhere = self.SCALE * self.layers(latent).flatten(1) - self.offset
        return -torch.logsumexp(somewhere, dim=1, keepdim=True)


def constant_linear(inputs: int, outputs: int, initial: float = 0.0) -> nn.Linear:
    """A linear layer that says the same of everything at first; with zero, no value and a uniform policy."""
    layer = nn.Linear(inputs, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, initial)
    return layer
