"""The convolutional pieces that every part of the network is built of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import group_norm, layer_norm

from efficientzero.networks.architecture import Architecture


def as_features(observation: Tensor) -> Tensor:
    """uint8 ``[batch, channels, height, width]``, or float in [0, 1], -> float in [0, 1].

    With the channels last: few of them at a high resolution are convolved up to four times as fast.
    """
    if observation.dtype == torch.uint8:
        observation = observation.float() / 255.0
    return observation.contiguous(memory_format=torch.channels_last)


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


def trunk(architecture: Architecture) -> nn.Module:
    """What policy and value (or the values of actions) share, of latent states ``[batch, channels, h, w]``."""
    if architecture.shallow:
        return nn.Identity()
    return ResidualBlock(architecture.normalisation, architecture.channels, architecture.channels)


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
