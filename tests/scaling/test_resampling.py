"""The draws of the two estimands: their weights, their variance against formulas, and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest
from scaling.weighted_games import weighted_games
from scipy import stats

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.transform_free import log_exponent_ratio
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import (
    ESTIMANDS,
    Interval,
    Resamples,
    exponentiated,
    game_variance,
    spread_df,
    weights,
)

RESAMPLES = 4000


def interval(estimate, many, inflation, df):
    return Resamples("these games", None, None, inflation, df).interval(estimate, many)


def random_curves(agents=2, games=4, seeds=3, budgets=5, seed=0):
    z = np.random.default_rng(seed).random((agents, games, seeds, budgets))
    names = tuple("ABC"[:agents])
    return Curves(names, tuple(map(str, range(games))), 1e4 * 2.0 ** np.arange(budgets), z, "human", z)


def without(curves, *runs):
    z = curves.z.copy()
    for run in runs:
        z[run] = np.nan
    return replace(curves, z=z, human_normalised=z)


def draw(curves, estimand, resamples=RESAMPLES, seed=1):
    found = weights(curves, estimand, resamples, np.random.default_rng(seed))
    assert isinstance(found, Resamples)
    return found


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_weights_sum_to_one_and_give_the_aggregate(estimand):
    curves = without(random_curves(), (0, 1, 2), (1, 3, slice(1, 3)))
    drawn = draw(curves, estimand, 50)
    assert drawn.weights.shape == (50, 2, 4, 3) and drawn.aggregate.shape == (50, 2, 5)
    np.testing.assert_allclose(drawn.weights.sum((2, 3)), 1)
    assert (drawn.weights[:, ~curves.present] == 0).all()
    aggregate = np.einsum("rags,agsb->rab", drawn.weights, np.nan_to_num(curves.z))
    np.testing.assert_allclose(drawn.aggregate, aggregate)


def test_seeds_are_drawn_within_their_game_and_agent():
    curves = without(random_curves(), (0, 1, 2))
    drawn = draw(curves, "these games")
    np.testing.assert_allclose(drawn.weights.sum(3), 1 / 4)
    counts = drawn.weights * 4 * curves.seeds[..., None]
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-12)
    # Of K seeds each is drawn once on average, with variance (K - 1) / K, apart from other games and agents.
    np.testing.assert_allclose(counts.mean(0)[curves.present], 1, atol=0.06)
    np.testing.assert_allclose(counts.var(0)[0, 0], 2 / 3, atol=0.06)
    np.testing.assert_allclose(counts.var(0)[0, 1, :2], 1 / 2, atol=0.06)
    assert abs(np.corrcoef(counts[:, 0, 0, 0], counts[:, 1, 0, 0])[0, 1]) < 0.06


def test_games_are_drawn_for_all_agents_at_once():
    drawn = draw(random_curves(games=5), "games like these")
    games = drawn.weights.sum(3) * 5
    np.testing.assert_array_equal(games[:, 0], games[:, 1])
    np.testing.assert_allclose(games.mean((0, 1)), 1, atol=0.06)
    np.testing.assert_allclose(games.var(0)[0], 4 / 5, atol=0.06)
    # All seeds of a game come with it.
    np.testing.assert_allclose(drawn.weights[..., 0], drawn.weights[..., 2])


def test_inflated_variance_is_the_unbiased_one():
    curves = random_curves(agents=2, games=6, seeds=3)
    within = (curves.z.var(2, ddof=1) / 3).sum(1) / 6**2
    games = curves.z.mean(2).var(1, ddof=1) / 6
    for estimand, expected in zip(ESTIMANDS, (within, games), strict=True):
        drawn = draw(curves, estimand, 20_000)
        np.testing.assert_allclose(drawn.inflation**2 * drawn.aggregate.var(0, ddof=1), expected, rtol=0.06)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_inflation_of_equal_numbers(seeds):
    assert draw(random_curves(seeds=seeds), "these games", 10).inflation == pytest.approx((seeds / (seeds - 1)) ** 0.5)
    games = draw(random_curves(games=7, seeds=seeds), "games like these", 10)
    assert games.inflation == pytest.approx((7 / 6) ** 0.5)
    assert 1 <= games.df <= 6


def test_a_game_with_one_seed_takes_the_variance_of_the_others():
    curves = random_curves(agents=2, games=2, seeds=2, seed=3)
    single = draw(without(curves, (0, 1, 1), (1, 1, 1)), "these games", 10)
    # Half of the variance cannot be seen in the draws, and seeds of the other half are two.
    assert single.inflation == pytest.approx((2 * (1 + 2)) ** 0.5)
    assert single.df <= 2


def test_satterthwaite_degrees_of_freedom():
    curves = random_curves(agents=2, games=10, seeds=5)
    flat = np.broadcast_to(np.array([0.1, 0.2, 0.3, 0.4, 0.5])[:, None], curves.z.shape)
    equal = replace(curves, z=flat.copy())
    assert draw(equal, "these games", 10).df == pytest.approx(10 * 4)
    # One game and agent with all of the variance has only its own degrees of freedom.
    uneven = replace(curves, z=np.where(np.arange(20).reshape(2, 10, 1, 1) == 7, flat, 0.3))
    assert draw(uneven, "these games", 10).df == pytest.approx(4)
    assert 4 < draw(curves, "these games", 10).df < 40
    # The agent with the fewest decides.
    mixed = replace(curves, z=np.stack([equal.z[0], uneven.z[0]]))
    assert draw(mixed, "these games", 10).df == pytest.approx(4)
    # An agent whose seeds do not differ has no say, though rounding makes their mean another number.
    alike = np.broadcast_to(np.random.default_rng(0).random((10, 1, 5)), (10, 5, 5))
    still = replace(curves, z=np.stack([alike, equal.z[0]]))
    assert draw(still, "these games", 10).df == pytest.approx(40)


def test_runs_without_any_difference():
    curves = random_curves()
    drawn = draw(replace(curves, z=np.full(curves.z.shape, 0.5)), "these games", 10)
    assert np.isfinite([drawn.inflation, drawn.df]).all()
    for values in (drawn.aggregate[:, 0, 0], 0.5 + 1e-15 * np.arange(10)):  # exactly, or but for rounding
        refused = drawn.interval(0.5, values)
        assert refused.reason.startswith("no seed or game makes a difference to it here")
    assert isinstance(drawn.interval(0.5, 0.5 + 1e-9 * np.arange(10)), Interval)


def test_what_cannot_be_drawn_is_refused():
    random = np.random.default_rng(0)
    one_seed = without(random_curves(), (1, slice(None), slice(1, 3)))
    refusal = weights(one_seed, "these games", 10, random)
    assert isinstance(refusal, Refused) and refusal.reason.startswith("B ran with one seed only")
    assert isinstance(weights(one_seed, "games like these", 10, random), Resamples)
    refusal = weights(random_curves(games=1), "games like these", 10, random)
    assert isinstance(refusal, Refused) and "one game" in refusal.reason
    with pytest.raises(ScalingInputError, match=r"^estimand: 'all games' is none; choose one of these games, games "):
        weights(random_curves(), "all games", 10, random)


def test_the_same_generator_gives_the_same_draws():
    for estimand in ESTIMANDS:
        first, same, other = (draw(random_curves(), estimand, 20, seed).aggregate for seed in (4, 4, 5))
        np.testing.assert_array_equal(first, same)
        assert (first != other).any()


def test_interval_is_student_t_of_the_inflated_deviation():
    resampled = np.random.default_rng(0).normal(2.0, 0.3, 500)
    found = interval(1.9, resampled, 1.2, 7)
    assert found.standard_error == pytest.approx(1.2 * resampled.std(ddof=1))
    half = stats.t.ppf(0.975, 7) * found.standard_error
    assert (found.estimate, found.low, found.high) == pytest.approx((1.9, 1.9 - half, 1.9 + half))
    assert found.df == 7


def test_an_interval_of_too_few_resamples_is_refused():
    resampled = np.arange(100) / 100
    resampled[:5] = np.nan
    assert isinstance(interval(0.0, resampled, 1.0, 5), Interval)
    resampled[5] = np.inf
    refusal = interval(0.0, resampled, 1.0, 5)
    assert isinstance(refusal, Refused) and "6% of the resamples" in refusal.reason
    assert isinstance(interval(np.nan, np.zeros(100), 1.0, 5), Refused)


def test_intervals_of_ratios():
    ratio = exponentiated(Interval(np.log(2), np.log(1.5), np.log(3), 0.1, 9.0))
    assert (ratio.estimate, ratio.low, ratio.high, ratio.df) == pytest.approx((2, 1.5, 3, 9))
    assert ratio.standard_error == pytest.approx(0.2)
    assert ratio.excludes(1.0) and ratio.excludes(3.01) and not ratio.excludes(3) and not ratio.excludes(2.9)


def test_degrees_of_freedom_are_those_that_the_variance_has():
    """2 / the relative variance of the sample variance over many samples: about K - 1 of normal units."""
    random = np.random.default_rng(0)
    samples = random.standard_normal((20_000, 26))
    assert np.median(spread_df(samples)) == pytest.approx(2 / np.var(samples.var(1, ddof=1)), rel=0.1)
    heavy = samples * np.where(np.arange(26) < 3, 20.0, 1.0)
    of_variance = heavy.var(1, ddof=1)
    assert np.median(spread_df(heavy)) == pytest.approx(2 * of_variance.mean() ** 2 / of_variance.var(), rel=1.0)
    assert np.median(spread_df(heavy)) < 7


def test_the_limits_of_degrees_of_freedom():
    assert spread_df(np.zeros(7)) == 6 and spread_df(np.full(7, 0.1) + 1e-17) == 6  # units that do not differ
    assert spread_df(np.array([0.0, 1.0])) == 1
    assert spread_df(np.eye(100)[0]) == pytest.approx(2, rel=0.1)  # one unit alone; the kurtosis is at most K
    assert spread_df(np.tile([0.0, 1.0], 5)) == 9  # never more than K - 1
    np.testing.assert_array_equal(spread_df(np.random.default_rng(0).random((2, 3, 9))).shape, (2, 3))


def test_the_agent_with_the_fewest_degrees_of_freedom_decides():
    random = np.random.default_rng(3)
    curves, _ = weighted_games("games like these", 20, 2, (0.8, 0.8))(random)
    inflation, df = game_variance(curves)
    alone = [game_variance(curves.select(agents=(agent,)))[1] for agent in curves.agents]
    assert df == min(alone) < 19 and inflation == pytest.approx((20 / 19) ** 0.5)


@pytest.mark.parametrize(("estimand", "measured"), [("games like these", 0.93), ("these games", 0.96)])
def test_coverage_where_z_is_small_and_few_games_weigh_most(estimand, measured):
    """Within the .5 and 99.5 % points of a binomial of 300 around what longer runs measured
    (benchmarks/results/scaling_coverage.md). With games - 1 degrees of freedom it would be .88."""
    random, covered, plain = np.random.default_rng(0), [], []
    made = weighted_games(estimand, 26, 5, (1.0, 0.8))
    for _ in range(300):
        curves, truth = made(random)
        drawn = weights(curves, estimand, 150, random)
        point, resampled = curves.aggregate, drawn.aggregate
        ratios = log_exponent_ratio(resampled, curves.frames)
        estimate = float(log_exponent_ratio(point, curves.frames))
        for df, found in ((drawn.df, covered), (25.0, plain)):
            one = interval(estimate, ratios, drawn.inflation, df)
            found.append(isinstance(one, Interval) and not one.excludes(truth))
    low, high = stats.binom.ppf([0.005, 0.995], 300, measured)
    assert low <= sum(covered) <= high, np.mean(covered)
    if estimand == "games like these":
        assert np.mean(plain) < np.mean(covered) - 0.02
