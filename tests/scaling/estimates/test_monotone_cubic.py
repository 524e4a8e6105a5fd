"""Levels read along a monotone cubic: as scipy's, one curve at a time, and nothing where a curve was not seen."""

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from efficientzero.scaling.estimates.monotone_cubic import log_frames_along_cubic

FRAMES = np.array([1e4, 2e4, 3e4, 8e4, 1.6e5, 3.2e5])


@pytest.mark.parametrize("budgets", [2, 3, 6])
def test_as_scipys(budgets):
    random = np.random.default_rng(0)
    curves = np.cumsum(random.random((4, 3, budgets)) * (random.random((4, 3, budgets)) > 0.2), -1)
    frames, levels = FRAMES[:budgets], np.linspace(0.1, 0.9, 5)
    wanted = curves[..., :1] + (curves[..., -1:] - curves[..., :1]) * levels
    found = log_frames_along_cubic(curves, frames, wanted)
    for at in np.ndindex(4, 3):
        if curves[at][-1] > curves[at][0]:
            np.testing.assert_allclose(PchipInterpolator(np.log(frames), curves[at])(found[at]), wanted[at], atol=1e-9)
            assert (np.diff(found[at]) > 0).all()


def test_budgets_plateaus_and_what_was_not_seen():
    curve = np.array([0.1, 0.2, 0.2, 0.2, 0.5, 0.7])
    found = log_frames_along_cubic(curve, FRAMES, np.array([0.1, 0.2, 0.5, 0.7, 0.0999, 0.7001]))
    np.testing.assert_array_equal(found, [*np.log(FRAMES[[0, 1, 4, 5]]), np.nan, np.nan])
    np.testing.assert_array_equal(log_frames_along_cubic(curve[:1], FRAMES[:1], np.array([0.1, 0.2])),
                                  [np.log(1e4), np.nan])  # fmt: skip
