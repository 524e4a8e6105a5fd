"""``params.yaml``: its schema, and the one check that every stage makes before any work starts.

Nothing here imports torch, so that a mistake is reported in a fraction of a second.
"""

from efficientzero.parameters.faults import suggestion
from efficientzero.parameters.loading import ParameterError, check, load_parameters
from efficientzero.parameters.schema import (
    AgentSettings,
    EfficientZeroSettings,
    Evaluation,
    Finishing,
    ModelFreeMuZeroSettings,
    Parameters,
    PPOSettings,
    RainbowSettings,
    RandomSettings,
)
from efficientzero.parameters.sections import (
    ConvolutionalNetwork,
    Environments,
    Exploration,
    Learning,
    Milestones,
    MilestoneStep,
    Network,
    OffPolicyLearning,
    RepeatedActions,
    Search,
    Section,
    UnrolledLearning,
    doubling_list,
)
