"""What an agent is called and how its line looks in a figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from efficientzero.scaling.words.names import NAMES, agent_name


class Appearance(NamedTuple):
    """Of a line: its name in the legend, and Matplotlib's colour, marker and line style."""

    name: str
    color: str
    marker: str
    dashes: Any


# Colours apart for the colour-blind (Okabe and Ito's, with their yellow, too pale for a line, left out); markers and
# dashes keep the agents apart in greyscale.
KNOWN = {
    "efficientzero": Appearance(NAMES["efficientzero"], "#0072B2", "o", "-"),
    "muzero_reanalyze": Appearance(NAMES["muzero_reanalyze"], "#D55E00", "s", "--"),
    "rainbow": Appearance(NAMES["rainbow"], "#009E73", "^", "-."),
    "rainbow_classic": Appearance(NAMES["rainbow_classic"], "#E69F00", "v", (0, (1, 1.2))),
    "dqn": Appearance(NAMES["dqn"], "#CC79A7", "D", (0, (5, 1, 1, 1, 1, 1))),
    "model_free_muzero": Appearance(NAMES["model_free_muzero"], "#56B4E9", "P", (0, (7, 2))),
    "ppo": Appearance(NAMES["ppo"], "#000000", "*", (0, (3, 1, 1, 1))),
    "random": Appearance(NAMES["random"], "0.55", "X", (0, (1, 3))),
}
SPARE = [("#8C510A", "<", "-"), ("#5E3C99", ">", "--"), ("#80A000", "p", "-."), ("#B2182B", "h", ":")]


def appearances(agents: Iterable[str]) -> dict[str, Appearance]:
    """Of each agent of a figure.

    The agents that the package comes with look the same in every figure; others take the spare looks in order.
    """
    agents = list(dict.fromkeys(agents))
    others = [agent for agent in agents if agent not in KNOWN]
    spare = {agent: Appearance(agent_name(agent), *SPARE[number % len(SPARE)]) for number, agent in enumerate(others)}
    return {agent: KNOWN.get(agent) or spare[agent] for agent in agents}
