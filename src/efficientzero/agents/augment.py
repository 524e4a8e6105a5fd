"""Image augmentation of training observations: random shift and intensity (SPR, Schwarzer et al. 2021)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def augmented(images: Tensor, shift: int, intensity: float, random: np.random.Generator) -> Tensor:
    """Each image shifted and scaled on its own: uint8 ``[batch, channels, height, width]`` -> float in [0, 1]."""
    return random_intensity(random_shift(images, shift, random).float() / 255.0, intensity, random)


def random_shift(images: Tensor, pixels: int, random: np.random.Generator) -> Tensor:
    """Shifts each image by up to ``pixels`` both ways, repeating its border.

    Args:
        images: any dtype, ``[batch, channels, height, width]``.
        pixels: the largest shift; 0 returns the images as they are.
        random: where the shifts are drawn from; the same shift for all channels of an image.
    """
    if pixels == 0:
        return images
    batch, _, height, width = images.shape
    inner_rows, inner_columns = slice(pixels, pixels + height), slice(pixels, pixels + width)
    padded = images.new_empty(batch, images.shape[1], height + 2 * pixels, width + 2 * pixels)
    padded[:, :, inner_rows, inner_columns] = images
    padded[:, :, :pixels, inner_columns] = images[:, :, :1]
    padded[:, :, pixels + height :, inner_columns] = images[:, :, -1:]
    padded[..., :pixels] = padded[..., pixels : pixels + 1]
    padded[..., pixels + width :] = padded[..., pixels + width - 1 : pixels + width]
    possible = 2 * pixels + 1
    drawn = random.integers(possible * possible, size=batch)
    shifted = torch.empty_like(images)
    # One copy for each shift that was drawn: far cheaper than gathering pixel by pixel.
    for shift in np.unique(drawn):
        down, right = divmod(int(shift), possible)
        which = torch.from_numpy(np.flatnonzero(drawn == shift)).to(images.device)
        shifted[which] = padded[which, :, down : down + height, right : right + width]
    return shifted


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
