"""Plain convolutions over an observation, as deep Q-learning has them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from efficientzero.networks.blocks import as_features
from efficientzero.networks.heads import ShiftedCells


class Convolutions(nn.Module):
    """Convolutions without padding, each followed by ReLU; then everything flattened.

    Images: 32x5x5/5, 64x5x5/5 (van Hasselt et al. 2019, "When to use parametric models in reinforcement learning?"),
    or 32x8x8/4, 64x4x4/2, 64x3x3/1 (Mnih et al. 2015). Object grids: 16x3x3/1 (MinAtar, Young & Tian 2019).

    Args:
        input_shape: ``(stacked channels, height, width)`` of the observation.
        layers: ``[channels, kernel, stride]`` of each convolution, in order; none at all only flattens.
        shift: of the cells that are flattened; see :class:`efficientzero.networks.heads.ShiftedCells`.

    Attributes:
        features: the width of the output.

    Raises:
        ValueError: a layer is not three positive numbers, or its kernel is larger than what the layers before it leave.
    """

    def __init__(self, input_shape: tuple[int, int, int], layers: Sequence[Sequence[int]], *, shift: int = 0):
        super().__init__()
        inputs, height, width = input_shape
        modules: list[nn.Module] = []
        for number, layer in enumerate(layers, start=1):
            if len(layer) != 3 or min(layer) < 1:
                raise ValueError(f"convolution {number} must be [channels, kernel, stride], all positive, not {layer}")
            channels, kernel, stride = layer
            if kernel > min(height, width):
                raise ValueError(
                    f"convolution {number} has a {kernel}x{kernel} kernel, but only {height}x{width} is left of the "
                    f"{input_shape[1]}x{input_shape[2]} observation; use fewer or smaller convolutions"
                )
            modules += [nn.Conv2d(inputs, channels, kernel, stride), nn.ReLU()]
            inputs, height, width = channels, (height - kernel) // stride + 1, (width - kernel) // stride + 1
        cells = ShiftedCells(shift)
        self.layers = nn.Sequential(*modules, cells)
        self.features = inputs * cells.canvas(height, width)

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1], -> float ``[batch, features]``."""
        return self.layers(as_features(observation))
