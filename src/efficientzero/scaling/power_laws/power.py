"""Power of a design by simulation: the share of simulated experiments that would decide between two exponents.

Plasmode simulation: true curves are the bounded power law M0 fitted to two agents, the first agent's exponent then
multiplied by a chosen ratio; around them lie the residuals that were observed. A run's residual is a whole curve (its
distance to the mean of its game and agent), so budgets of one run stay as dependent as they were; between and beyond
the observed budgets it is interpolated in ln frames and held constant. For "games like these" a game also carries its
distance to the mean over games, the same game for both agents. Each experiment is refitted with M1 and tested with
Student's t on the influence of every run, or game, on ln of the ratio: to first order what the bootstrap gives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from efficientzero.scaling.curves.bootstrap import Estimand
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.power_laws.batched_fit import fit_batch
from efficientzero.scaling.power_laws.exponent_tests import EQUIVALENCE
from efficientzero.scaling.power_laws.fit import PowerLawFit, fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.power_laws.residuals import ResidualCurves, influence_test, residual_curves
from efficientzero.scaling.refused import Refused

SIMULATIONS = 400
AT_ONCE = 2_000_000  # scores that are simulated at once, so that large designs take little memory


@dataclass(frozen=True)
class Design:
    """An experiment of two agents: `games` x `seeds` runs each, scored at `frames` (increasing)."""

    games: int
    seeds: int
    frames: tuple[float, ...]


@dataclass(frozen=True)
class Power:
    """Shares of simulated experiments: `difference`: the 5 % test finds unequal exponents; `equivalence`: TOST finds an
    offset only; `decided`: either. `simulation_error`: standard error of `difference` from the number of simulations.
    """

    design: Design
    estimand: Estimand
    exponent_ratio: float
    difference: float
    equivalence: float
    decided: float
    simulation_error: float


def power_of_design(
    curves: Curves, design: Design, estimand: Estimand, exponent_ratio: float, random: np.random.Generator,
    simulations: int = SIMULATIONS,
) -> Power | Refused:  # fmt: skip
    """Power of `design` if the first agent's exponent were `exponent_ratio` times the other's.

    Args:
        curves: of exactly two agents; gives the fitted curves and the residuals.

    Refused: curves that M0 cannot be fitted to, or runs (games) that show no spread: one seed (one game).
    """
    found = plasmode(curves, estimand)
    if isinstance(found, Refused):
        return found
    return simulated_power(*found, design, estimand, exponent_ratio, random, simulations)


def plasmode(curves: Curves, estimand: Estimand) -> tuple[PowerLawFit, ResidualCurves] | Refused:
    """What experiments are simulated from: M0 fitted to two agents, and the residuals around their mean curves."""
    if len(curves.agents) != 2:
        return Refused(f"power is that of a comparison of two agents and these curves are of {len(curves.agents)}")
    fit = fit_power_law(curves.frames, curves.aggregate, curves.agents, MODELS["M0"])
    if isinstance(fit, Refused):
        return fit
    residuals = residual_curves(curves, estimand)
    return residuals if isinstance(residuals, Refused) else (fit, residuals)


def simulated_power(
    fit: PowerLawFit, residuals: ResidualCurves, design: Design, estimand: Estimand, exponent_ratio: float,
    random: np.random.Generator, simulations: int,
) -> Power | Refused:  # fmt: skip
    """As `power_of_design`, of what `plasmode` gives."""
    if estimand == "these games" and design.seeds < 2:
        return Refused("a design of one seed does not show how much seeds differ; it needs at least two")
    if estimand == "games like these" and design.games < 2:
        return Refused("a design of one game does not show how much games differ; it needs at least two")
    block = max(1, min(simulations, AT_ONCE // (2 * design.games * design.seeds * len(design.frames))))
    parts = [
        _simulated(fit, residuals, design, estimand, exponent_ratio, random, min(block, simulations - done))
        for done in range(0, simulations, block)
    ]
    estimate, error, df = (np.concatenate(part) for part in zip(*parts, strict=True))
    error = np.maximum(error, 1e-12)
    different = np.abs(estimate) > stats.t.ppf(0.975, df) * error
    low, high = np.log(EQUIVALENCE)
    reach = stats.t.ppf(0.95, df) * error
    equivalent = (estimate - reach > low) & (estimate + reach < high)
    share = float(different.mean())
    spread = float(np.sqrt(max(share * (1.0 - share), 1.0 / simulations) / simulations))
    decided = float((different | equivalent).mean())
    return Power(design, estimand, exponent_ratio, share, float(equivalent.mean()), decided, spread)


def _simulated(
    fit: PowerLawFit, residuals: ResidualCurves, design: Design, estimand: Estimand, exponent_ratio: float,
    random: np.random.Generator, simulations: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """ln of the ratio, its standard error and degrees of freedom in each simulated experiment: [simulations] each."""
    model, log_frames = MODELS["M1"], np.log(np.array(design.frames))
    log_exponent, midpoints, error_logit = np.split(fit.parameters, [1, 3])
    truth = np.concatenate([log_exponent + np.log(exponent_ratio), log_exponent, midpoints, error_logit])
    runs = residuals.draw(design.games, design.seeds, log_frames, simulations, random)
    runs += model.scores(truth, log_frames, 2)[:, None, None, :]
    parameters = fit_batch(log_frames, runs.mean(axis=(2, 3)), model, truth)
    return parameters[:, 0] - parameters[:, 1], *influence_test(model, parameters, log_frames, runs, estimand)
