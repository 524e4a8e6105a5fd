"""The agents, behind one interface (layer 4)."""

from __future__ import annotations

import torch

from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.interface import Agent, Decision, Drift, Memory
from efficientzero.agents.random import RandomAgent
from efficientzero.parameters import EfficientZeroSettings, RandomSettings

__all__ = ["Agent", "Decision", "Drift", "Memory", "RandomAgent", "make_agent"]


def make_agent(
    settings: EfficientZeroSettings | RandomSettings,
    *,
    observation_shape: tuple[int, int, int],
    frame_stack: int,
    actions: int,
    seed: int,
    device: torch.device,
    images: bool,
) -> Agent:
    """A new agent of the kind that its settings say; the arguments are those of :class:`EfficientZeroAgent`."""
    if isinstance(settings, RandomSettings):
        return RandomAgent(actions)
    return EfficientZeroAgent(
        settings,
        observation_shape=observation_shape,
        frame_stack=frame_stack,
        actions=actions,
        seed=seed,
        device=device,
        images=images,
    )
