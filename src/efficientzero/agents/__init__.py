"""The agents, behind one interface (``interface.py``); those that learn from a replay share ``learner.py``."""

from __future__ import annotations

import torch

from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.interface import Acting, Agent, Drift, EnvironmentSpecification
from efficientzero.agents.model_free_muzero import ModelFreeMuZeroAgent
from efficientzero.agents.rainbow import RainbowAgent
from efficientzero.agents.random import RandomAgent
from efficientzero.parameters import (
    AgentSettings,
    EfficientZeroSettings,
    ModelFreeMuZeroSettings,
    PPOSettings,
    RainbowSettings,
    RandomSettings,
)


def make_agent(
    settings: AgentSettings, specification: EnvironmentSpecification, *, seed: int, device: torch.device
) -> Agent:
    """A new agent of the kind that its settings say.

    Args:
        settings: everything about it. specification: of the environments it plays in.
        seed: of the initial network and of every draw. device: where the network lives.
    """
    match settings:
        case EfficientZeroSettings():
            return EfficientZeroAgent(settings, specification, seed=seed, device=device)
        case ModelFreeMuZeroSettings():
            return ModelFreeMuZeroAgent(settings, specification, seed=seed, device=device)
        case RainbowSettings():
            return RainbowAgent(settings, specification, seed=seed, device=device)
        case PPOSettings():
            from efficientzero.agents.ppo import PPOAgent  # loads stable-baselines3, a second of everyone's time

            return PPOAgent(settings, specification, seed=seed, device=device)
        case RandomSettings():
            return RandomAgent(specification.actions)
