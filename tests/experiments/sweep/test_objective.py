"""Score, area and exponent of tables whose values are known."""

import numpy as np
import pandas as pd
import pytest

from efficientzero.experiments.sweep.trial import OBJECTIVES
from efficientzero.scaling import Refused


def table(scores, human_normalised=None, game="Alien"):
    """Scores [seeds, budgets] at budgets 100, 200, 400 ... env steps of 4 frames."""
    scores = np.asarray(scores, float)
    seeds, budgets = scores.shape
    steps = 100 * 2 ** np.arange(budgets)
    normalised = (
        np.full(scores.shape, np.nan) if human_normalised is None else np.broadcast_to(human_normalised, scores.shape)
    )
    rows = [
        (game, seed, steps[budget], 4 * steps[budget], scores[seed, budget], normalised[seed, budget])
        for seed in range(seeds)
        for budget in range(budgets)
    ]
    return pd.DataFrame(rows, columns=["game", "seed", "env_steps", "frames", "score", "human_normalised"])


def test_the_score_is_the_mean_over_seeds_at_the_largest_budget():
    assert OBJECTIVES["score"](table([[1, 2, 9], [3, 4, 5]])) == 7


def test_the_area_is_the_mean_over_budgets():
    assert OBJECTIVES["area"](table([[1, 2, 9], [3, 4, 5]])) == pytest.approx((2 + 3 + 7) / 3)


@pytest.mark.parametrize("alpha", [0.5, 1.2])
def test_the_exponent_of_a_bounded_power_law(alpha):
    frames = 400.0 * 2 ** np.arange(6)
    share = 0.9 / (1 + np.exp(-alpha * (np.log(frames) - np.log(2000.0))))
    found = OBJECTIVES["exponent"](table([share * 100] * 2, share))
    assert found == pytest.approx(alpha, rel=0.05)


def test_below_four_milestones_the_score_stands_for_the_exponent():
    assert OBJECTIVES["exponent"](table([[1, 2, 9]], 0.5)) == 9


@pytest.mark.parametrize(
    ("shares", "reason"),
    [([0.2, 0.2, 0.2, 0.2], "is flat"), ([np.nan] * 4, "has no human-normalised scores")],
)
def test_an_exponent_that_is_not_identified_is_refused(shares, reason):
    found = OBJECTIVES["exponent"](table([[1, 2, 3, 4]], np.array(shares)))
    assert isinstance(found, Refused) and reason in found.reason
