"""Curves up to a ceiling far above human play, where z is small and a few games make up most of its mean."""

from functools import cache

import numpy as np
from simulated_curves import SIX_BUDGETS, simulated_curves

from efficientzero.games import find_game, suite
from efficientzero.published import best_scores
from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.transform_free import log_exponent_ratio

MANY = 200  # seeds that show what the games' own curves are


@cache
def human_shares():
    """(human - random) / (best known - random) of every game that has all three, from .0002 to .92."""
    best, games = best_scores(), [find_game(game) for game in suite("atari57")]
    return np.array(
        [
            (game.human_score - game.random_score) / (best[game.name] - game.random_score)
            for game in games
            if game.name in best and game.human_score is not None
        ]
    )


def weighted_games(estimand, games, seeds, exponents, truths=None):
    """A function of a random generator that gives curves and the true ln ratio of their exponents (also in `truths`).

    Each game is one of 57 at random. "these games": the truth is the ratio of these games' own mean curves, of `MANY`
    seeds; "games like these": of the exponents.
    """

    def made(random):
        share = random.choice(human_shares(), games)[:, None, None]
        seed = int(random.integers(2**31))

        def up_to_the_best(count):
            curves = simulated_curves(np.random.default_rng(seed), exponents, games=games, seeds=count)
            return curves, np.clip(share * curves.z, 0.0, 1.0)

        curves, z = up_to_the_best(seeds)
        truth = float(np.log(exponents[0] / exponents[1]))
        if estimand == "these games":
            truth = float(log_exponent_ratio(up_to_the_best(MANY)[1].mean((1, 2)), SIX_BUDGETS))
        if truths is not None:
            truths.append(truth)
        return Curves(curves.agents, curves.games, SIX_BUDGETS, z, "best", z), truth

    return made
