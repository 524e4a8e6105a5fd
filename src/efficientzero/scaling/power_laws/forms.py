"""Which form describes the curves, and does the sign of an exponent difference depend on it, or on the ceiling?

Of the nested power laws AICc (Hurvich and Tsai 1989) and the held-out largest budget tell. The points of a curve are
not independent, so AICc chooses a form here and tests nothing.

Other forms than the bounded power law: pow4, s = c - a (n + b)^-d (Viering and Loog 2021), and a power law of 1 - s
with one smooth break (Caballero et al. 2023, equation 1, n = 1). Their exponents do not mean what alpha means, so the
forms are compared on what they all have: the frames at which the fitted curves reach a level, from which
`transform_free` gives a ratio of exponents whatever the form; of bounded power laws with one asymptote it is that of
the alphas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from efficientzero.scaling.curves import Curves, Floats
from efficientzero.scaling.estimators.transform_free import log_exponent_ratio
from efficientzero.scaling.power_laws.fit import fit_power_law, unfit
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.refused import Refused

TRANSFORM_FREE = "transform-free"
FINE = 200  # points of a fitted curve
BREAK_WIDTH = 0.5  # smoothness of the break; six budgets cannot tell it


class FormScore(NamedTuple):
    """How well a model describes the curves. `held_out_error`: root mean square error at the largest budget, over
    agents, of the fit to the other budgets."""

    aicc: float
    held_out_error: float | Refused


def form_scores(two: Curves) -> dict[str, FormScore] | Refused:
    """AICc and held-out error of M0 to M3.

    Refused where the points are too few for the AICc of M0 to M2, of which forms are chosen; M3's is
    infinite where it alone lacks points.
    """
    frames, curves, agents = two.frames, two.aggregate, two.agents
    count, points = len(agents), curves.size
    most = MODELS["M2"].size(count)
    flat = unfit(frames, curves, agents)
    if flat is not None:
        return flat
    if points < most + 3:
        return Refused.because("points of the criterion", size=most, least=most + 3, points=points)
    found = {}
    for name, model in MODELS.items():
        fit = fit_power_law(frames, curves, agents, model)
        if isinstance(fit, Refused):
            return fit
        shorter = fit_power_law(frames[:-1], curves[:, :-1], agents, model)
        if isinstance(shorter, Refused):
            held_out: float | Refused = shorter
        else:
            held_out = float(np.sqrt(np.mean((shorter.scores(frames[-1:])[:, 0] - curves[:, -1]) ** 2)))
        aicc = corrected_information_criterion(fit.residual_sum_of_squares / points, points, model.size(count))
        found[name] = FormScore(aicc, held_out)
    return found


def corrected_information_criterion(mean_square: float, points: int, parameters: int) -> float:
    """AICc of a least-squares fit, the variance counted as one more parameter; lower is better."""
    estimated = parameters + 1
    if points - estimated - 1 <= 0:
        return float("inf")
    floor = max(mean_square, 1e-16)  # of noise-free curves
    penalty = 2 * estimated + 2 * estimated * (estimated + 1) / (points - estimated - 1)
    return float(points * np.log(floor) + penalty)


@dataclass(frozen=True)
class Form:
    """A curve of scores [budgets] of (parameters, centred ln frames [budgets]), its bounds and starting points."""

    name: str
    scores: Callable[[Floats, Floats], Floats]
    bounds: tuple[tuple[float, ...], tuple[float, ...]]
    starts: tuple[tuple[float, ...], ...]


def _pow4(parameters: Floats, x: Floats) -> Floats:
    """Parameters c, ln a, d, ln b; a and b in units of the centre of the frames."""
    c, log_a, d, log_b = parameters
    return c - np.exp(np.clip(log_a - d * np.logaddexp(x, log_b), -50.0, 50.0))


def _broken(parameters: Floats, x: Floats) -> Floats:
    """Parameters c, ln b, early and late exponent of c - s, ln of the frames at the break."""
    c, log_b, early, late, at = parameters
    bend = (late - early) * BREAK_WIDTH * np.logaddexp(0.0, (x - at) / BREAK_WIDTH)
    return c - np.exp(np.clip(log_b - early * x - bend, -50.0, 50.0))


FORMS = (
    Form("pow4", _pow4, ((0.0, -30.0, 0.02, -8.0), (1.0, 60.0, 8.0, 8.0)),
         tuple(product((0.6, 1.0), (0.0,), (0.5, 1.5), (-1.0, 2.0)))),
    Form("broken power law", _broken, ((0.0, -8.0, 0.0, 0.0, -8.0), (1.0, 4.0, 8.0, 8.0, 8.0)),
         tuple(product((0.6, 1.0), (-0.5,), (0.05,), (0.5, 1.5), (-1.0, 1.0)))),
)  # fmt: skip


def ratios_by_form(two: Curves) -> dict[str, float | Refused]:
    """ln of the ratio of two agents' exponents without a form, under M1, M3 and each of `FORMS`."""
    frames, curves, agents = two.frames, two.aggregate, two.agents
    flat = unfit(frames, curves, agents)
    found: dict[str, float | Refused] = {TRANSFORM_FREE: flat or _from_levels(curves, frames)}
    for name in ("M1", "M3"):
        fit = fit_power_law(frames, curves, agents, MODELS[name])
        found[name] = fit if isinstance(fit, Refused) else float(fit.log_exponents[0] - fit.log_exponents[1])
    for form in FORMS:
        found[form.name] = flat or log_ratio(two, form)
    return found


def log_ratio(two: Curves, form: Form) -> float | Refused:
    """ln of the exponent ratio of two agents, from the spread of ln frames over the levels both fitted curves reach."""
    least, points = len(form.bounds[0]), len(two.frames)
    if points < least:
        return Refused.because("points of a form", form=form.name, least=least, points=points)
    fine = np.linspace(np.log(two.frames[0]), np.log(two.frames[-1]), FINE)
    fitted = np.stack([fit_form(two.frames, curve, form, fine) for curve in two.aggregate])
    return _from_levels(fitted, np.exp(fine))


def fit_form(frames: Floats, observed: Floats, form: Form, at: Floats) -> Floats:
    """The least-squares curve of `form` to float64 [budgets], at ln frames `at`."""
    log_frames = np.log(frames)
    centre = log_frames.mean()
    best = np.array(_best_parameters(tuple(log_frames - centre), tuple(observed), form))
    return form.scores(best, at - centre)


@lru_cache(maxsize=1024)  # every pair and estimand of an analysis asks again for the fits of its agents' curves
def _best_parameters(centred: tuple[float, ...], curve: tuple[float, ...], form: Form) -> tuple[float, ...]:
    x, observed = np.array(centred), np.array(curve)
    fits = [
        least_squares(lambda theta: form.scores(theta, x) - observed, start, bounds=form.bounds, x_scale="jac",
                      max_nfev=200)
        for start in form.starts
    ]  # fmt: skip
    return tuple(min(fits, key=lambda fit: float(fit.cost)).x)


def _from_levels(curves: Floats, frames: Floats) -> float | Refused:
    found = float(log_exponent_ratio(curves, frames))
    return found if np.isfinite(found) else Refused.because("levels of a form")
