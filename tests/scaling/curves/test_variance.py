"""Degrees of freedom of a spread: those of equally weighty units, and fewer where few units make it up."""

import numpy as np
import pytest
from scaling.weighted_games import weighted_games
from scipy import stats

from efficientzero.scaling.curves.bootstrap import Interval, interval, weights
from efficientzero.scaling.curves.variance import game_variance, spread_df
from efficientzero.scaling.estimates.transform_free import log_exponent_ratio, pair


def test_they_are_those_that_the_variance_has():
    """2 / the relative variance of the sample variance over many samples: about K - 1 of normal units."""
    random = np.random.default_rng(0)
    samples = random.standard_normal((20_000, 26))
    assert np.median(spread_df(samples)) == pytest.approx(2 / np.var(samples.var(1, ddof=1)), rel=0.1)
    heavy = samples * np.where(np.arange(26) < 3, 20.0, 1.0)
    of_variance = heavy.var(1, ddof=1)
    assert np.median(spread_df(heavy)) == pytest.approx(2 * of_variance.mean() ** 2 / of_variance.var(), rel=1.0)
    assert np.median(spread_df(heavy)) < 7


def test_their_limits():
    assert spread_df(np.zeros(7)) == 6 and spread_df(np.full(7, 0.1) + 1e-17) == 6  # units that do not differ
    assert spread_df(np.array([0.0, 1.0])) == 1
    assert spread_df(np.eye(100)[0]) == pytest.approx(2, rel=0.1)  # one unit alone; the kurtosis is at most K
    assert spread_df(np.tile([0.0, 1.0], 5)) == 9  # never more than K - 1
    np.testing.assert_array_equal(spread_df(np.random.default_rng(0).random((2, 3, 9))).shape, (2, 3))


def test_the_agent_with_the_fewest_decides():
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
        point, resampled = pair(curves, drawn, *curves.agents)
        ratios = log_exponent_ratio(resampled, curves.frames)
        estimate = float(log_exponent_ratio(point, curves.frames))
        for df, found in ((drawn.df, covered), (25.0, plain)):
            one = interval(estimate, ratios, drawn.inflation, df)
            found.append(isinstance(one, Interval) and not one.excludes(truth))
    low, high = stats.binom.ppf([0.005, 0.995], 300, measured)
    assert low <= sum(covered) <= high, np.mean(covered)
    if estimand == "games like these":
        assert np.mean(plain) < np.mean(covered) - 0.02
