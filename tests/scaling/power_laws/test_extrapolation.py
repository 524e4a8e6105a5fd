"""Beyond the largest budget: right where the form is right, wide where data are noisy, refused where it is a guess."""

import re

import numpy as np
import pytest
from scaling.plasmode import dopamine
from scipy import stats
from simulated_curves import SIX_BUDGETS, power_law, simulated_curves

from efficientzero.scaling.estimators.frames_ratio import frames_to_match
from efficientzero.scaling.estimators.monotone import isotonic
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.power_laws.extrapolation import frames_to_reach, predict_score
from efficientzero.scaling.power_laws.fit import fit_batch, fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, weights

LAST = SIX_BUDGETS[-1]


def case(seed=0, resamples=300, **changes):
    random = np.random.default_rng(seed)
    curves = simulated_curves(random, **changes)
    return curves, weights(curves, "these games", resamples, random)


def test_noise_free_curves_are_continued():
    curves, resampled = case(between_games=0.0, between_seeds=1e-5)
    truth = power_law(np.array([2 * LAST]), (0.8,), (3e5,), (0.15,))[0, 0]
    found = predict_score(curves, resampled, "A", 2 * LAST)
    assert found.estimate == pytest.approx(truth, abs=1e-3)
    assert found.low <= found.estimate <= found.high < found.low + 0.01
    reached = frames_to_reach(curves, resampled, "A", truth)
    assert reached.estimate == pytest.approx(2 * LAST, rel=0.01)


def test_prediction_intervals_cover_a_new_experiment():
    covered, truth_frames = 0, 3.0 * LAST
    for seed in range(60):
        frames = np.append(SIX_BUDGETS, truth_frames)
        everything = simulated_curves(np.random.default_rng(seed), frames=frames, games=6, between_games=0.0)
        again = simulated_curves(np.random.default_rng(1000 + seed), frames=frames, games=6, between_games=0.0)
        seen = everything.select(budgets=slice(0, 6))
        found = predict_score(seen, weights(seen, "these games", 200, np.random.default_rng(seed)), "A", truth_frames)
        covered += found.low <= again.aggregate[0, -1] <= found.high
    assert 51 <= covered <= 60  # binomial .95: 54 to 60 in all but 2 % of cases; the form has no error here


def test_the_error_adds_the_curve_a_new_aggregate_and_the_misfit():
    curves, resampled = case()
    found = predict_score(curves, resampled, "A", 2 * LAST)
    model, x = MODELS["M0"], np.log(SIX_BUDGETS)
    fit = fit_power_law(SIX_BUDGETS, curves.aggregate[:1], ("A",), model)
    refits = fit_batch(x, resampled.aggregate[:, :1], model, fit.parameters)
    curve = resampled.inflation * model.scores(refits, np.log([2 * LAST]), 1).std(ddof=1)
    noise = resampled.inflation * resampled.aggregate[:, 0, -1].std(ddof=1)
    misfit = np.sqrt(fit.residual_sum_of_squares / 3)
    assert found.standard_error == pytest.approx(np.sqrt(curve**2 + noise**2 + misfit**2), rel=0.03)
    assert min(curve, noise, misfit) > 0.2 * found.standard_error


def test_noise_widens_the_interval():
    quiet, loud = (predict_score(*case(between_games=0.0, between_seeds=noise), "A", 2 * LAST) for noise in (0.05, 0.4))
    assert loud.high - loud.low > 3 * (quiet.high - quiet.low)
    assert 0 < loud.low < loud.high < 1


@pytest.mark.parametrize(("frames", "reason"), [(4.1 * LAST, "beyond 4 times"), (LAST, "within the observed budgets")])
def test_refuses_frames_too_far_or_seen(frames, reason):
    refused = predict_score(*case(), "A", frames)
    assert isinstance(refused, Refused) and reason in refused.reason
    assert isinstance(predict_score(*case(), "A", 4 * LAST), Interval)


def test_refuses_too_few_budgets_and_too_small_a_range():
    curves, _ = case()
    for budgets, reason in (([0, 3, 5], "at least 4 budgets"), ([0, 1, 2, 3], "over a factor of 10")):
        fewer = curves.select(budgets=budgets)
        resampled = weights(fewer, "these games", 50, np.random.default_rng(0))
        for refused in (
            predict_score(fewer, resampled, "A", 2 * fewer.frames[-1]),
            frames_to_reach(fewer, resampled, "A", 0.8),
        ):
            assert isinstance(refused, Refused) and reason in refused.reason


