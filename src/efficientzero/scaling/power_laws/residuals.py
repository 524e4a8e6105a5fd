"""Residual curves of runs and of games, drawn again for simulated experiments, and the influence of each on a ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from efficientzero.scaling.curves.bootstrap import Estimand
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.curves.variance import spread_df
from efficientzero.scaling.power_laws.power_law import ERROR_LOGIT_BOUNDS, Model
from efficientzero.scaling.refused import Refused


@dataclass(frozen=True)
class ResidualCurves:
    """`runs`: float64 [agents, games, seeds, budgets], of a run to the mean of its game and agent, scaled to the
    unbiased variance, zero where there is no run; `seeds`: int [agents, games]; `games`: float64 [agents, games,
    budgets], of a game to the mean over games, less the part that the noise of its runs explains; at `log_frames`."""

    log_frames: np.ndarray
    runs: np.ndarray
    seeds: np.ndarray
    games: np.ndarray

    def draw(
        self, games: int, seeds: int, log_frames: np.ndarray, simulations: int, random: np.random.Generator
    ) -> np.ndarray:
        """Residuals of simulated experiments: float64 [simulations, agents, games, seeds, budgets]."""
        agents, known = self.seeds.shape
        chosen = random.integers(known, size=(simulations, 1, games, 1))
        agent = np.arange(agents)[:, None, None]
        seed = (random.random((simulations, agents, games, seeds)) * self.seeds[agent, chosen]).astype(np.int64)
        runs, means = (_interpolated(part, self.log_frames, log_frames) for part in (self.runs, self.games))
        return runs[agent, chosen, seed] + means[agent, chosen]


def residual_curves(curves: Curves, estimand: Estimand) -> ResidualCurves | Refused:
    """What was observed around the mean curves.

    For "these games" the distances of games are left out: which games there are is fixed. An agent's game with one seed
    takes the residuals of another of its games. Refused: one seed on every game ("these games"), one game.
    """
    seeds, present = curves.seeds, curves.present[..., None]
    z = np.where(present, curves.z, 0.0)
    means = z.sum(axis=2) / seeds[..., None]
    runs = np.where(present, z - means[:, :, None, :], 0.0) * np.sqrt(seeds / np.maximum(seeds - 1, 1))[..., None, None]
    noise = np.einsum("agkb->", runs**2 / (seeds**2)[..., None, None])
    lenders = seeds.copy()
    for agent in range(len(curves.agents)):
        several = np.flatnonzero(seeds[agent] > 1)
        if len(several) == 0:
            if estimand == "these games":
                return Refused(f"{curves.agents[agent]} ran with one seed only, which shows no spread between seeds")
            continue
        for number, game in enumerate(np.flatnonzero(seeds[agent] < 2)):
            lender = several[number % len(several)]
            runs[agent, game], lenders[agent, game] = runs[agent, lender], seeds[agent, lender]
    distances = np.zeros_like(means)
    if estimand == "games like these":
        count = len(curves.games)
        if count < 2:
            return Refused("one game does not show how much games differ")
        distances = (means - means.mean(axis=1, keepdims=True)) * np.sqrt(count / (count - 1))
        total = float(np.sum(distances**2))
        if total > 0.0:
            distances = distances * np.sqrt(max(0.0, 1.0 - noise / total))
    return ResidualCurves(np.log(curves.frames), runs, lenders, distances)


def influence_test(
    model: Model, parameters: np.ndarray, log_frames: np.ndarray, runs: np.ndarray, estimand: Estimand
) -> tuple[np.ndarray, np.ndarray]:
    """Standard error and degrees of freedom of ln alpha_first - ln alpha_other, by the influence of runs or games.

    Args:
        parameters: float64 [simulations, parameters], fits of a model whose first two parameters are these ln alpha.
        runs: float64 [simulations, 2, games, seeds, budgets], the scores that were fitted.

    Returns float64 [simulations] each. Degrees of freedom: Satterthwaite's over runs, or `spread_df` of games.
    """
    count, agents, games, seeds, budgets = runs.shape
    jacobian = model.jacobian(parameters, log_frames, agents)
    normal = np.matmul(jacobian.swapaxes(1, 2), jacobian)
    errors = model.split(parameters, agents)[2][:, :1]
    at_bound = ((errors <= ERROR_LOGIT_BOUNDS[0] + 1e-6) | (errors >= ERROR_LOGIT_BOUNDS[1] - 1e-6))[:, 0]
    normal[:, -1, -1] += np.where(at_bound, 1e6, 0.0)  # a parameter at its bound does not follow the data
    normal += 1e-14 * np.eye(normal.shape[1])
    contrast = np.zeros(normal.shape[1])
    contrast[:2] = 1.0, -1.0
    direction = np.linalg.solve(normal, np.broadcast_to(contrast, parameters.shape)[..., None])
    gradient = np.matmul(jacobian, direction)[:, : agents * budgets, 0].reshape(count, agents, budgets)
    influence = np.matmul(runs.reshape(count, agents, games * seeds, budgets), gradient[..., None])
    influence = influence.reshape(count, agents, games, seeds)
    if estimand == "games like these":
        of_games = influence.mean(axis=3).sum(axis=1)
        return of_games.std(axis=1, ddof=1) / np.sqrt(games), spread_df(of_games)
    variance = influence.var(axis=3, ddof=1) / (seeds * games**2)
    total = variance.sum(axis=(1, 2))
    df = total**2 / np.maximum(np.sum(variance**2, axis=(1, 2)) / (seeds - 1), 1e-300)
    return np.sqrt(total), np.maximum(df, 1.0)


def _interpolated(curves: np.ndarray, known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Curves [..., budgets] at other ln frames, linear between the known ones and constant beyond."""
    upper = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
    share = np.clip((wanted - known[upper - 1]) / (known[upper] - known[upper - 1]), 0.0, 1.0)
    return curves[..., upper - 1] * (1.0 - share) + curves[..., upper] * share
