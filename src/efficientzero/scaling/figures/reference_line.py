"""The score of others that a game's figure shows as a dotted line: the human's, or in MinAtar that of published DQN."""

from __future__ import annotations

from typing import NamedTuple

from efficientzero.games import Game
from efficientzero.scaling.reference_scores import minatar_scale


class ReferenceLine(NamedTuple):
    """`score`: mean unclipped return of an episode. `label`: of the legend. `name`: in a sentence."""

    score: float
    label: str
    name: str


def reference_line(game: Game) -> ReferenceLine | None:
    """None where nobody has published such a score."""
    if game.family == "minatar":
        return ReferenceLine(minatar_scale(game.name).dqn, "DQN, published", "the published score of DQN")
    if game.human_score is None:
        return None
    return ReferenceLine(game.human_score, "human, from the literature", "the human score")
