"""The sizes of network: the published one, and a small one for two CPU cores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from efficientzero.parameters import Network

SMALLEST_IMAGE = 16  # pixels; anything smaller is an object grid (MinAtar)


@dataclass(frozen=True)
class Architecture:
    """Widths and depth of one network size, and how it normalises.

    Attributes:
        channels: channels of the latent state.
        first_channels: channels after the first convolution, which is strided where the observation is an image; a
            shallow network has ``channels`` there.
        wide_residual: residual blocks stand before each halving of the resolution (True) or after it (False: cheaper).
        max_pooling: images are pooled by the maximum (True), which keeps what is a pixel large, or by the average.
        shallow: one convolution makes the latent state, two the next one, and none stands before the heads of policy
            and value (or action values).
        one_hot_actions: the dynamics see a plane per action (True) or one plane holding action / actions (False).
        head_channels: channels of the 1x1 convolution that each head begins with.
        head_hidden: width of each head's fully connected layer.
        prefix_hidden: width of the value-prefix LSTM.
        projection_hidden, projection_output, predictor_hidden: widths of the SimSiam projector and predictor.
        normalisation: of the layers; see :func:`efficientzero.networks.blocks.feature_norm`.
        latent: the scale of latent states; see :func:`efficientzero.networks.blocks.scaled_latent`.
    """

    channels: int
    first_channels: int
    wide_residual: bool
    max_pooling: bool
    shallow: bool
    one_hot_actions: bool
    head_channels: int
    head_hidden: int
    prefix_hidden: int
    projection_hidden: int
    projection_output: int
    predictor_hidden: int
    normalisation: str = "layer"
    latent: str = "standard"


ARCHITECTURES = {
    # Ye et al. 2021, appendix A: 96x96 -> 64 channels of 6x6.
    "atari100k": Architecture(
        channels=64,
        first_channels=32,
        wide_residual=True,
        max_pooling=False,
        shallow=False,
        one_hot_actions=False,
        head_channels=16,
        head_hidden=32,
        prefix_hidden=512,
        projection_hidden=1024,
        projection_output=1024,
        predictor_hidden=512,
    ),
    # 84x84 -> 32 channels of 6x6; no residual block above 6x6, where most of the time would go.
    "small": Architecture(
        channels=32,
        first_channels=16,
        wide_residual=False,
        max_pooling=True,
        shallow=False,
        one_hot_actions=True,
        head_channels=16,
        head_hidden=64,
        prefix_hidden=64,
        projection_hidden=128,
        projection_output=128,
        predictor_hidden=64,
    ),
}

# What moves on a grid moves by whole cells, and one cell can decide on life and death. So the latent state keeps the
# grid's resolution, with half the channels and wider heads on more cells.
GRID_ARCHITECTURES = {"small": replace(ARCHITECTURES["small"], channels=16, head_channels=8, head_hidden=128)}


def architecture_for(settings: Network, input_shape: tuple[int, int, int]) -> Architecture:
    """That of a network for observations ``(stacked channels, height, width)``: images or object grids."""
    architecture = ARCHITECTURES[settings.size]
    if is_grid(input_shape):
        shallow = settings.grid_depth == "shallow"
        architecture = replace(GRID_ARCHITECTURES.get(settings.size, architecture), shallow=shallow)
    return replace(architecture, normalisation=settings.normalisation, latent=settings.latent)


def is_grid(input_shape: tuple[int, int, int]) -> bool:
    """Whether an observation is an object grid, too small for an image."""
    return min(input_shape[1:]) < SMALLEST_IMAGE
