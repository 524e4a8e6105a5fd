"""Power of a design by simulation, and how many more games, seeds or budgets would decide between two exponents.

Power is the share of simulated experiments that would decide. Plasmode simulation: true curves are the bounded power
law M0 fitted to two agents, the first agent's exponent then multiplied by a chosen ratio; around them lie the residuals
that were observed. A run's residual is a whole curve (its distance to the mean of its game and agent), so budgets of
one run stay as dependent as they were; between and beyond the observed budgets it is interpolated in ln frames and held
constant. For "games like these" a game also carries its distance to the mean over games, the same game for both agents.
Each experiment is refitted with M1 and tested with Student's t on the influence of every run, or game, on ln of the
ratio: to first order what the bootstrap gives.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.power_laws.comparison import EQUIVALENCE
from efficientzero.scaling.power_laws.fit import PowerLawFit, fit_batch, fit_power_law
from efficientzero.scaling.power_laws.power_law import ERROR_LOGIT_BOUNDS, MODELS, Model
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Estimand, spread_df

SIMULATIONS = 400
SEARCH_SIMULATIONS = 200  # at each step of a search
AT_ONCE = 2_000_000  # scores that are simulated at once, so that large designs take little memory
DECIDED = 0.8  # the power that a design should have
MORE_UNITS = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)  # times the present games or seeds
MOST_RUNS = 5000  # of one agent in a design that is still worth naming
MORE_BUDGETS = 4


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
    exponent_ratio: float
    difference: float
    equivalence: float
    decided: float
    simulation_error: float


@dataclass(frozen=True)
class Needed:
    """What would decide between two exponents in four of five experiments, changed one at a time.

    `games`, `seeds`, `budgets`: how many of them, beside the present numbers of the others; budgets are added above the
    largest, in its step. None where no multiple that was tried would do, and the present numbers where they suffice.
    """

    present: Power
    games: int | None
    seeds: int | None
    budgets: int | None


@dataclass(frozen=True)
class Plasmode:
    """What experiments are simulated from: M0 fitted to two agents, and the residual curves around their means.

    `runs`: float64 [agents, games, seeds, budgets], of a run to the mean of its game and agent, scaled to the unbiased
    variance, zero where there is no run; `seeds`: int [agents, games]; `games`: float64 [agents, games, budgets], of a
    game to the mean over games, less the part that the noise of its runs explains. `design`: of the experiment itself.
    """

    fit: PowerLawFit
    estimand: Estimand
    design: Design
    runs: np.ndarray
    seeds: np.ndarray
    games: np.ndarray

    def power(
        self, design: Design, exponent_ratio: float, random: np.random.Generator, simulations: int = SIMULATIONS
    ) -> Power | Refused:
        """Power of `design` if the first agent's exponent were `exponent_ratio` times the other's."""
        if self.estimand == "these games" and design.seeds < 2:
            return Refused.because("design of one seed")
        if self.estimand == "games like these" and design.games < 2:
            return Refused.because("design of one game")
        block = max(1, min(simulations, AT_ONCE // (2 * design.games * design.seeds * len(design.frames))))
        parts = [
            self._tested(design, exponent_ratio, random, min(block, simulations - done))
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
        return Power(design, exponent_ratio, share, float(equivalent.mean()), decided, spread)

    def draw(
        self, games: int, seeds: int, log_frames: np.ndarray, simulations: int, random: np.random.Generator
    ) -> np.ndarray:
        """Residuals of simulated experiments: float64 [simulations, agents, games, seeds, budgets]."""
        agents, known = self.seeds.shape
        chosen = random.integers(known, size=(simulations, 1, games, 1))
        agent = np.arange(agents)[:, None, None]
        seed = (random.random((simulations, agents, games, seeds)) * self.seeds[agent, chosen]).astype(np.int64)
        runs, means = (_interpolated(part, np.log(self.fit.frames), log_frames) for part in (self.runs, self.games))
        return runs[agent, chosen, seed] + means[agent, chosen]

    def _tested(
        self, design: Design, exponent_ratio: float, random: np.random.Generator, simulations: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """ln of the ratio, its standard error and degrees of freedom in each experiment: float64 [simulations] each."""
        model, log_frames = MODELS["M1"], np.log(np.array(design.frames))
        log_exponent, midpoints, error_logit = np.split(self.fit.parameters, [1, 3])
        truth = np.concatenate([log_exponent + np.log(exponent_ratio), log_exponent, midpoints, error_logit])
        runs = self.draw(design.games, design.seeds, log_frames, simulations, random)
        runs += model.scores(truth, log_frames, 2)[:, None, None, :]
        parameters = fit_batch(log_frames, runs.mean(axis=(2, 3)), model, truth)
        return parameters[:, 0] - parameters[:, 1], *influence_test(model, parameters, log_frames, runs, self.estimand)


def plasmode(two: Curves, estimand: Estimand) -> Plasmode | Refused:
    """Of curves of two agents.

    For "these games" the distances of games are left out: which games there are is fixed. An agent's game with one seed
    takes the residuals of another of its games. Refused: curves that M0 cannot be fitted to, or that show no spread:
    one seed on every game ("these games"), one game.
    """
    if len(two.agents) != 2:
        return Refused.because("two agents", agents=len(two.agents))
    fit = fit_power_law(two.frames, two.aggregate, two.agents, MODELS["M0"])
    if isinstance(fit, Refused):
        return fit
    seeds, present = two.seeds, two.present[..., None]
    z = np.where(present, two.z, 0.0)
    means = z.sum(axis=2) / seeds[..., None]
    runs = np.where(present, z - means[:, :, None, :], 0.0) * np.sqrt(seeds / np.maximum(seeds - 1, 1))[..., None, None]
    noise = np.einsum("agkb->", runs**2 / (seeds**2)[..., None, None])
    lenders = seeds.copy()
    for agent, name in enumerate(two.agents):
        several = np.flatnonzero(seeds[agent] > 1)
        if len(several) == 0:
            if estimand == "these games":
                return Refused.because("no spread of seeds", agent=name)
            continue
        for number, game in enumerate(np.flatnonzero(seeds[agent] < 2)):
            lender = several[number % len(several)]
            runs[agent, game], lenders[agent, game] = runs[agent, lender], seeds[agent, lender]
    distances = np.zeros_like(means)
    if estimand == "games like these":
        count = len(two.games)
        if count < 2:
            return Refused.because("no spread of games")
        distances = (means - means.mean(axis=1, keepdims=True)) * np.sqrt(count / (count - 1))
        total = float(np.sum(distances**2))
        if total > 0.0:
            distances = distances * np.sqrt(max(0.0, 1.0 - noise / total))
    design = Design(len(two.games), int(seeds.max()), tuple(float(value) for value in two.frames))
    return Plasmode(fit, estimand, design, runs, lenders, distances)


def needed(
    made: Plasmode, exponent_ratio: float, random: np.random.Generator, simulations: int = SEARCH_SIMULATIONS
) -> Needed | Refused:
    """How many games, seeds or budgets would decide if the ratio of exponents were `exponent_ratio`.

    Searched among `MORE_UNITS` times the present games or seeds and up to `MORE_BUDGETS` more budgets.
    """

    def decides(other: Design) -> bool:
        power = made.power(other, exponent_ratio, random, simulations)
        return not isinstance(power, Refused) and power.decided >= DECIDED

    def smallest(designs: list[Design]) -> Design | None:
        """By bisection: power grows with games and with seeds."""
        feasible = [other for other in designs if other.games * other.seeds <= MOST_RUNS]
        if not feasible or not decides(feasible[-1]):
            return None
        return feasible[bisect_left(feasible[:-1], True, key=decides)]

    design = made.design
    present = made.power(design, exponent_ratio, random, simulations)
    if isinstance(present, Refused):
        return present
    if present.decided >= DECIDED:
        return Needed(present, design.games, design.seeds, len(design.frames))
    games = smallest([replace(design, games=int(np.ceil(times * design.games))) for times in MORE_UNITS])
    seeds = smallest([replace(design, seeds=int(np.ceil(times * design.seeds))) for times in MORE_UNITS])
    # Where the curves are flat a further budget adds noise only, so power need not grow with budgets: no bisection.
    last, step = design.frames[-1], design.frames[-1] / design.frames[-2]
    longer = (
        replace(design, frames=(*design.frames, *(last * step**number for number in range(1, more + 1))))
        for more in range(1, MORE_BUDGETS + 1)
    )
    budgets = next((other for other in longer if decides(other)), None)
    return Needed(
        present,
        None if games is None else games.games,
        None if seeds is None else seeds.seeds,
        None if budgets is None else len(budgets.frames),
    )


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
