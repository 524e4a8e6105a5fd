"""Bounded least squares of a power-law model to aggregate curves, and to every resample of them at once.

Levenberg-Marquardt for many small fits at once, all in NumPy arrays: of the curves themselves from several starts, of
resamples from the fit to the curves. Every fit has its own damping (Marquardt's, scaled by the diagonal of the normal
matrix); parameters at a bound that the step would cross are held there for that step (projected steps), and fits that
have converged are left out of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from scipy.special import expit, logit

from efficientzero.scaling.power_laws.power_law import ROBUST_SCALE, Loss, Model
from efficientzero.scaling.refused import Refused, without_rise

LEAST_BUDGETS = 3
LEAST_RISE = 0.01  # of the way from random to the ceiling; a curve that rises less is flat
START_EXPONENTS = (0.3, 0.8, 2.0)
START_ERRORS = (0.003, 0.2, 0.5)
ITERATIONS = 200
TOLERANCE = 1e-9  # relative fall of the cost below which an accepted step was the last one
STILL = 1e-8  # largest step, in units of the parameters, after which a fit is at rest
EXACT = 1e-10  # the same of the curves themselves, from whose fit all resamples start
LEAST_DAMPING, START_DAMPING, MOST_DAMPING = 1e-12, 1e-3, 1e10
HELD = 1e-12


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
        return Refused.because("budgets of a power law", least=LEAST_BUDGETS, budgets=len(frames))
    for agent, curve in zip(agents, aggregate, strict=True):
        if curve[-1] - curve[0] < LEAST_RISE:
            return Refused.because("power law of no rise", rise=without_rise(agent, curve), least=LEAST_RISE)
    return None


def fit_power_law(
    frames: np.ndarray, aggregate: np.ndarray, agents: Sequence[str], model: Model, loss: Loss = "linear"
) -> PowerLawFit | Refused:
    """The best of bounded least-squares fits from several starts.

    Args:
        frames: float64 [budgets], increasing. aggregate: float64 [agents, budgets] in [0, 1]. agents: their names.
        loss: ``"soft_l1"`` is the robust version, with scale `ROBUST_SCALE`.
    """
    refused = unfit(frames, aggregate, agents)
    if refused is not None:
        return refused
    count, log_frames = len(agents), np.log(frames)
    if aggregate.size < model.size(count):
        facts = {"model": model.name, "size": model.size(count), "points": aggregate.size}
        return Refused.because("points of a power law", agents=count, budgets=len(frames), **facts)
    best = np.array(_best_parameters(tuple(log_frames), tuple(map(tuple, aggregate)), model, loss))
    fitted = model.scores(best, log_frames, count)
    return PowerLawFit(model, tuple(agents), frames, best, fitted, float(np.sum((fitted - aggregate) ** 2)))


@lru_cache(maxsize=1024)  # an analysis asks for more than half of its fits again
def _best_parameters(
    at_log_frames: tuple[float, ...], curves: tuple[tuple[float, ...], ...], model: Model, loss: Loss
) -> tuple[float, ...]:
    log_frames, aggregate = np.array(at_log_frames), np.array(curves)
    start = np.stack(starts(log_frames, aggregate, model))
    same = np.broadcast_to(aggregate, (len(start), *aggregate.shape))
    found = fit_batch(log_frames, same, model, start, loss, tolerance=0.0, still=EXACT)
    cost = _cost(model.residuals(found, log_frames, same), loss)
    return tuple(found[cost.argmin()])


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


def fit_batch(
    log_frames: np.ndarray, observed: np.ndarray, model: Model, start: np.ndarray, loss: Loss = "linear",
    tolerance: float = TOLERANCE, still: float = STILL,
) -> np.ndarray:  # fmt: skip
    """Least-squares parameters of every set of curves: float64 [resamples, parameters].

    Args:
        log_frames: float64 [budgets]. observed: float64 [resamples, agents, budgets].
        start: float64 [parameters], the fit to the curves that were resampled, or [resamples, parameters].
    """
    agents = observed.shape[1]
    low, high = model.bounds(agents, log_frames)
    best = np.clip(np.broadcast_to(start, (len(observed), len(low))), low, high).copy()
    cost = _cost(model.residuals(best, log_frames, observed), loss)
    damping = np.full(len(observed), START_DAMPING)
    running = np.arange(len(observed))
    for _ in range(ITERATIONS):
        if not len(running):
            break
        here, data = best[running], observed[running]
        gradient, normal = _equations(model, here, log_frames, data, loss)
        step = _step(gradient, normal, damping[running], here, low, high)
        there = np.clip(here + step, low, high)
        new_cost = _cost(model.residuals(there, log_frames, data), loss)
        better = new_cost <= cost[running]
        fallen = cost[running] - new_cost
        done = np.abs(there - here).max(axis=1) < still
        done |= better & (fallen <= tolerance * cost[running]) & (damping[running] < 1.0)
        accepted = running[better]
        best[accepted], cost[accepted] = there[better], new_cost[better]
        factor = np.where(better, 0.2, 5.0)
        damping[running] = np.clip(damping[running] * factor, LEAST_DAMPING, MOST_DAMPING)
        done |= ~better & (damping[running] >= MOST_DAMPING)
        running = running[~done]
    return best


def _cost(residuals: np.ndarray, loss: Loss) -> np.ndarray:
    if loss == "linear":
        return np.sum(residuals**2, axis=-1)
    return np.sum(2.0 * ROBUST_SCALE**2 * (np.sqrt(1.0 + (residuals / ROBUST_SCALE) ** 2) - 1.0), axis=-1)


def _equations(
    model: Model, parameters: np.ndarray, log_frames: np.ndarray, observed: np.ndarray, loss: Loss
) -> tuple[np.ndarray, np.ndarray]:
    """Half the gradient of the cost [fits, parameters] and the normal matrix [fits, parameters, parameters]."""
    residuals = model.residuals(parameters, log_frames, observed)
    jacobian = model.jacobian(parameters, log_frames, observed.shape[1])
    weighted = jacobian
    if loss == "soft_l1":
        weighted = jacobian / np.sqrt(1.0 + (residuals / ROBUST_SCALE) ** 2)[..., None]
    gradient = np.matmul(residuals[:, None, :], weighted)[:, 0, :]
    return gradient, np.matmul(weighted.swapaxes(1, 2), jacobian)


def _step(
    gradient: np.ndarray, normal: np.ndarray, damping: np.ndarray, here: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    held = ((here <= low + HELD) & (gradient > 0)) | ((here >= high - HELD) & (gradient < 0))
    free = (~held).astype(np.float64)
    diagonal = np.einsum("npp->np", normal)
    matrix = normal * free[:, :, None] * free[:, None, :]
    # The floor keeps the matrix regular where a parameter has no influence; held parameters get a row of the identity.
    added = free * (damping[:, None] * diagonal + 1e-14) + (1.0 - free)
    matrix += added[:, :, None] * np.eye(normal.shape[1])
    return np.linalg.solve(matrix, -(gradient * free)[..., None])[..., 0]
