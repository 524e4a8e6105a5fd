"""What an agent is called and how its line looks in a figure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple


class Appearance(NamedTuple):
    """Of a line: its name in the legend, and Matplotlib's colour, marker and line style."""

    name: str
    color: str
    marker: str
    dashes: Any


# Colours apart for the colour-blind (Okabe and Ito's, with their yellow, too pale for a line, left out); markers and
# dashes keep the agents apart in greyscale.
KNOWN = {
    "efficientzero": Appearance("EfficientZero", "#0072B2", "o", "-"),
    "muzero_reanalyze": Appearance("MuZero-Reanalyze", "#D55E00", "s", "--"),
    "rainbow": Appearance("Rainbow (data-efficient)", "#009E73", "^", "-."),
    "rainbow_classic": Appearance("Rainbow (2018)", "#E69F00", "v", (0, (1, 1.2))),
    "dqn": Appearance("DQN", "#CC79A7", "D", (0, (5, 1, 1, 1, 1, 1))),
    "model_free_muzero": Appearance("model-free MuZero", "#56B4E9", "P", (0, (7, 2))),
    "ppo": Appearance("PPO", "#000000", "*", (0, (3, 1, 1, 1))),
    "random": Appearance("random agent", "0.55", "X", (0, (1, 3))),
}
SPARE = [("#8C510A", "<", "-"), ("#5E3C99", ">", "--"), ("#80A000", "p", "-."), ("#B2182B", "h", ":")]


def appearances(agents: Iterable[str]) -> dict[str, Appearance]:
    """Of each agent of a figure.

    The agents that the package comes with look the same in every figure; others take the spare looks in order.
    """
    agents = list(dict.fromkeys(agents))
    others = [agent for agent in agents if agent not in KNOWN]
    spare = {
        agent: Appearance(agent.replace("_", " "), *SPARE[number % len(SPARE)]) for number, agent in enumerate(others)
    }
    return {agent: KNOWN.get(agent) or spare[agent] for agent in agents}


def agent_name(agent: str) -> str:
    """As in the legends of the figures."""
    return appearances([agent])[agent].name


def named(text: str, agents: Iterable[str]) -> str:
    """A sentence of the analysis with the agents' identifiers replaced by their names."""
    identifiers = [re.escape(agent) for agent in agents if agent != "random"]  # "random play" stays what it is
    if not identifiers:
        return text
    return re.sub(rf"(?<![\w-])(?:{'|'.join(identifiers)})(?![\w-])", lambda found: agent_name(found[0]), text)
