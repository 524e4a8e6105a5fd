"""EfficientZero's representation, trunk and value head, predicting a value for every action instead of a model."""

from __future__ import annotations

from torch import Tensor, nn

from efficientzero.networks.architecture import ARCHITECTURES
from efficientzero.networks.blocks import Head, ResidualBlock
from efficientzero.networks.representation import Representation
from efficientzero.transforms import CategoricalSupport


class ActionValueNetwork(nn.Module):
    """Categorical action values.

    Args:
        size: a key of ``ARCHITECTURES``.
        input_shape: ``(stacked channels, height, width)`` of an observation.
        actions: the number of actions.
        support: bins of values.
    """

    def __init__(self, size: str, input_shape: tuple[int, int, int], actions: int, support: CategoricalSupport):
        super().__init__()
        architecture = ARCHITECTURES[size]
        self.support = support
        self.actions = actions
        self.representation = Representation(architecture, input_shape)
        self.trunk = ResidualBlock(architecture.channels, architecture.channels)
        self.head = Head(architecture, self.representation.latent_shape, actions * support.bins)

    def forward(self, observation: Tensor) -> Tensor:
        """uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1], -> ``[batch, actions, bins]``."""
        logits = self.head(self.trunk(self.representation(observation)))
        return logits.unflatten(1, (self.actions, self.support.bins))

    def values(self, observation: Tensor) -> Tensor:
        """The decoded values, float32 ``[batch, actions]``."""
        return self.support.decode(self(observation))
