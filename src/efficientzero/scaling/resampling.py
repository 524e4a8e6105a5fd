"""Bootstrap of runs within games, or of games, with intervals from the inflated bootstrap standard deviation.

Two estimands, which answer different questions:

- "these games": runs are drawn again within every game and agent; what other seeds would have given on the same games.
- "games like these": games are drawn again, the same for all agents; what other games of the kind would have given.

A bootstrap of K units underestimates the variance of their mean by (K - 1) / K (Davison and Hinkley 1997, section 2.3),
hence the inflation; its percentiles cover too little when K is small, hence intervals of Student's t.

The degrees of freedom of a variance are 2 / (its own relative variance). Of runs within games that is Satterthwaite's
formula, as games differ in how much seeds do. Of K games it is at most K - 1, and less where a few of them make up most
of the spread: with kurtosis k of the games, about 2 K / (k - 1) (Box 1953). That matters up to the best-known scores:
they are up to hundreds of times the human ones, so that of 26 games three rule the mean of z. There t(K - 1) covered
.88 of 400 simulated experiments and this .93 of the same ones (.92 to .96 in longer runs); where games weigh alike both
cover .94 to .97 (``benchmarks/results/scaling_coverage.md``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused

Estimand = Literal["these games", "games like these"]
ESTIMANDS: tuple[Estimand, ...] = get_args(Estimand)

CONFIDENCE = 0.95  # of every interval
NO_SPREAD = 1e-12  # a standard error that is only rounding
LOST = 0.05  # the largest share of resamples in which a quantity may not exist

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % confidence interval, standard error and degrees of freedom."""

    estimate: float
    low: float
    high: float
    standard_error: float
    df: float

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside the interval."""
        return not self.low <= value <= self.high


@dataclass(frozen=True)
class Resamples:
    """What the draws of one estimand give.

    `weights`: float64 [resamples, agents, games, seeds], of every run: how often it is drawn / (games x seeds of that
    agent and game); they sum to 1 over games and seeds. `aggregate`: float64 [resamples, agents, budgets], the weighted
    mean of z. `inflation`: what the standard deviation over resamples of anything computed from them is multiplied by.
    `df`: degrees of freedom of that standard deviation.
    """

    estimand: Estimand
    weights: Floats
    aggregate: Floats
    inflation: float
    df: float

    def interval(self, estimate: float, many: Floats) -> Interval | Refused:
        """estimate +- t(df) x inflation x standard deviation of `many`, on the scale on which both are given.

        Ratios belong on the logarithmic scale: pass logarithms and take `exponentiated` of the result.

        Args:
            many: float64 [resamples]; NaN or infinite where a resample has no such quantity. Refused if that is more
                than 5 % of them: the rest would be a selection. Refused, too, if they are all the same.
        """
        finite = many[np.isfinite(many)]
        lost = (len(many) - len(finite)) / len(many)
        if not np.isfinite(estimate):
            return Refused.because("no estimate")
        if lost > LOST or len(finite) < 2:
            return Refused.because("resamples without it", lost=lost)
        error = float(self.inflation * finite.std(ddof=1))
        if error <= NO_SPREAD:
            return Refused.because("no difference to it")
        half = float(self.quantile() * error)
        return Interval(float(estimate), float(estimate - half), float(estimate + half), error, float(self.df))

    def quantile(self) -> float:
        """Half the width of an interval, in standard errors: Student's t."""
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self.df))


def of_two(
    curves: Curves, resampled: Resamples | Refused, first: str, second: str
) -> tuple[Curves, Resamples | Refused]:
    """The curves of two agents and their resamples, in that order."""
    two = curves.select(agents=(first, second))
    if isinstance(resampled, Refused):
        return two, resampled
    rows = [curves.agents.index(agent) for agent in (first, second)]
    return two, replace(resampled, weights=resampled.weights[:, rows], aggregate=resampled.aggregate[:, rows])


def weights(curves: Curves, estimand: Estimand, resamples: int, random: np.random.Generator) -> Resamples | Refused:
    """Draws `resamples` weights of every run, and the aggregate curves that they give.

    Refused: "these games" unless every agent has at least two seeds on some game; "games like these" for one game.
    """
    if estimand not in ESTIMANDS:
        raise ScalingInputError(f"estimand: {estimand!r} is none; choose one of {', '.join(ESTIMANDS)}")
    if estimand == "these games":
        single = [agent for agent, seeds in zip(curves.agents, curves.seeds, strict=True) if seeds.max() < 2]
        if single:
            return Refused.because("one seed", agents=" and ".join(", ".join(single).rsplit(", ", 1)))
        drawn = _seed_weights(curves, resamples, random)
        inflation, df = seed_variance(curves)
    else:
        if len(curves.games) < 2:
            return Refused.because("one game")
        drawn = _game_weights(curves, resamples, random)
        inflation, df = game_variance(curves)
    flat = np.nan_to_num(curves.z).reshape(len(curves.agents), -1, len(curves.frames))
    aggregate = np.matmul(drawn.reshape(resamples, len(curves.agents), -1).swapaxes(0, 1), flat).swapaxes(0, 1)
    return Resamples(estimand, drawn, np.ascontiguousarray(aggregate), float(inflation), float(df))


