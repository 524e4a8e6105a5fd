"""Other forms and ceilings give the sign of an exponent difference that is there."""

import numpy as np
import pytest
from simulated_curves import SIX_BUDGETS, simulated_curves

from efficientzero.scaling.power_laws.forms import FORMS, fit_form, log_ratio, ratios_by_form
from efficientzero.scaling.refused import Refused

POW4, BROKEN = FORMS
X = np.log(SIX_BUDGETS)


def quiet(exponents, seed=0, **changes):
    return simulated_curves(
        np.random.default_rng(seed), exponents=exponents, between_games=0.0, between_seeds=0.02, **changes
    )


def test_every_form_and_ceiling_sees_a_large_difference():
    curves = quiet((1.3, 0.8))
    half = simulated_curves(
        np.random.default_rng(1), exponents=(1.3, 0.8), errors=(0.5, 0.5), between_games=0.0, between_seeds=0.02
    )
    for each in (curves, half):
        ratios = ratios_by_form(each)
        assert list(ratios) == ["transform-free", "M1", "M3", "pow4", "broken power law"]
        assert all(0.1 < ratio < 1.0 for ratio in ratios.values())
    assert ratios_by_form(curves)["M1"] == pytest.approx(np.log(1.3 / 0.8), abs=0.03)
    assert all(ratio < -0.1 for ratio in ratios_by_form(curves.select(agents=("B", "A"))).values())


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_forms_follow_curves_of_their_own_kind_and_give_nearly_equal_exponents_for_an_offset(form):
    made = form.scores(np.array((0.8, -0.6, 0.9, 0.2) if form is POW4 else (0.8, -0.4, 0.1, 1.2, 0.3)), X - X.mean())
    np.testing.assert_allclose(fit_form(SIX_BUDGETS, made, form, X), made, atol=2e-3)
    assert abs(log_ratio(quiet((0.8, 0.8)), form)) < 0.15


def test_pow4_is_its_formula_and_the_broken_law_has_two_slopes():
    x = np.linspace(-20, 20, 9)
    c, a, d, b = 0.9, 0.5, 1.1, 2.0
    np.testing.assert_allclose(
        POW4.scores(np.array([c, np.log(a), d, np.log(b)]), x), c - a * (np.exp(x) + b) ** -d, rtol=1e-12
    )
    left = 1.0 - BROKEN.scores(np.array([1.0, 0.0, 0.3, 1.2, 0.0]), x)
    slopes = -np.diff(np.log(left)) / np.diff(x)
    assert slopes[0] == pytest.approx(0.3, abs=1e-3) and slopes[-1] == pytest.approx(1.2, abs=1e-3)


def test_refusals():
    curves = quiet((1.2, 0.8))
    by_form = ratios_by_form(curves.select(budgets=[0, 2, 4]))
    assert isinstance(by_form["pow4"], Refused) and "each curve only 3 points" in by_form["pow4"].reason
    assert isinstance(by_form["M1"], float)
    one = ratios_by_form(curves.select(budgets=[0]))
    assert all(isinstance(ratio, Refused) for ratio in one.values())
    apart = quiet((2.0, 2.0), midpoints=(3e4, 1e7))
    assert apart.aggregate[0].min() > apart.aggregate[1].max()
    refused = ratios_by_form(apart)["transform-free"]
    assert isinstance(refused, Refused) and "too few levels in common" in refused.reason
