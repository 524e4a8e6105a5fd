"""Monotone fits of curves and where they reach a level, against the definition and an independent program."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator
from scipy.optimize import isotonic_regression

from efficientzero.scaling.estimators.monotone import isotonic, log_frames_to_reach

FRAMES = np.array([1e4, 2e4, 4e4, 8e4])
UNEVEN = np.array([1e4, 2e4, 3e4, 8e4, 1.6e5, 3.2e5])


@pytest.mark.parametrize("budgets", [1, 2, 6, 15])
def test_the_fit_is_that_of_scipy(budgets):
    curves = np.random.default_rng(budgets).normal(size=(4, 25, budgets)) + np.linspace(0, 1.5, budgets)
    curves[0, 0] = curves[0, 0, ::-1]
    expected = [[isotonic_regression(curve).x for curve in row] for row in curves]
    fitted = isotonic(curves)
    np.testing.assert_allclose(fitted, expected, atol=1e-12)
    assert (np.diff(fitted, axis=-1) >= 0).all()
    # To the last digit, also of curves that fall all along.
    falling = np.sort(np.random.default_rng(0).random((2000, budgets)), -1)[:, ::-1]
    assert (np.diff(isotonic(falling), axis=-1) >= 0).all()


def test_pools_are_level_and_monotone_curves_stay():
    np.testing.assert_allclose(isotonic(np.array([0.1, 0.2, 0.5, 0.9])), [0.1, 0.2, 0.5, 0.9], rtol=1e-15)
    # Both pairs of neighbours pool: 0.5 and 0.3, then 0.7 and 0.6.
    np.testing.assert_allclose(isotonic(np.array([0.5, 0.3, 0.7, 0.6])), [0.4, 0.4, 0.65, 0.65], rtol=1e-15)


def test_a_level_between_budgets_is_linear_in_the_logarithm_of_frames():
    curve = np.array([0.1, 0.3, 0.3, 0.7])
    levels = np.array([0.1, 0.15, 0.3, 0.4, 0.7])
    reached = np.exp(log_frames_to_reach(curve, FRAMES, levels))
    # On the plateau at 0.3 the first budget counts.
    np.testing.assert_allclose(reached, [1e4, 1e4 * 2**0.25, 2e4, 4e4 * 2**0.25, 8e4], rtol=1e-12)


def test_levels_that_were_not_passed_have_no_frames():
    curve = np.array([0.1, 0.3, 0.5, 0.7])
    reached = log_frames_to_reach(curve, FRAMES, np.array([0.0999, 0.7001, 0.3]))
    assert np.isnan(reached).tolist() == [True, True, False]


def test_levels_of_each_curve_and_of_all():
    curves = np.sort(np.random.default_rng(0).random((5, 3, 4)), -1)
    shared = np.array([0.2, 0.5])
    of_each = np.broadcast_to(shared, (5, 3, 2)) + np.arange(3)[:, None] / 100
    found = log_frames_to_reach(curves, FRAMES, of_each)
    for at in np.ndindex(5, 3):
        np.testing.assert_array_equal(found[at], log_frames_to_reach(curves[at], FRAMES, of_each[at]))
    np.testing.assert_array_equal(log_frames_to_reach(curves, FRAMES, shared)[:, 0], found[:, 0])


@pytest.mark.parametrize("budgets", [2, 3, 6])
def test_the_cubic_is_that_of_scipy(budgets):
    random = np.random.default_rng(0)
    curves = np.cumsum(random.random((4, 3, budgets)) * (random.random((4, 3, budgets)) > 0.2), -1)
    frames, levels = UNEVEN[:budgets], np.linspace(0.1, 0.9, 5)
    wanted = curves[..., :1] + (curves[..., -1:] - curves[..., :1]) * levels
    found = log_frames_to_reach(curves, frames, wanted, cubic=True)
    for at in np.ndindex(4, 3):
        if curves[at][-1] > curves[at][0]:
            np.testing.assert_allclose(PchipInterpolator(np.log(frames), curves[at])(found[at]), wanted[at], atol=1e-9)
            assert (np.diff(found[at]) > 0).all()


def test_along_the_cubic_budgets_plateaus_and_what_was_not_seen():
    curve = np.array([0.1, 0.2, 0.2, 0.2, 0.5, 0.7])
    found = log_frames_to_reach(curve, UNEVEN, np.array([0.1, 0.2, 0.5, 0.7, 0.0999, 0.7001]), cubic=True)
    np.testing.assert_array_equal(found, [*np.log(UNEVEN[[0, 1, 4, 5]]), np.nan, np.nan])
    np.testing.assert_array_equal(log_frames_to_reach(curve[:1], UNEVEN[:1], np.array([0.1, 0.2]), cubic=True),
                                  [np.log(1e4), np.nan])  # fmt: skip
    level = np.array([0.2, 0.2, 0.5])  # of a plateau its first budget, at the start too
    np.testing.assert_array_equal(log_frames_to_reach(level, UNEVEN[:3], level[:1], cubic=True), [np.log(1e4)])
