"""How many times the frames: known ratios, what was not observed, the lead's trend, and the crossing."""

from dataclasses import replace

import numpy as np
import pytest
from scaling.plasmode import dopamine, exact, plasmode
from scipy import stats
from simulated_curves import simulated_curves

from efficientzero.scaling.estimators.crossing import Crossing, crossing, log_frames_of_zeros
from efficientzero.scaling.estimators.frames_ratio import frames_ratio, frames_to_match, mean_ratio, trend
from efficientzero.scaling.estimators.monotone import isotonic, log_frames_to_reach
from efficientzero.scaling.estimators.transform_free import common_range, exponent_ratio, log_frames_at_common_levels
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, Interval, of_two, weights


def draw(curves, estimand="these games", resamples=300, seed=0):
    return weights(curves, estimand, resamples, np.random.default_rng(seed))


def of(estimator, curves, *arguments, agents=("A", "B"), **options):
    """What an estimator gives of two agents, in that order."""
    return estimator(*of_two(curves, draw(curves, **options), *agents), *arguments)


def doubling(games=3, seeds=3, spread=0.002):
    """B needs exactly twice the frames of A, at any level; seeds are `spread` apart."""
    shape = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.6, 0.65])
    curves = exact((1, 1), games=games, seeds=seeds, spread=spread)
    shifts = curves.z - curves.z.mean(2, keepdims=True)
    z = np.stack([shape[1:], shape[:-1]])[:, None, None] + shifts
    return replace(curves, z=z)


def test_a_constant_multiple():
    curves = doubling()
    found = of(frames_ratio, curves, [0.15, 0.3, 0.45, 0.55])
    for level, ratio in found:
        assert isinstance(ratio, Interval), level
        assert ratio.estimate == pytest.approx(2, abs=0.02)  # the cubics end at different levels
        assert ratio.low < 2 < ratio.high and ratio.high / ratio.low < 1.2
    ((_, other),) = of(frames_ratio, curves, [0.3], agents=("B", "A"))
    assert other.estimate == pytest.approx(0.5)


def test_levels_that_one_was_not_seen_at():
    curves = doubling()
    found = {level: ratio.reason for level, ratio in of(frames_ratio, curves, [0.03, 0.07, 0.62, 0.9])}
    assert found[0.03].startswith("the level 0.030 lies below what A was seen at, 0.100 to 0.650; it needs smaller")
    assert found[0.07].startswith("the level 0.070 lies below what A was seen at")
    assert found[0.62].startswith("the level 0.620 lies above what B was seen at, 0.050 to 0.600; it needs larger")
    assert found[0.9].startswith("the level 0.900 lies above what A was seen at")


def test_a_level_at_the_very_end_is_refused():
    curves = doubling(spread=0.02)
    (_, near), (_, inside) = of(frames_ratio, curves, [0.5999, 0.5])
    assert near.reason.startswith("the level 0.600 is too near the ends of the levels that A and B")
    assert isinstance(inside, Interval)


def test_frames_to_match_an_agent_that_is_ahead():
    curves = doubling()
    found = of(frames_to_match, curves)
    assert (found.level, found.own_final_level) == pytest.approx((0.65, 0.6))
    assert isinstance(found.ratio, Refused) and found.ratio.reason.startswith("the level 0.650 lies above what B")
    assert found.at_least is None  # that B is behind at the last budget says no more than "more than once"
    # What B has at the last budget A had at half of it; in every resample each has its own last level.
    assert found.at_own_final_level.estimate == pytest.approx(2)
    assert found.at_own_final_level.low < 2 < found.at_own_final_level.high


def test_a_plateau_raises_the_bound():
    curves = doubling()
    z = curves.z.copy()
    z[0, ..., 4:] = z[0, ..., 3:4] + 0.2  # A is as good at a quarter of the last budget as at the end
    found = of(frames_to_match, replace(curves, z=z))
    assert found.at_least == pytest.approx(2)


def test_frames_to_match_an_agent_that_is_behind():
    curves = doubling()
    found = of(frames_to_match, curves, agents=("B", "A"))
    assert found.ratio.estimate == pytest.approx(0.5) and found.at_least is None
    assert isinstance(found.at_own_final_level, Refused)


def unlike(curves, scale=1e-4):
    """Runs that differ in shape, too; in mean they stay what they are."""
    noise = scale * np.random.default_rng(3).normal(size=curves.z.shape)
    return replace(curves, z=curves.z + noise - noise.mean((1, 2), keepdims=True))


def test_the_trend_of_a_constant_multiple_is_flat():
    assert "no seed or game makes a difference" in of(trend, doubling()).reason
    curves = unlike(doubling())
    found = of(trend, curves)
    assert found.slope.estimate == pytest.approx(0, abs=1e-10) and found.slope.low < 0 < found.slope.high
    assert found.change.estimate == pytest.approx(1) and 0.8 < found.change.low < 1 < found.change.high < 1.25


