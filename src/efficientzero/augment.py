"""Image augmentation of training observations: random shift and intensity (SPR, Schwarzer et al. 2021)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def random_shift(images: Tensor, pixels: int, random: np.random.Generator) -> Tensor:
    """Shifts each image by up to ``pixels`` both ways, repeating its border.

    Args:
        images: float ``[batch, channels, height, width]``.
        pixels: the largest shift; 0 returns the images as they are.
        random: where the shifts are drawn from; the same shift for all channels of an image.
    """
    if pixels == 0:
        return images
    batch, _, height, width = images.shape
    shifts = torch.from_numpy(random.integers(-pixels, pixels + 1, size=(2, batch, 1))).to(images.device)
    rows = (torch.arange(height, device=images.device) + shifts[0]).clamp(0, height - 1)
    columns = (torch.arange(width, device=images.device) + shifts[1]).clamp(0, width - 1)
    everything = torch.arange(batch, device=images.device)[:, None, None]
    shifted = images.permute(0, 2, 3, 1)[everything, rows[:, :, None], columns[:, None, :]]
    return shifted.permute(0, 3, 1, 2)


def random_intensity(images: Tensor, scale: float, random: np.random.Generator) -> Tensor:
    """Multiplies each image by 1 + scale * clip(normal, -2, 2).

    Args:
        images: float ``[batch, channels, height, width]``.
        scale: the standard deviation of the factor; 0 returns the images as they are.
        random: where the factors are drawn from.
    """
    if scale == 0.0:
        return images
    factors = 1.0 + scale * np.clip(random.standard_normal((images.shape[0], 1, 1, 1)), -2.0, 2.0)
    return images * torch.from_numpy(factors.astype(np.float32)).to(images.device)
