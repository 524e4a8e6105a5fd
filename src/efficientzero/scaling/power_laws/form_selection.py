"""Which of the nested models describes the curves: AICc (Hurvich and Tsai 1989) and the held-out largest budget.

The points of a curve are not independent, so AICc chooses a form here and tests nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.power_laws.fit import fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS, Loss
from efficientzero.scaling.refused import Refused


@dataclass(frozen=True)
class FormScore:
    """How well a model describes the curves. `held_out_error`: root mean square error at the largest budget, over
    agents, of the fit to the other budgets."""

    model: str
    aicc: float
    root_mean_square_error: float
    held_out_error: float | Refused


def form_scores(curves: Curves, loss: Loss = "linear") -> tuple[FormScore, ...] | Refused:
    """AICc and held-out error of M0 to M3. AICc is infinite where a model has too many parameters for the points."""
    found = []
    for model in MODELS.values():
        fit = fit_power_law(curves.frames, curves.aggregate, curves.agents, model, loss)
        if isinstance(fit, Refused):
            return fit
        shorter = fit_power_law(curves.frames[:-1], curves.aggregate[:, :-1], curves.agents, model, loss)
        if isinstance(shorter, Refused):
            held_out: float | Refused = shorter
        else:
            missed = shorter.scores(curves.frames[-1:])[:, 0] - curves.aggregate[:, -1]
            held_out = float(np.sqrt(np.mean(missed**2)))
        mean_square = fit.residual_sum_of_squares / curves.aggregate.size
        aicc = corrected_information_criterion(mean_square, curves.aggregate.size, model.size(len(curves.agents)))
        found.append(FormScore(model.name, aicc, float(np.sqrt(mean_square)), held_out))
    return tuple(found)


def corrected_information_criterion(mean_square: float, points: int, parameters: int) -> float:
    """AICc of a least-squares fit, the variance counted as one more parameter; lower is better."""
    estimated = parameters + 1
    if points - estimated - 1 <= 0:
        return float("inf")
    floor = max(mean_square, 1e-16)  # of noise-free curves
    penalty = 2 * estimated + 2 * estimated * (estimated + 1) / (points - estimated - 1)
    return float(points * np.log(floor) + penalty)
