"""Bounded least squares of a power-law model to aggregate curves: scipy's trust-region reflective, several starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit, logit

from efficientzero.scaling.curves.rise import without_rise
from efficientzero.scaling.power_laws.power_law import ROBUST_SCALE, Loss, Model
from efficientzero.scaling.refused import Refused

LEAST_BUDGETS = 3
LEAST_RISE = 0.01  # of the way from random to the ceiling; a curve that rises less is flat
START_EXPONENTS = (0.3, 0.8, 2.0)
START_ERRORS = (0.003, 0.2, 0.5)


@dataclass(frozen=True)
class PowerLawFit:
    """A fitted model: `parameters` as `Model` lays them out, `fitted` float64 [agents, budgets], squared residuals."""

    model: Model
    agents: tuple[str, ...]
    frames: np.ndarray
    parameters: np.ndarray
    fitted: np.ndarray
    residual_sum_of_squares: float

    @property
    def log_exponents(self) -> np.ndarray:
        """ln alpha, float64 [agents]."""
        return self.model.split(self.parameters, len(self.agents))[0]

    @property
    def errors(self) -> np.ndarray:
        """E, float64 [agents]."""
        return expit(self.model.split(self.parameters, len(self.agents))[2])

    def scores(self, frames: np.ndarray) -> np.ndarray:
        """s, float64 [agents, budgets], at other numbers of frames."""
        return self.model.scores(self.parameters, np.log(frames), len(self.agents))


def unfit(frames: np.ndarray, aggregate: np.ndarray, agents: Sequence[str]) -> Refused | None:
    """Why no power law can be fitted to aggregate curves [agents, budgets], or None."""
    if len(frames) < LEAST_BUDGETS:
        return Refused(f"a power law needs at least {LEAST_BUDGETS} budgets and these curves have {len(frames)}")
    for agent, curve in zip(agents, aggregate, strict=True):
        if curve[-1] - curve[0] < LEAST_RISE:
            said = without_rise(agent, curve)
            return Refused(f"{said}; a power law needs a rise of {LEAST_RISE} of the way from random to the ceiling")
    return None


def fit_power_law(
    frames: np.ndarray, aggregate: np.ndarray, agents: Sequence[str], model: Model, loss: Loss = "linear"
) -> PowerLawFit | Refused:
    """The best of bounded least-squares fits (trust-region reflective) from several starts.

    Args:
        frames: float64 [budgets], increasing. aggregate: float64 [agents, budgets] in [0, 1]. agents: their names.
        loss: ``"soft_l1"`` is the robust version, with scale `ROBUST_SCALE`.
    """
    refused = unfit(frames, aggregate, agents)
    if refused is not None:
        return refused
    count, log_frames = len(agents), np.log(frames)
    if aggregate.size < model.size(count):
        return Refused(
            f"the formula has {model.size(count)} numbers to fit ({model.name}) and the curves of {count} agents at "
            f"{len(frames)} budgets only {aggregate.size} points; it needs more budgets"
        )
    best = np.array(_best_parameters(tuple(log_frames), tuple(map(tuple, aggregate)), model, loss))
    fitted = model.scores(best, log_frames, count)
    return PowerLawFit(model, tuple(agents), frames, best, fitted, float(np.sum((fitted - aggregate) ** 2)))


@lru_cache(maxsize=1024)  # an analysis asks for more than half of its fits again, and each takes a tenth of a second
def _best_parameters(
    at_log_frames: tuple[float, ...], curves: tuple[tuple[float, ...], ...], model: Model, loss: Loss
) -> tuple[float, ...]:
    log_frames, aggregate = np.array(at_log_frames), np.array(curves)
    count = len(aggregate)
    low, high = model.bounds(count, log_frames)
    fits = [
        least_squares(
            lambda theta: model.residuals(theta, log_frames, aggregate),
            np.clip(start, low, high),
            jac=lambda theta: model.jacobian(theta, log_frames, count),
            bounds=(low - 1e-9, high + 1e-9),
            loss=loss, f_scale=ROBUST_SCALE, x_scale="jac", xtol=1e-10, ftol=1e-12, gtol=1e-12, max_nfev=400,
        )
        for start in starts(log_frames, aggregate, model)
    ]  # fmt: skip
    return tuple(np.clip(min(fits, key=lambda fit: float(fit.cost)).x, low, high))


def starts(log_frames: np.ndarray, aggregate: np.ndarray, model: Model) -> list[np.ndarray]:
    """Starting vectors: every pair of `START_EXPONENTS` and `START_ERRORS`, mu by matching the middle of each curve."""
    agents = len(aggregate)
    exponents, errors = (agents if own else 1 for own in (model.own_exponents, model.own_errors))
    found = []
    for exponent, error in product(START_EXPONENTS, START_ERRORS):
        share = np.clip(aggregate.mean(axis=1) / (1.0 - error), 0.02, 0.98)
        midpoint = log_frames.mean() - logit(share) / exponent
        found.append(np.concatenate([[np.log(exponent)] * exponents, midpoint, [logit(error)] * errors]))
    return found