def test_the_trend_of_a_growing_lead_is_its_slope():
    # ln R = 2 z - 1 exactly: A's levels are linear in ln n, and B's ln n is A's plus that.
    curves = exact((1, 1), seeds=3, spread=0.002)
    x = np.log(curves.frames) - np.log(curves.frames[0])
    seeds = (curves.z - curves.z.mean(2, keepdims=True))[0]
    first = 0.1 * x + 0.3
    second = (x + 4) / 12  # x = 10 z - 3 + 2 z - 1
    z = np.stack([first + seeds, second + seeds])
    curves = unlike(replace(curves, z=z))
    found = of(trend, curves)
    assert found.slope.estimate == pytest.approx(2, abs=1e-6)
    assert found.slope.low < 2 < found.slope.high and found.slope.excludes(0)
    low, high = max(first[0], second[0]), min(first[-1], second[-1])
    assert found.change.estimate == pytest.approx(np.exp(2 * (high - low)))
    assert found.change.low < found.change.estimate < found.change.high
    # Every resample's slope counts over its own common levels.
    z = np.stack([first + 20 * seeds, second - 20 * seeds[..., ::-1] * 1.5])
    curves = unlike(replace(curves, z=z), 1e-3)
    resampled = draw(curves)
    products = []
    for one in resampled.aggregate:
        levels, log_frames = log_frames_at_common_levels(one, curves.frames)
        low, high = common_range(isotonic(one))
        products.append(np.polyfit(levels, log_frames[1] - log_frames[0], 1)[0] * (high - low))
    expected = resampled.inflation * np.std(products, ddof=1)
    found = trend(curves, resampled).change
    assert found.standard_error / found.estimate == pytest.approx(expected)


def test_a_trend_without_common_levels_is_refused():
    curves = doubling()
    z = curves.z.copy()
    z[0] = z[0] / 10 + 0.8
    refusal = of(trend, replace(curves, z=z))
    assert isinstance(refusal, Refused) and "share too few levels" in refusal.reason


def test_the_mean_ratio_of_a_constant_multiple():
    curves = unlike(doubling())
    found = of(mean_ratio, curves)
    assert found.estimate == pytest.approx(2, abs=0.01) and 1.9 < found.low < 2 < found.high < 2.1
    behind = of(mean_ratio, curves, agents=("B", "A"))  # the figure is there whichever of the two is named first
    assert (behind.estimate, behind.low) == pytest.approx((1 / found.estimate, 1 / found.high))
    apart = replace(curves, z=np.stack([curves.z[0] / 10 + 0.8, curves.z[1]]))
    assert of(mean_ratio, apart).reason.startswith("A and B were not seen to reach the same levels;")


def test_the_mean_ratio_is_that_of_the_levels_in_between():
    curves = exact((1.2, 0.8), middles=(1e5, 3e5), errors=(0.1, 0.1))
    found = of(mean_ratio, unlike(curves))
    low, high = curves.aggregate[:, 0].max(), curves.aggregate[:, -1].min()
    share = np.linspace(low, high, 1001)[:-1] + (high - low) / 2000
    logit = np.log(share / (0.9 - share))
    expected = np.exp(np.mean(np.log(3e5) + logit / 0.8 - np.log(1e5) - logit / 1.2))
    assert found.estimate == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("level", "said"), [(0.0, "no better than random play at any budget"),
                                             (1.0, "at the ceiling from the first budget on"),
                                             (0.3, "flat, from 0.300 in z at the first budget to 0.300")])  # fmt: skip
def test_curves_that_never_rise_have_no_ratio_of_frames(level, said):
    flat = replace(doubling(), z=np.full(doubling().z.shape, level))
    found = [of(frames_to_match, flat), of(mean_ratio, flat)]
    found += [ratio for _, ratio in of(frames_ratio, flat, [level])]
    for each in found:
        assert isinstance(each, Refused) and each.reason.startswith(f"the curve of A is {said}")


def test_a_falling_curve_has_no_ratio_of_frames():
    falling = replace(doubling(), z=doubling().z[..., ::-1])
    assert "the curve of A falls, from" in of(frames_to_match, falling).reason


