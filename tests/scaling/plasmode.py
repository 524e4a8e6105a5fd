"""Curves whose exponents are known and whose noise is real: residuals of published runs around chosen power laws."""

from functools import cache

import numpy as np

from efficientzero.games import suite
from efficientzero.published import published_curves
from efficientzero.scaling.curves import Curves, make_curves

BUDGETS = (3, 5, 7, 9, 11, 13)  # of the fifteen published: 4, 8, 16, 32, 64 and 140 million frames


@cache
def dopamine(ceiling="human", games="all"):
    """DQN, C51, Rainbow and IQN at fifteen budgets, five seeds each; on all 55 games or those of Atari 100k."""
    table = published_curves("dopamine_log_budgets")
    return make_curves(table[table.game.isin(suite("atari26"))] if games == "atari26" else table, ceiling)


def power_law(frames, exponent, middle, error=0.1):
    """(1 - error) / (1 + (middle / n) ** exponent), float64 [budgets]."""
    return (1 - error) / (1 + (middle / frames) ** exponent)


def plasmode(estimand, games, seeds, exponents, random, middles=(1e5, 2e5)):
    """Curves of two agents that follow power laws of these exponents in the mean over the estimand's population.

    "these games": over the runs of the games drawn; "games like these": over all 55 games.
    """
    real = dopamine().select(agents=("IQN", "Rainbow"), budgets=BUDGETS).z
    means = real.mean(2, keepdims=True)
    of_runs = (real - means) * np.sqrt(5 / 4)
    of_games = means - means.mean(1, keepdims=True)
    chosen = random.integers(real.shape[1], size=games)
    distances = of_games[:, chosen]
    if estimand == "these games":
        distances = distances - distances.mean(1, keepdims=True)
    drawn = random.integers(real.shape[2], size=(2, games, seeds, 1))
    frames = 12_500 * 2.0 ** np.arange(len(BUDGETS))
    laws = np.stack([power_law(frames, *law) for law in zip(exponents, middles, strict=True)])
    z = laws[:, None, None] + distances + np.take_along_axis(of_runs[:, chosen], drawn, 2)
    return Curves(("A", "B"), tuple(f"game {number}" for number in range(games)), frames, z, "human", z)


def exact(exponents, middles=(1e5, 2e5), seeds=2, games=2, budgets=6, errors=(0.1, 0.1), spread=0.0):
    """Curves of two agents without noise, or with seeds `spread` apart in z."""
    frames = 12_500 * 2.0 ** np.arange(budgets)
    laws = [power_law(frames, *law) for law in zip(exponents, middles, errors, strict=True)]
    shifts = spread * (np.arange(seeds) - (seeds - 1) / 2)
    z = np.broadcast_to(np.stack(laws)[:, None, None] + shifts[:, None], (2, games, seeds, budgets)).copy()
    return Curves(("A", "B"), tuple(f"game {number}" for number in range(games)), frames, z, "human", z)
