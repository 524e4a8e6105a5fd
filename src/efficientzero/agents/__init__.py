"""The agents, behind one interface (layer 4)."""

from __future__ import annotations

from typing import Any

import torch

from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.interface import Acting, Agent, Decision, Drift, Memory
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

__all__ = ["Acting", "Agent", "Decision", "Drift", "Memory", "RandomAgent", "make_agent"]


def make_agent(
    settings: AgentSettings,
    *,
    observation_shape: tuple[int, int, int],
    frame_stack: int,
    actions: int,
    environments: int,
    seed: int,
    device: torch.device,
    images: bool,
) -> Agent:
    """A new agent of the kind that its settings say.

    Args:
        settings: everything about it.
        observation_shape: ``(channels, height, width)`` of one frame. frame_stack: frames stacked as its input.
        actions: the number of actions. environments: that record together in training.
        seed: of the initial network and of every draw. device: where the network lives.
        images: whether observations are pictures, which may be shifted to augment them; object grids may not.
    """
    common: dict[str, Any] = {
        "observation_shape": observation_shape,
        "frame_stack": frame_stack,
        "actions": actions,
        "seed": seed,
        "device": device,
        "images": images,
    }
    match settings:
        case EfficientZeroSettings():
            return EfficientZeroAgent(settings, **common)
        case ModelFreeMuZeroSettings():
            return ModelFreeMuZeroAgent(settings, **common)
        case RainbowSettings():
            return RainbowAgent(settings, **common)
        case PPOSettings():
            from efficientzero.agents.ppo import PPOAgent  # loads stable-baselines3, a second of everyone's time

            return PPOAgent(settings, **common, environments=environments)
        case RandomSettings():
            return RandomAgent(actions)
