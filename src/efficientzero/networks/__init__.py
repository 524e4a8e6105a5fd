"""EfficientZero's network, published and small, and the networks of agents without a model."""

from efficientzero.networks.action_values import ActionValueNetwork
from efficientzero.networks.blocks import frozen_statistics, shifted_cells
from efficientzero.networks.consistency import Consistency, consistency_loss
from efficientzero.networks.convolutions import Convolutions
from efficientzero.networks.distribution import ReturnDistribution
from efficientzero.networks.model import EfficientZeroNetwork, Prediction
from efficientzero.networks.noisy import NoisyLinear, resample_noise, silence_noise
from efficientzero.networks.value_network import ValueNetwork

__all__ = [
    "ActionValueNetwork",
    "Consistency",
    "Convolutions",
    "EfficientZeroNetwork",
    "NoisyLinear",
    "Prediction",
    "ReturnDistribution",
    "ValueNetwork",
    "consistency_loss",
    "frozen_statistics",
    "resample_noise",
    "shifted_cells",
    "silence_noise",
]
