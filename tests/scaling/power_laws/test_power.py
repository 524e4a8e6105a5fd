"""The power of a design: right size, right growth, and the figures known for published curves."""

import os

import numpy as np
import pytest
from simulated_curves import SIX_BUDGETS, simulated_curves

from efficientzero.published import published_curves
from efficientzero.scaling.curves import make_curves
from efficientzero.scaling.power_laws.comparison import compare_exponents
from efficientzero.scaling.power_laws.fit import fit_power_law
from efficientzero.scaling.power_laws.power import (
    Design,
    Needed,
    Power,
    influence_test,
    needed,
    plasmode,
)
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import weights

FRAMES = tuple(SIX_BUDGETS.tolist())
FIRST_EIGHT = ["Alien", "Amidar", "Assault", "Asterix", "BankHeist", "BattleZone", "Boxing", "Breakout"]
SIX_OF_200M = [0, 3, 5, 8, 11, 14]  # 1, 4, 8, 24, 64 and 199 million frames


@pytest.fixture(scope="module")
def curves():
    return simulated_curves(np.random.default_rng(0), games=10)


def simulated(curves, ratio, estimand="these games", games=10, seeds=5, frames=FRAMES, simulations=400):
    made = plasmode(curves, estimand)
    design = Design(games, seeds, frames)
    return made if isinstance(made, Refused) else made.power(design, ratio, np.random.default_rng(1), simulations)


@pytest.mark.parametrize("estimand", ["these games", "games like these"])
def test_equal_exponents_are_rejected_at_the_size_of_the_test(curves, estimand):
    assert 0.02 <= simulated(curves, 1.0, estimand, simulations=1000).difference <= 0.085


def test_more_of_anything_gives_more_power(curves):
    base = simulated(curves, 1.1, games=4, seeds=3)
    assert 0.1 < base.difference < 0.9
    assert simulated(curves, 1.1, games=12, seeds=3).difference > base.difference + 0.1
    assert simulated(curves, 1.1, games=4, seeds=9).difference > base.difference + 0.1
    assert simulated(curves, 1.2, games=4, seeds=3).difference > base.difference + 0.1
    shorter = simulated(curves, 1.1, games=4, seeds=3, frames=FRAMES[1:4])
    assert shorter.difference < base.difference - 0.05
    assert simulated(curves, 1.0, games=12, seeds=9).equivalence > base.equivalence + 0.2
    assert base.decided >= max(base.difference, base.equivalence)
    assert base.simulation_error == pytest.approx((base.difference * (1 - base.difference) / 400) ** 0.5)


def test_games_like_these_need_games_rather_than_seeds(curves):
    base = simulated(curves, 1.15, "games like these")
    assert simulated(curves, 1.15, "games like these", seeds=50).difference < base.difference + 0.15
    assert simulated(curves, 1.15, "games like these", games=100).difference > base.difference + 0.3


@pytest.mark.parametrize("estimand", ["these games", "games like these"])
def test_the_influence_gives_the_error_of_the_bootstrap(curves, estimand):
    fit = fit_power_law(curves.frames, curves.aggregate, curves.agents, MODELS["M1"])
    error, df = influence_test(MODELS["M1"], fit.parameters[None], np.log(curves.frames), curves.z[None], estimand)
    resampled = weights(curves, estimand, 2000, np.random.default_rng(0))
    bootstrap = compare_exponents(curves, resampled).log_ratio
    assert error[0] == pytest.approx(bootstrap.standard_error, rel=0.15)
    assert df[0] == 9 if estimand == "games like these" else 20 < df[0] < 80


def test_simulated_experiments_scatter_as_the_observed_one(curves):
    residuals = plasmode(curves, "these games")
    drawn = residuals.draw(40, 5, np.log(curves.frames), 50, np.random.default_rng(0))
    assert drawn.shape == (50, 2, 40, 5, 6)
    observed = curves.z.var(axis=2, ddof=1).mean(axis=1)
    np.testing.assert_allclose(drawn.var(axis=(0, 2, 3)), observed, rtol=0.1)
    between = np.corrcoef(drawn[:, 0, :, :, 0].ravel(), drawn[:, 0, :, :, 1].ravel())[0, 1]
    deviations = curves.z[0] - curves.z[0].mean(axis=1, keepdims=True)
    assert between == pytest.approx(np.corrcoef(deviations[..., 0].ravel(), deviations[..., 1].ravel())[0, 1], abs=0.1)
    population = plasmode(curves, "games like these")
    drawn = population.draw(40, 5, np.log(curves.frames), 200, np.random.default_rng(0)).mean(axis=3)
    np.testing.assert_allclose(drawn.var(axis=(0, 2)), curves.z.mean(axis=2).var(axis=1, ddof=1), rtol=0.2)
    assert np.corrcoef(drawn[:, 0].ravel(), drawn[:, 1].ravel())[0, 1] > 0.3  # a game is the same for both agents


