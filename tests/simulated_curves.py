"""Learning curves of known exponents: bounded power laws with games and seeds scattered around them.

The scatter has mean zero, so the mean over all games there could be is the power law exactly. Scores are left unclipped
for that reason. Games scatter alike for all agents, and the budgets of one run hang together.
"""

import numpy as np
from scipy.special import expit

from efficientzero.scaling.curves import Curves

SIX_BUDGETS = 25_000.0 * 2.0 ** np.arange(2, 8)


def power_law(frames, exponents, midpoints, errors):
    """[agents, budgets]; `midpoints` in frames."""
    exponents, midpoints, errors = (np.asarray(part, float)[:, None] for part in (exponents, midpoints, errors))
    return (1 - errors) * expit(exponents * np.log(frames / midpoints))


def simulated_curves(
    random, exponents=(0.8, 0.8), midpoints=(3e5, 9e5), errors=(0.15, 0.15), games=10, seeds=5, frames=SIX_BUDGETS,
    between_games=0.3, between_seeds=0.2, ceiling="human",
):  # fmt: skip
    law = power_law(frames, exponents, midpoints, errors)
    agents, budgets = law.shape
    x = np.log(frames) - np.log(frames).mean()
    room = law * (1 - law)

    def scattered(*shape):
        level, slope = random.standard_normal((2, *shape, 1))
        return level + 0.5 * slope * x + 0.5 * random.standard_normal((*shape, budgets))

    game = 0.8 * scattered(games)[None, :, None] + 0.6 * scattered(agents, games)[:, :, None]
    z = law[:, None, None] + room[:, None, None] * (
        between_games * game + between_seeds * scattered(agents, games, seeds)
    )
    names = tuple("ABCDEFGH"[:agents])
    return Curves(names, tuple(f"game {number}" for number in range(games)), frames, z, ceiling, z)
