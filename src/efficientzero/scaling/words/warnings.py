"""Games whose normalised scores need a word of warning."""

from __future__ import annotations

import numpy as np

from efficientzero.games import find_game
from efficientzero.scaling.curves import Curves

SMALL_SPAN = 0.25  # of the larger of the two scores, by magnitude
ZERO_RANDOM = "VideoPinball"
RULES = 0.2  # of the mean curves' rise that one game makes up, and at least twice what it would if games were alike


def flagged_games(curves: Curves) -> dict[str, tuple[str, ...]]:
    """Of each game that has any, its warnings, a sentence each.

    A span from random to human score below a quarter of the larger of the two by magnitude: few points are then many
    human scores. VideoPinball, whose random score is 0 in the constants used here and about 16,000 in others. An agent
    at or below random play: z is cut to 0, which hides by how much, and a game where it stays there tells nothing of
    its exponent. A game that makes up much of the mean's rise, as is usual up to the best known scores: exponents "on
    these games" are then those of few games.
    """
    means = np.nanmean(curves.z, axis=2)
    rises = np.abs(means[..., -1] - means[..., 0]).sum(0)
    shares = rises / max(float(rises.sum()), 1e-300)
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
        if shares[column] > max(RULES, 2.0 / len(curves.games)):
            warnings.append(
                f"up to the {curves.ceiling} ceiling {shares[column]:.0%} of the rise of the mean over games is of "
                "this game alone, so that the comparison is mostly about it and few others"
            )
    return {game: tuple(warnings) for game, warnings in found.items() if warnings}