def test_a_game_with_one_seed_borrows_the_residuals_of_another():
    curves = simulated_curves(np.random.default_rng(0), games=4, seeds=3)
    curves.z[0, 2, 1:] = np.nan
    drawn = plasmode(curves, "these games").draw(30, 4, np.log(FRAMES), 20, np.random.default_rng(0))
    assert np.isfinite(drawn).all()
    assert (drawn[:, 0].std(axis=2) > 0).mean() > 0.9


def test_what_would_decide():
    few = simulated_curves(np.random.default_rng(0), games=3, seeds=3, between_seeds=0.4)
    made = plasmode(few, "these games")
    found = needed(made, 1.15, np.random.default_rng(0))
    assert isinstance(found, Needed) and found.present.decided < 0.8
    assert found.present.design == Design(3, 3, FRAMES)
    for design in (Design(found.games, 3, FRAMES), Design(3, found.seeds, FRAMES)):
        power = made.power(design, 1.15, np.random.default_rng(5), 1000)
        assert power.decided > 0.7
    fewer = made.power(Design(found.games // 2, 3, FRAMES), 1.15, np.random.default_rng(5))
    assert fewer.decided < 0.8
    assert found.budgets is None or len(FRAMES) < found.budgets <= len(FRAMES) + 4


def test_nothing_feasible_decides_a_tiny_difference_and_enough_is_enough(curves):
    few = simulated_curves(np.random.default_rng(0), games=3, seeds=2, between_seeds=3.0)
    hopeless = needed(plasmode(few, "these games"), 1.14, np.random.default_rng(0), simulations=50)
    assert hopeless.games is None and hopeless.seeds is None
    plenty = needed(plasmode(curves, "these games"), 1.6, np.random.default_rng(0), simulations=50)
    assert (plenty.games, plenty.seeds, plenty.budgets) == (10, 5, 6) and plenty.present.decided > 0.8


def test_refuses_designs_and_curves_that_show_no_spread(curves):
    random = np.random.default_rng(0)
    for estimand, changes, reason in (
        ("these games", {"seeds": 1}, "one seed only"),
        ("games like these", {"games": 1}, "one game"),
    ):
        single = simulated_curves(random, **changes)
        refused = plasmode(single, estimand)
        assert isinstance(refused, Refused) and reason in refused.reason
    assert isinstance(simulated(curves, 1.2, seeds=1), Refused)
    assert isinstance(simulated(curves, 1.2, "games like these", games=1), Refused)
    assert isinstance(simulated(curves.select(budgets=[0]), 1.2), Refused)
    three = simulated_curves(random, (0.8,) * 3, (3e5,) * 3, (0.1,) * 3)
    assert isinstance(simulated(three, 1.2), Refused)


@pytest.mark.parametrize(("agents", "powers"), [(("IQN", "Rainbow"), (0.97, 0.85, 0.60)),
                                                (("Rainbow", "DQN"), (0.76, 0.77, 0.46))])  # fmt: skip
def test_power_with_the_residuals_of_published_curves(agents, powers):
    """A difference of 0.1 in ln alpha, one asymptote, six budgets; 26 x 5, the first eight games x 5, and x 3.

    The mean over both pairs is .87, .81 and .53; .91, .79 and .54 had been found with another simulation.
    """
    simulations = 2000 if "EFFICIENTZERO_LONG_TESTS" in os.environ else 400
    table = published_curves("dopamine_log_budgets")
    suite = set(published_curves("efficientzero_100k").game)
    for (games, seeds), expected in zip(((26, 5), (8, 5), (8, 3)), powers, strict=True):
        chosen = suite if games == 26 else FIRST_EIGHT
        picked = table[table.game.isin(chosen) & table.agent.isin(agents)]
        curves = make_curves(picked, "human").select(agents=agents, budgets=SIX_OF_200M)
        assert len(curves.games) == games
        design = Design(games, seeds, tuple(curves.frames))
        found = plasmode(curves, "these games").power(design, np.exp(0.1), np.random.default_rng(0), simulations)
        assert isinstance(found, Power)
        assert found.difference == pytest.approx(expected, abs=0.02 + 3 * found.simulation_error)
