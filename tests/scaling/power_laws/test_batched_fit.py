"""Thousands of fits at once give what scipy gives one at a time."""

import time

import numpy as np
import pytest
from simulated_curves import SIX_BUDGETS, power_law, simulated_curves

from efficientzero.scaling.power_laws.fit import fit_batch, fit_power_law
from efficientzero.scaling.power_laws.power_law import ERROR_LOGIT_BOUNDS, MODELS
from efficientzero.scaling.resampling import weights

X = np.log(SIX_BUDGETS)
RISING = {"exponents": (0.8, 1.1, 0.6), "midpoints": (2e5, 4e5, 8e5), "errors": (0.1, 0.1, 0.1)}


@pytest.fixture(scope="module")
def curves():
    return simulated_curves(np.random.default_rng(0), **RISING)


@pytest.mark.parametrize("loss", ["linear", "soft_l1"])
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_agrees_with_scipy(curves, model, loss):
    resampled = weights(curves, "games like these", 20, np.random.default_rng(1))
    point = fit_power_law(SIX_BUDGETS, curves.aggregate, curves.agents, model, loss)
    batch = fit_batch(X, resampled.aggregate, model, point.parameters, loss)
    for aggregate, parameters in zip(resampled.aggregate, batch, strict=True):
        one = fit_power_law(SIX_BUDGETS, aggregate, curves.agents, model, loss)
        np.testing.assert_allclose(model.scores(parameters, X, 3), one.fitted, atol=3e-4)
        log_exponents, _, error_logits = model.split(parameters, 3)
        inside = (error_logits > -6.0).all()  # below, E is nothing and its logit means nothing
        np.testing.assert_allclose(log_exponents, one.log_exponents, atol=2e-3 if inside else 1e-2)


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
