"""The convolutional pieces that every part of the network is built of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import group_norm, layer_norm, pad

from efficientzero.networks.architecture import Architecture


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution without bias (a normalisation follows), padded to keep the resolution at stride 1."""
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


def feature_norm(normalisation: str, channels: int) -> nn.Module:
    """Normalises feature maps ``[batch, channels, h, w]``.

    Args:
        normalisation: ``layer``: each example over all its channels and pixels; ``cell``: each pixel of each example
            over its channels; ``instance``: each channel of each example over its pixels; all three the same function
            in training and in evaluation. ``batch``: each channel over the batch in training, by running statistics in
            evaluation.
    """
    if normalisation == "batch":
        return nn.BatchNorm2d(channels)
    if normalisation == "cell":
        return CellNorm(channels)
    return nn.GroupNorm(channels if normalisation == "instance" else 1, channels)


class CellNorm(nn.LayerNorm):
    """Normalises the channels of each cell: what is anywhere else does not change what is seen in it."""

    def forward(self, features: Tensor) -> Tensor:
        """``[batch, channels, h, w]`` -> the same."""
        return normalised_cells(features, self.weight, self.bias)


def normalised_cells(features: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    """``[batch, channels, h, w]`` each cell's channels with a mean of 0 and a variance of 1, then an affine map."""
    return layer_norm(features.permute(0, 2, 3, 1), features.shape[1:2], weight, bias).permute(0, 3, 1, 2)


def vector_norm(normalisation: str, width: int) -> nn.Module:
    """:func:`feature_norm` of vectors ``[batch, width]``."""
    return nn.BatchNorm1d(width) if normalisation == "batch" else nn.LayerNorm(width)


def scaled_latent(latent: Tensor, scale: str) -> Tensor:
    """Latent states ``[batch, channels, h, w]`` at the scale that the network's parts hand them on with.

    Args:
        latent: as a last block leaves it.
        scale: ``min_max``: see :func:`min_max_scaled`. ``standard``: each state with a mean of 0 and a variance of 1
            over all its entries, which keeps imagined states at the scale of real ones too, and at that of the
            normalised features that the dynamics add them to. ``standard_cells``: the same of each cell's channels.
            ``free``: as they are.
    """
    if scale == "min_max":
        return min_max_scaled(latent)
    if scale == "standard_cells":
        return normalised_cells(latent)
    return group_norm(latent, 1) if scale == "standard" else latent


def min_max_scaled(latent: Tensor) -> Tensor:
    """Each latent state scaled to [0, 1] over all its entries (Schrittwieser et al. 2020, appendix G).

    It keeps imagined states at the scale of real ones at any depth, which the consistency loss, a cosine, does not.
    A state whose entries are all the same becomes zeros.
    """
    cells = latent.flatten(1)
    low, high = cells.amin(dim=1), cells.amax(dim=1)  # aminmax has no derivative in torch 2.11 and takes longer
    low, high = low[:, None, None, None], high[:, None, None, None]
    return (latent - low) / (high - low).clamp(min=1e-5)


class ResidualBlock(nn.Module):
    """conv-norm-ReLU-conv-norm plus a skip, then ReLU; a stride is taken by the first convolution and the skip."""

    def __init__(self, normalisation: str, inputs: int, outputs: int, stride: int = 1):
        super().__init__()
        self.first = convolution(inputs, outputs, stride)
        self.first_norm = feature_norm(normalisation, outputs)
        self.second = convolution(outputs, outputs)
        self.second_norm = feature_norm(normalisation, outputs)
        self.skip = nn.Identity() if stride == 1 and inputs == outputs else convolution(inputs, outputs, stride)

    def forward(self, features: Tensor) -> Tensor:
        """``[batch, inputs, h, w]`` -> ``[batch, outputs, h / stride, w / stride]``."""
        # In place, which spares memory and the time to reach for it.
        hidden = self.first_norm(self.first(features)).relu_()
        return self.second_norm(self.second(hidden)).add_(self.skip(features)).relu_()


def trunk(architecture: Architecture, normalisation: str) -> nn.Module:
    """What policy and value (or the values of actions) share, of latent states ``[batch, channels, h, w]``."""
    if architecture.shallow:
        return nn.Identity()
    return ResidualBlock(normalisation, architecture.channels, architecture.channels)


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
    pooling: str, architecture: Architecture, normalisation: str, latent_shape: tuple[int, int, int], *, shift: int = 0
) -> tuple[list[nn.Module], int]:
    """The layers by which a head looks at the cells of a latent state ``[batch, channels, h, w]``, and their width.

    Args:
        pooling: ``none``: few channels of every cell, side by side. ``max_and_sum``: :class:`PooledCells`, which is
            the same at every size and normalises nothing.
        architecture: widths. normalisation: see :func:`feature_norm`.
        latent_shape: ``(channels, height, width)``.
        shift: of :class:`ShiftedCells`, where cells are side by side.
    """
    channels, height, width = latent_shape
    if pooling == "max_and_sum":
        return [PooledCells(channels)], PooledCells.WIDTH
    layers = [
        nn.Conv2d(channels, architecture.head_channels, kernel_size=1),
        feature_norm(normalisation, architecture.head_channels),
        nn.ReLU(inplace=True),
        cells := ShiftedCells(shift),
    ]
    return layers, architecture.head_channels * cells.canvas(height, width)


class Head(nn.Module):
    """Features of the cells, one hidden layer, and a last layer that starts at zero or another constant.

    Args:
        architecture: widths. normalisation: see :func:`feature_norm`.
        latent_shape: ``(channels, height, width)`` of the latent state.
        outputs: width of the output. initial: what a new head says of everything.
        pooling, shift: of :func:`cell_features`.
    """

    def __init__(
        self,
        architecture: Architecture,
        normalisation: str,
        latent_shape: tuple[int, int, int],
        outputs: int,
        *,
        initial: float = 0.0,
        pooling: str = "none",
        shift: int = 0,
    ):
        super().__init__()
        features, width = cell_features(pooling, architecture, normalisation, latent_shape, shift=shift)
        self.layers = nn.Sequential(
            *features,
            nn.Linear(width, architecture.head_hidden),
            vector_norm(normalisation, architecture.head_hidden),
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


@contextmanager
def frozen_statistics(network: nn.Module) -> Iterator[None]:
    """Lets BatchNorm normalise by the batch without moving its running statistics.

    For forward passes that only look on: they must see the network as training does, and leave no trace.
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
