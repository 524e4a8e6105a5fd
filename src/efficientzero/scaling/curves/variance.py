"""What a bootstrap of few units needs: the inflation of its standard deviation, and its degrees of freedom.

The degrees of freedom of a variance are 2 / (its own relative variance). Of runs within games that is Satterthwaite's
formula, as games differ in how much seeds do. Of K games it is at most K - 1, and less where a few of them make up most
of the spread: with kurtosis k of the games, about 2 K / (k - 1) (Box 1953). That matters up to the best-known scores:
they are up to hundreds of times the human ones, so that of 26 games three rule the mean of z. There t(K - 1) covered
.88 of 400 simulated experiments and this .93 of the same ones (.92 to .96 in longer runs); where games weigh alike both
cover .94 to .97 (``benchmarks/results/scaling_coverage.md``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from efficientzero.scaling.curves.curves import Curves

Floats = NDArray[np.float64]


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