def test_refuses_levels_that_the_asymptote_may_not_allow():
    curves, resampled = case(between_seeds=0.1)
    over = frames_to_reach(curves, resampled, "A", 0.9)
    assert isinstance(over, Refused) and "which the fitted curve of A never exceeds" in over.reason
    noisy, resampled = case(seed=1, games=4, seeds=3)
    near = frames_to_reach(noisy, resampled, "A", noisy.aggregate[0, -1] + 0.03)
    assert isinstance(near, Refused) and "may be above all that A would ever reach" in near.reason
    seen = frames_to_reach(curves, resampled, "A", 0.3)
    assert isinstance(seen, Refused) and "within the observed budgets" in seen.reason


def test_refuses_frames_to_reach_beyond_four_times_the_largest_budget():
    curves, resampled = case(between_games=0.0, between_seeds=1e-5)
    far = power_law(np.array([5 * LAST]), (0.8,), (9e5,), (0.15,))[0, 0]
    refused = frames_to_reach(curves, resampled, "B", far)
    assert isinstance(refused, Refused) and "beyond 4 times" in refused.reason


def test_unknown_agents_are_named():
    curves, resampled = case()
    with pytest.raises(ScalingInputError, match="'Z'"):
        predict_score(curves, resampled, "Z", 2 * LAST)


def test_a_prediction_of_everything_is_refused():
    curves, resampled = case(games=2, seeds=2, between_seeds=0.8)
    refused = predict_score(curves, resampled, "A", 4 * LAST)
    assert isinstance(refused, Refused)
    assert re.search(r"anywhere from 0\.\d\d to 0\.\d\d in z, more than half of what there is", refused.reason)


def test_a_formula_that_runs_below_the_end_of_a_curve_predicts_nothing():
    """Published curves whose formula ends at .788, when .798 had been seen with half of those frames."""
    curves = dopamine()
    resampled = weights(curves, "these games", 200, np.random.default_rng(0))
    refused = predict_score(curves, resampled, "Rainbow", 2 * curves.frames[-1])
    assert refused.reason.startswith("the formula does not fit the end of the curve of Rainbow: it gives 0.785 at")
    assert refused.reason.endswith("where 0.798 was seen")
    assert frames_to_reach(curves, resampled, "Rainbow", 0.81).reason == refused.reason
    # Of other games the fit might be as good as that, but a level below the last one is no prediction.
    other = weights(curves, "games like these", 200, np.random.default_rng(0))
    found = predict_score(curves, other, "Rainbow", 2 * curves.frames[-1])
    assert re.search(r"it gives 0\.788 at [\d,]+ frames, less than the 0\.798 seen at", found.reason)
    assert isinstance(predict_score(curves, resampled, "DQN", 2 * curves.frames[-1]), Interval)


@pytest.mark.parametrize(("estimand", "between_games"), [("these games", 0.0), ("games like these", 0.1)])
def test_frames_to_match_cover_a_known_multiple(estimand, between_games):
    """B needs three times the frames of A at every level; on 26 games and five seeds. The level to match is measured,
    too, so that its error counts."""
    covered, alone, seen = [], [], []
    for seed in range(60):
        curves = simulated_curves(np.random.default_rng(seed), games=26, between_games=between_games)
        resampled = weights(curves, estimand, 200, np.random.default_rng(seed))
        match = frames_to_match(curves, resampled)
        seen.append(not match.at_own_final_level.excludes(3.0))
        levels = isotonic(resampled.aggregate[:, 0])[:, -1]
        for found, goals in ((covered, levels), (alone, None)):
            frames = frames_to_reach(curves, resampled, "B", match.level, goals)
            if isinstance(frames, Interval):
                found.append((not frames.excludes(3.0 * LAST), frames.standard_error))
    least = stats.binom.ppf(0.005, 60, 0.95)
    assert sum(seen) >= least and len(covered) >= 30
    shares, errors = np.mean(covered, axis=0)
    assert shares >= stats.binom.ppf(0.005, len(covered), 0.95) / len(covered)
    if estimand == "these games":
        assert errors > 1.03 * np.mean(alone, axis=0)[1]
