"""Games whose normalised scores need a word of warning."""

from __future__ import annotations

import numpy as np

from efficientzero.games import find_game
from efficientzero.scaling.curves.curves import Curves

SMALL_SPAN = 0.25  # of the larger of the two scores, by magnitude
ZERO_RANDOM = "VideoPinball"


def flagged_games(curves: Curves) -> dict[str, tuple[str, ...]]:
    """Of each game that has any, its warnings, a sentence each.

    A span from random to human score below a quarter of the larger of the two by magnitude: few points are then many
    human scores. VideoPinball, whose random score is 0 in the constants used here and about 16,000 in others. An agent
    at or below random play: z is cut to 0, which hides by how much, and a game where it stays there tells nothing of
    its exponent.
    """
    found: dict[str, list[str]] = {}
    for column, game in enumerate(curves.games):
        warnings = found.setdefault(game, [])
        human, random = find_game(game).human_score, find_game(game).random_score
        if human is not None and random is not None and human - random < SMALL_SPAN * max(abs(human), abs(random)):
            warnings.append(
                f"human and random play are only {human - random:.4g} points apart, so that a few points make a large "
                "human-normalised score"
            )
        if game == ZERO_RANDOM and random == 0:
            warnings.append("its random score is taken as 0, where others measured about 16,000")
        for row, agent in enumerate(curves.agents):
            low = np.nanmean(curves.z[row, column], axis=0) == 0
            if low.all():
                warnings.append(f"{agent} is no better than random play at any budget; z is 0 there")
            elif low[-1]:
                warnings.append(f"{agent} is no better than random play at the largest budget; z is 0 there")
    return {game: tuple(warnings) for game, warnings in found.items() if warnings}