def test_intervals_cover_a_multiple_of_three_at_every_level_and_for_all():
    """Low noise, 12 games and 3 seeds: read along straight lines the last level gave 2.91 and covered half the time."""
    found = {"0.3": [], "0.5": [], "last of B": [], "mean": []}
    for seed in range(100):
        curves = simulated_curves(np.random.default_rng(seed), games=12, seeds=3, between_games=0.0, between_seeds=0.05)
        drawn = draw(curves, resamples=200, seed=seed)
        match = frames_to_match(curves, drawn)
        inner = frames_ratio(curves, drawn, [0.3, 0.5])
        ratios = (*(ratio for _, ratio in inner), match.at_own_final_level, mean_ratio(curves, drawn))
        for rows, ratio in zip(found.values(), ratios, strict=True):
            if isinstance(ratio, Interval):
                rows.append((not ratio.excludes(3.0), np.log(ratio.estimate)))
    for name, rows in found.items():
        covered, logarithm = np.mean(rows, axis=0)
        assert len(rows) >= 80 and covered >= stats.binom.ppf(0.005, len(rows), 0.95) / len(rows), name
        assert logarithm == pytest.approx(np.log(3), abs=0.015), name


def test_intervals_of_known_ratios_cover():
    random = np.random.default_rng(0)
    covered = []
    for number in range(150):
        curves = plasmode("these games", 6, 5, (0.8, 0.8), random, middles=(1e5, 2e5))
        ((_, ratio),) = of(frames_ratio, curves, [0.4], resamples=200, seed=number)
        covered.append(isinstance(ratio, Interval) and not ratio.excludes(2.0))
    assert 0.89 <= np.mean(covered) <= 0.99


def cross(curves, first="A", second="B", **options):
    two, drawn = of_two(curves, draw(curves, **options), first, second)
    return crossing(two, drawn, exponent_ratio(two, drawn))


def test_a_known_crossing():
    # Both are at half of their asymptote at 1e5 frames, and only there.
    curves = exact((1.4, 0.7), middles=(1e5, 1e5), seeds=3, spread=0.01)
    for found in (cross(curves), cross(curves, "B", "A")):
        assert isinstance(found, Crossing)
        assert found.ahead == "A"
        assert found.frames.estimate == pytest.approx(1e5) and found.frames.low < 1e5 < found.frames.high


def test_a_crossing_of_published_curves():
    curves = dopamine("human", "atari26")
    for estimand in ESTIMANDS:
        found = cross(curves, "C51", "DQN", estimand=estimand)
        assert found.ahead == "C51" and 8e6 < found.frames.estimate < 12e6
        assert 4e6 < found.frames.low < found.frames.high < 24e6


def test_crossings_that_are_refused():
    same = exact((0.8, 0.8), middles=(1e5, 1.4e5), seeds=3, spread=0.01)
    assert cross(same).reason.startswith("the exponents of A and B cannot be told apart")
    apart = exact((1.6, 0.8), middles=(2e4, 2e5), seeds=3, spread=0.002)
    assert cross(apart).reason.startswith("A is ahead at every budget observed")
    assert cross(apart, "B", "A").reason.startswith("A is ahead at every budget observed")
    flat = replace(same, z=np.full_like(same.z, 0.4))
    assert "flat" in cross(flat).reason
    twice = replace(
        same,
        z=np.stack([[0.1, 0.3, 0.5, 0.6, 0.65, 0.7], [0.2, 0.25, 0.3, 0.4, 0.6, 0.99]])[:, None, None]
        + (same.z - same.z.mean(2, keepdims=True)) / 10,
    )
    assert cross(twice).reason == "A and B cross 2 times within the budgets observed, not once"


def test_a_crossing_that_other_seeds_might_not_show_is_refused():
    curves = exact((1.4, 0.7), middles=(1.5e4, 1.5e4), seeds=3, spread=0.1)
    assert cross(curves).reason.startswith("with other seeds or games A and B might not cross")


def test_zeros_between_budgets():
    frames = np.array([1.0, 2.0, 4.0, 8.0])
    x = np.log(frames)
    zeros = log_frames_of_zeros(np.array([[1.0, -1, -1, 3], [1, 0, 0, 1], [0, 2, 0, -1], [1, 2, 3, 1]]), frames)
    np.testing.assert_allclose(zeros[0], [x[1] / 2, np.nan, x[2] + np.log(2) / 4])
    # Touching is no crossing; a stretch without difference ends one; starting level is none.
    assert np.isnan(zeros[1]).all() and np.isnan(zeros[3]).all()
    np.testing.assert_allclose(zeros[2], [np.nan, np.nan, x[2]])


def test_the_isotonic_curves_are_what_is_inverted():
    curves = doubling(spread=0.0)
    z = curves.z.copy()
    z[0, ..., 3] -= 0.2
    dip = replace(curves, z=z)
    fitted = isotonic(dip.aggregate)
    level = np.array([0.3])
    expected = np.diff(log_frames_to_reach(fitted, dip.frames, level, cubic=True), axis=0)[0]
    dip = unlike(dip)
    ((_, ratio),) = of(frames_ratio, dip, [0.3])
    assert np.log(ratio.estimate) == pytest.approx(expected[0])
