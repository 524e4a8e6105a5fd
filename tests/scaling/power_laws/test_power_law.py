"""The bounded power law: its derivatives, and that its parameters come back from curves made with it."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from simulated_curves import SIX_BUDGETS, power_law

from efficientzero.scaling.power_laws.fit import PowerLawFit, fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.refused import Refused

X = np.log(SIX_BUDGETS)
AGENTS = ("A", "B", "C")
THREE = power_law(SIX_BUDGETS, (0.9, 0.6, 1.4), (2e5, 6e5, 9e5), (0.1, 0.1, 0.1))


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_the_jacobian_is_the_derivative_of_the_residuals(model):
    low, high = model.bounds(3, X)
    middle = np.clip(0.5 * (low + high), -1.0, 14.0)
    parameters = middle + 0.3 * np.random.default_rng(0).standard_normal(len(low))
    numeric = approx_fprime(parameters, lambda theta: model.residuals(theta, X, THREE), 1e-7)
    analytic = model.jacobian(parameters, X, 3)
    assert np.abs(analytic[:18]).max(axis=0) == pytest.approx(np.abs(numeric[:18]).max(axis=0), rel=1e-3)
    np.testing.assert_allclose(analytic, numeric, atol=2e-6)


@pytest.mark.parametrize(("name", "own_exponents", "own_errors"), [
    ("M0", False, False), ("M1", True, False), ("M2", False, True), ("M3", True, True),
])  # fmt: skip
def test_each_model_recovers_the_curves_it_describes(name, own_exponents, own_errors):
    exponents = (0.9, 0.6, 1.4) if own_exponents else (0.9,) * 3
    errors = (0.05, 0.2, 0.35) if own_errors else (0.2,) * 3
    curves = power_law(SIX_BUDGETS, exponents, (2e5, 4e5, 6e5), errors)
    fit = fit_power_law(SIX_BUDGETS, curves, AGENTS, MODELS[name])
    assert isinstance(fit, PowerLawFit)
    np.testing.assert_allclose(np.exp(fit.log_exponents), exponents, rtol=2e-3)
    np.testing.assert_allclose(fit.errors, errors, atol=2e-3)
    farther = SIX_BUDGETS[-1:] * 2
    np.testing.assert_allclose(fit.scores(farther), power_law(farther, exponents, (2e5, 4e5, 6e5), errors), atol=1e-3)


def test_a_model_that_is_too_simple_leaves_a_residual():
    common = fit_power_law(SIX_BUDGETS, THREE, AGENTS, MODELS["M0"])
    own = fit_power_law(SIX_BUDGETS, THREE, AGENTS, MODELS["M1"])
    assert common.residual_sum_of_squares > 1e-3 > 1e-8 > own.residual_sum_of_squares


def test_the_robust_loss_is_moved_less_by_one_bad_point():
    bad = THREE.copy()
    bad[0, 3] -= 0.25
    linear, robust = (
        np.abs(fit_power_law(SIX_BUDGETS, bad, AGENTS, MODELS["M1"], loss).log_exponents[0] - np.log(0.9))
        for loss in ("linear", "soft_l1")
    )
    assert robust < 0.5 * linear


def test_recovers_exponents_from_noisy_curves():
    random = np.random.default_rng(3)
    found = [
        fit_power_law(SIX_BUDGETS, THREE + 0.005 * random.standard_normal(THREE.shape), AGENTS, MODELS["M1"])
        for _ in range(10)
    ]
    ratios = np.array([fit.log_exponents[0] - fit.log_exponents[1] for fit in found])
    assert ratios.mean() == pytest.approx(np.log(1.5), abs=0.05)
    assert ratios.std() > 0.01


def test_refuses_what_shows_no_exponent():
    model = MODELS["M1"]
    few = fit_power_law(SIX_BUDGETS[:1], THREE[:, :1], AGENTS, model)
    assert isinstance(few, Refused) and "at least 3 budgets" in few.reason and "have 1" in few.reason
    flat = THREE.copy()
    flat[1] = 0.4
    refused = fit_power_law(SIX_BUDGETS, flat, AGENTS, model)
    assert isinstance(refused, Refused) and "the curve of B is flat" in refused.reason
    below_random = THREE.copy()
    below_random[2] = 0.0
    refused = fit_power_law(SIX_BUDGETS, below_random, AGENTS, model)
    assert isinstance(refused, Refused) and "the curve of C is no better than random play" in refused.reason
    falling = THREE[:, ::-1]
    assert isinstance(fit_power_law(SIX_BUDGETS, falling, AGENTS, model), Refused)
    single = fit_power_law(SIX_BUDGETS[:3], THREE[:1, :3], ("A",), model)
    assert isinstance(single, PowerLawFit)
