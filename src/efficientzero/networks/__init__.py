"""The EfficientZero network, published and small (layer 2)."""

from efficientzero.networks.blocks import frozen_statistics
from efficientzero.networks.consistency import Consistency, consistency_loss
from efficientzero.networks.model import EfficientZeroNetwork

__all__ = ["Consistency", "EfficientZeroNetwork", "consistency_loss", "frozen_statistics"]