def exponentiated(logarithm: Interval) -> Interval:
    """The interval of a ratio from that of its natural logarithm; its standard error by the delta method."""
    ratio = float(np.exp(logarithm.estimate))
    low, high = float(np.exp(logarithm.low)), float(np.exp(logarithm.high))
    return Interval(ratio, low, high, ratio * logarithm.standard_error, logarithm.df)


def _seed_weights(curves: Curves, resamples: int, random: np.random.Generator) -> Floats:
    *_, most = shape = (resamples, *curves.present.shape)
    seeds = curves.seeds[:, :, None]
    chosen = (random.random(shape) * seeds).astype(np.int64)
    # A cell with fewer seeds than the most draws only as many: the others count for nothing.
    counted = np.broadcast_to(np.arange(most) < seeds, shape)
    cell = np.arange(np.prod(shape[:-1])).reshape(*shape[:-1], 1)
    counts = np.bincount((cell * most + chosen)[counted], minlength=int(np.prod(shape))).reshape(shape)
    return counts / (seeds * len(curves.games))


def _game_weights(curves: Curves, resamples: int, random: np.random.Generator) -> Floats:
    games = len(curves.games)
    counts = random.multinomial(games, np.full(games, 1 / games), size=resamples)[:, None, :, None]
    return counts * (curves.present / (curves.seeds[:, :, None] * games))


def seed_variance(curves: Curves) -> tuple[float, float]:
    """Inflation and degrees of freedom (Satterthwaite 1946) for runs within games.

    Both from the variances of every agent and game's runs in two summaries of a curve, its mean over budgets and its
    slope on ln frames. The smallest degrees of freedom of any agent and summary count, as in Welch's test done
    cautiously: seeds differ so unevenly between games that the sum over agents covers too little. With K seeds
    everywhere the inflation is sqrt(K / (K - 1)). Agents and games with a single seed, whose variance cannot be seen,
    take the mean of that agent's others.
    """
    seeds, several = curves.seeds, curves.seeds > 1
    inflations, dfs = [], []
    for weights in _summaries(curves):
        summary = np.nan_to_num(curves.z @ weights)
        mean = summary.sum(-1, keepdims=True) / seeds[..., None]
        squares = (np.where(curves.present, summary - mean, 0.0) ** 2).sum(-1)
        # Rounding leaves a little where runs do not differ.
        squares = np.where(squares > 1e-24, squares, 0.0)
        bootstrap = squares / seeds**2
        variance = squares / (np.maximum(seeds - 1, 1) * seeds)
        for row in np.flatnonzero(squares.any(1)):
            known = variance[row, several[row]]
            dfs.append(known.sum() ** 2 / (known**2 / (seeds[row, several[row]] - 1)).sum())
            variance[row, ~several[row]] = (known * seeds[row, several[row]]).mean()
        if variance.any():
            inflations.append(np.sqrt(variance.sum() / bootstrap.sum()))
    if not inflations:  # no two runs of any agent on any game differ
        least = int(seeds[several].min())
        return float(np.sqrt(least / (least - 1))), float(least - 1)
    return float(max(inflations)), float(min(dfs))


def game_variance(curves: Curves) -> tuple[float, float]:
    """Inflation sqrt(K / (K - 1)) and degrees of freedom for K games: the least of any agent's means and slopes."""
    count = len(curves.games)
    means = np.nanmean(curves.z, axis=2)
    least = min(float(spread_df(means @ weights).min()) for weights in _summaries(curves))
    return float(np.sqrt(count / (count - 1))), least


def spread_df(values: Floats) -> Floats:
    """Degrees of freedom of the variance of K units: 2 K / (kurtosis - 1), at most K - 1 and at least 1.

    Args:
        values: float64 [..., K]. Returns float64 [...].
    """
    count = values.shape[-1]
    squares = (values - values.mean(-1, keepdims=True)) ** 2
    # Rounding leaves a little where units do not differ.
    squares = np.where(squares > 1e-24, squares, 0.0)
    total = squares.sum(-1)
    above_one = np.maximum(count * (squares**2).sum(-1) / np.where(total > 0.0, total, 1.0) ** 2 - 1.0, 1e-12)
    return np.clip(2.0 * count / above_one, 1.0, count - 1.0)


def _summaries(curves: Curves) -> tuple[Floats, Floats]:
    """Weights [budgets] of two summaries of a curve: its mean over budgets and its slope on ln frames."""
    x = np.log(curves.frames) - np.log(curves.frames).mean()
    return np.full(len(x), 1 / len(x)), x
