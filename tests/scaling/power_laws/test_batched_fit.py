"""Thousands of fits at once give what scipy gives one at a time."""

import time

import numpy as np
import pytest
from scipy.optimize import least_squares
from simulated_curves import SIX_BUDGETS, power_law, simulated_curves

from efficientzero.scaling.power_laws.fit import fit_batch, fit_power_law, starts
from efficientzero.scaling.power_laws.power_law import ERROR_LOGIT_BOUNDS, MODELS, ROBUST_SCALE
from efficientzero.scaling.resampling import weights

X = np.log(SIX_BUDGETS)
RISING = {"exponents": (0.8, 1.1, 0.6), "midpoints": (2e5, 4e5, 8e5), "errors": (0.1, 0.1, 0.1)}


def scipys(aggregate, model, loss):
    """The best of scipy's bounded fits from every start: trust-region reflective, another algorithm."""
    low, high = model.bounds(len(aggregate), X)
    fits = [
        least_squares(
            lambda theta: model.residuals(theta, X, aggregate),
            np.clip(start, low, high),
            jac=lambda theta: model.jacobian(theta, X, len(aggregate)),
            bounds=(low - 1e-9, high + 1e-9),
            loss=loss, f_scale=ROBUST_SCALE, x_scale="jac", xtol=1e-10, ftol=1e-12, gtol=1e-12, max_nfev=400,
        )
        for start in starts(X, aggregate, model)
    ]  # fmt: skip
    best = min(fits, key=lambda fit: fit.cost)
    return best.x, best.cost


@pytest.fixture(scope="module")
def curves():
    return simulated_curves(np.random.default_rng(0), **RISING)


@pytest.mark.parametrize("loss", ["linear", "soft_l1"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_agrees_with_scipy(curves, model, loss):
    resampled = weights(curves, "games like these", 20, np.random.default_rng(1))
    point = fit_power_law(SIX_BUDGETS, curves.aggregate, curves.agents, model, loss)
    expected, _ = scipys(curves.aggregate, model, loss)
    np.testing.assert_allclose(point.parameters, expected, atol=1e-4)
    batch = fit_batch(X, resampled.aggregate, model, point.parameters, loss)
    for aggregate, parameters in zip(resampled.aggregate, batch, strict=True):
        one, _ = scipys(aggregate, model, loss)
        np.testing.assert_allclose(model.scores(parameters, X, 3), model.scores(one, X, 3), atol=3e-4)
        log_exponents, _, error_logits = model.split(parameters, 3)
        inside = (error_logits > -6.0).all()  # below, E is nothing and its logit means nothing
        np.testing.assert_allclose(log_exponents, model.split(one, 3)[0], atol=2e-3 if inside else 1e-2)


@pytest.mark.parametrize("seed", range(5))
def test_no_start_of_scipys_finds_a_better_fit(seed):
    noisy = simulated_curves(np.random.default_rng(seed), games=3, seeds=2, between_seeds=0.5)
    for model in MODELS.values():
        fit = fit_power_law(SIX_BUDGETS, noisy.aggregate, noisy.agents, model)
        cost = np.sum(model.residuals(fit.parameters, X, noisy.aggregate) ** 2) / 2
        assert cost <= scipys(noisy.aggregate, model, "linear")[1] * (1 + 1e-6)


def test_stays_within_the_bounds():
    beyond = power_law(SIX_BUDGETS, (0.8, 0.8), (1e6, 2e6), (0.0, 0.0)) * 1.4
    model = MODELS["M3"]
    point = fit_power_law(SIX_BUDGETS, beyond, ("A", "B"), model)
    inside = np.array([0.0, 0.0, 13.0, 13.5, -2.0, -2.0])
    parameters = fit_batch(X, np.stack([beyond, beyond * 1.01]), model, inside)
    low, high = model.bounds(2, X)
    assert (parameters >= low).all() and (parameters <= high).all()
    assert np.isclose(parameters[:, -2:], ERROR_LOGIT_BOUNDS[0]).any()
    np.testing.assert_allclose(model.scores(parameters[0], X, 2), point.fitted, atol=1e-3)


def test_each_fit_depends_on_its_own_curves_only(curves):
    resampled = weights(curves, "games like these", 50, np.random.default_rng(1)).aggregate
    model = MODELS["M1"]
    start = fit_power_law(SIX_BUDGETS, curves.aggregate, curves.agents, model).parameters
    together = fit_batch(X, resampled, model, start)
    alone = np.concatenate([fit_batch(X, one[None], model, start) for one in resampled])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert together[:, 0].std() > 0.01


def test_two_thousand_refits_take_seconds(curves):
    resampled = weights(curves, "games like these", 2000, np.random.default_rng(1)).aggregate
    start = fit_power_law(SIX_BUDGETS, curves.aggregate, curves.agents, MODELS["M3"]).parameters
    began = time.process_time()
    fit_batch(X, resampled, MODELS["M3"], start)
    assert time.process_time() - began < 5
