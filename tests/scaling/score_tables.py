"""Score tables of simulated agents: what `analyse` takes, and what `score_table` gives."""

import numpy as np
import pandas as pd
from simulated_curves import simulated_curves

from efficientzero.games import find_game, suite
from efficientzero.scaling.reference_scores import minatar_scale

THREE = ("efficientzero", "muzero_reanalyze", "rainbow")


def simulated_table(games=4, seeds=3, agents=THREE, budgets=6, names=None, exponents=(1.0, 0.8, 0.8), **options):
    """game, agent, seed, frames, score; z is the place between random play and the human score (DQN's published one for
    MinAtar; 0 and 10 points where there is neither)."""
    frames = 25_000.0 * 2.0 ** np.arange(2, 2 + budgets)
    names = names or suite("atari26")[:games]
    count = len(agents)
    curves = simulated_curves(
        np.random.default_rng(7), exponents[:count], (3e5, 9e5, 2e6)[:count], (0.15,) * count, len(names), seeds,
        frames, **options,
    )  # fmt: skip
    rows = []
    for place, z in np.ndenumerate(curves.z):
        game = find_game(names[place[1]])
        if game.family == "minatar":
            low, high, _ = minatar_scale(game.name)
        else:
            low, high = (0.0, 10.0) if game.human_score is None else (game.random_score, game.human_score)
        rows.append((game.name, agents[place[0]], place[2], int(frames[place[3]]), low + (high - low) * z))
    return pd.DataFrame(rows, columns=["game", "agent", "seed", "frames", "score"])
