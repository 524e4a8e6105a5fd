"""``params.yaml``: its schema, and the one check that every stage makes before any work starts.

Nothing here imports torch, so that a mistake is reported in a fraction of a second.
"""

from efficientzero.parameters.check import ParameterError, check
from efficientzero.parameters.load import load_parameters
from efficientzero.parameters.milestones import doubling_list
from efficientzero.parameters.schema import (
    AgentSettings,
    ConvolutionalNetwork,
    EfficientZeroSettings,
    Environments,
    Evaluation,
    Exploration,
    Finishing,
    Learning,
    Milestones,
    MilestoneStep,
    ModelFreeMuZeroSettings,
    Network,
    OffPolicyLearning,
    Parameters,
    PPOSettings,
    RainbowSettings,
    RandomSettings,
    RepeatedActions,
    Search,
    UnrolledLearning,
)

__all__ = [
    "AgentSettings",
    "ConvolutionalNetwork",
    "EfficientZeroSettings",
    "Environments",
    "Evaluation",
    "Exploration",
    "Finishing",
    "Learning",
    "MilestoneStep",
    "Milestones",
    "ModelFreeMuZeroSettings",
    "Network",
    "OffPolicyLearning",
    "PPOSettings",
    "ParameterError",
    "Parameters",
    "RainbowSettings",
    "RandomSettings",
    "RepeatedActions",
    "Search",
    "UnrolledLearning",
    "check",
    "doubling_list",
    "load_parameters",
]
