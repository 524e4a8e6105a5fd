"""EfficientZero's representation, trunk and value head, predicting a value for every action instead of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn

from efficientzero.networks.architecture import architecture_for
from efficientzero.networks.blocks import Head, trunk
from efficientzero.networks.representation import Representation
from efficientzero.networks.transforms import CategoricalSupport

if TYPE_CHECKING:
    from efficientzero.parameters import Network


class ActionValueNetwork(nn.Module):
    """Categorical action values.

    Args:
        settings: size, normalisation, scale of the latent state, depth on a grid.
        input_shape: ``(stacked channels, height, width)`` of an observation.
        actions: the number of actions.
        shift: of the cells that the head sees; see :class:`efficientzero.networks.blocks.ShiftedCells`.
    """

    HEADS = ("head",)

    def __init__(self, settings: Network, input_shape: tuple[int, int, int], actions: int, *, shift: int = 0):
        super().__init__()
        architecture, norm = architecture_for(settings, input_shape), settings.normalisation
        self.support = CategoricalSupport(settings.support_maximum, settings.support_bins)
        self.actions = actions
        self.representation = Representation(architecture, norm, settings.latent, input_shape)
        self.trunk = trunk(architecture, norm)
        self.head = Head(architecture, norm, self.representation.latent_shape, actions * self.support.bins, shift=shift)

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1], -> ``[batch, actions, bins]``."""
        logits = self.head(self.trunk(self.representation(observation)))
        return logits.unflatten(1, (self.actions, self.support.bins))

    def values(self, observation: Tensor) -> Tensor:
        """The decoded values, float32 ``[batch, actions]``."""
        return self.support.decode(self(observation))
