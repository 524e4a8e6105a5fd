"""MinAtar's games are placed between random play as measured here and published agents."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from efficientzero.games import suite
from efficientzero.published import minatar_scores
from efficientzero.scaling.curves import make_curves
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.reference_scores import CEILINGS, ceilings_of, minatar_scale, reference_scores

MEASURED = Path(__file__).parents[2] / "benchmarks" / "results" / "minatar_reference_scores.md"


def test_random_scores_are_those_that_were_measured():
    rows = re.findall(r"^\| (minatar/\w+) \| ([\d.]+) \|", MEASURED.read_text(), re.MULTILINE)
    assert {game: float(mean) for game, mean in rows} == {
        game: round(minatar_scale(game).random, 3) for game in suite("minatar")
    }


def test_ceilings_are_the_published_scores_of_dqn_and_of_the_best_agent():
    table = minatar_scores()
    for game in suite("minatar"):
        scale, own = minatar_scale(game), table[table.game == game]
        assert scale.random < scale.dqn < scale.best
        assert scale.dqn == own[own.agent == "DQN"].score.item() and scale.best == own.score.max()


def test_z_is_the_place_between_them():
    low, dqn, best = minatar_scale("minatar/breakout")
    scores = [low, dqn, (low + dqn) / 2, best]
    table = pd.DataFrame(
        {"game": "minatar/breakout", "agent": ["one", "one", "two", "two"], "seed": 0, "frames": [100, 200] * 2,
         "score": scores}
    )  # fmt: skip
    curves = make_curves(table, "published DQN")
    np.testing.assert_allclose(curves.z[:, 0, 0], [[0.0, 1.0], [0.5, 1.0]])
    np.testing.assert_allclose(make_curves(table, "best published").z[1, 0, 0, 1], 1.0)
    assert np.isnan(curves.human_normalised).all()


def test_a_ceiling_goes_with_its_family():
    with pytest.raises(ScalingInputError, match=r"^Pong: the published score of DQN is a ceiling of MinAtar's games"):
        reference_scores("Pong", "published DQN", {})
    with pytest.raises(ScalingInputError, match=r"^minatar/freeway: the literature has no random and human score"):
        reference_scores("minatar/freeway", "human", {})
    assert ceilings_of(["minatar/freeway"], {}) == CEILINGS["minatar"]
    assert ceilings_of(["Pong", "AirRaid"], {}) == CEILINGS["ale"]
    # A game with a scale of its own goes with either.
    assert ceilings_of(["Pong", "minatar/freeway"], {"Pong": (0, 1)}) == CEILINGS["minatar"]
    with pytest.raises(ScalingInputError, match=r"^game: there is no game called .minatar/pong"):
        ceilings_of(["minatar/pong"], {})
