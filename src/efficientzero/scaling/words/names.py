"""What an agent is called."""

from __future__ import annotations

import re
from collections.abc import Iterable

NAMES = {
    "efficientzero": "EfficientZero",
    "muzero_reanalyze": "MuZero-Reanalyze",
    "rainbow": "Rainbow (data-efficient)",
    "rainbow_classic": "Rainbow (2018)",
    "dqn": "DQN",
    "model_free_muzero": "model-free MuZero",
    "ppo": "PPO",
    "random": "random agent",
}


def agent_name(agent: str) -> str:
    """As in the legends of the figures."""
    return NAMES.get(agent) or agent.replace("_", " ")


def named(text: str, agents: Iterable[str]) -> str:
    """A sentence of the analysis with the agents' identifiers replaced by their names."""
    identifiers = [re.escape(agent) for agent in agents if agent != "random"]  # "random play" stays what it is
    if not identifiers:
        return text
    return re.sub(rf"(?<![\w-])(?:{'|'.join(identifiers)})(?![\w-])", lambda found: agent_name(found[0]), text)
