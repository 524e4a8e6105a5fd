"""What the agents' networks are built of: representations of observations, heads, distributions, noisy layers."""

from efficientzero.networks.architecture import Architecture, architecture_for
from efficientzero.networks.blocks import frozen_statistics, trunk
from efficientzero.networks.convolutions import Convolutions
from efficientzero.networks.distributions import CategoricalSupport, ReturnDistribution, cross_entropy
from efficientzero.networks.heads import AnyCellHead, Head, shifted_cells
from efficientzero.networks.noisy import NoisyLinear, resample_noise, silence_noise
from efficientzero.networks.representation import Representation
