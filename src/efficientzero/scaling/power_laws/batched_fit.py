"""Levenberg-Marquardt for many small power-law fits at once: one refit per resample, all in NumPy arrays.

Every fit has its own damping (Marquardt's, scaled by the diagonal of the normal matrix); parameters at a bound that
the step would cross are held there for that step (projected steps), and fits that have converged are left out of the
rest. The model, bounds, ridge and losses are those of `power_law`.
"""

from __future__ import annotations

import numpy as np

from efficientzero.scaling.power_laws.power_law import ROBUST_SCALE, Loss, Model

ITERATIONS = 200
TOLERANCE = 1e-9  # relative fall of the cost below which an accepted step was the last one
STILL = 1e-8  # largest step, in units of the parameters, after which a fit is at rest
LEAST_DAMPING, START_DAMPING, MOST_DAMPING = 1e-12, 1e-3, 1e10
HELD = 1e-12


def fit_batch(
    log_frames: np.ndarray, observed: np.ndarray, model: Model, start: np.ndarray, loss: Loss = "linear"
) -> np.ndarray:
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
        done = np.abs(there - here).max(axis=1) < STILL
        done |= better & (fallen <= TOLERANCE * cost[running]) & (damping[running] < 1.0)
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
