"""Time of the whole scaling analysis: ``python benchmarks/scaling_analysis.py``.

Simulated curves of 26 games x 3 agents x 5 seeds x 6 budgets, both ceilings, 2,000 resamples of both estimands. Prints
CPU-seconds of every part and writes ``benchmarks/results/scaling_analysis.md``. CPU time, not wall time, so that a busy
machine disturbs little; NumPy computes on one thread.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import TypeVar

import numpy as np
from scipy.special import expit

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.aggregates import human_normalised, mean_curves
from efficientzero.scaling.findings import Findings, Place
from efficientzero.scaling.pair import form_findings, pair_findings
from efficientzero.scaling.power_laws.extrapolation import predict_score
from efficientzero.scaling.power_laws.power import plasmode
from efficientzero.scaling.resampling import ESTIMANDS, weights
from efficientzero.scaling.verdict import judge

AGENTS = ("efficientzero", "muzero_reanalyze", "rainbow")
GAMES, SEEDS, RESAMPLES = 26, 5, 2000
FRAMES = 50_000.0 * 2.0 ** np.arange(6)
LIMIT = 60.0  # CPU-seconds
RESULT = Path(__file__).parent / "results" / "scaling_analysis.md"

Result = TypeVar("Result")


def simulated_curves(random: np.random.Generator) -> Curves:
    """Of games that differ in difficulty and seeds that differ in luck; the first agent is the most efficient."""
    midpoints = np.log([4e5, 8e5, 1.5e6])[:, None, None, None] + random.normal(0.0, 1.2, (1, GAMES, 1, 1))
    luck = random.normal(0.0, 0.4, (len(AGENTS), GAMES, SEEDS, 1))
    exponents = np.array([0.9, 0.8, 0.8])[:, None, None, None]
    scores = expit(exponents * (np.log(FRAMES) - midpoints) + luck)
    z = np.clip(scores + random.normal(0.0, 0.03, scores.shape), 0.0, 1.0)
    return Curves(AGENTS, tuple(f"game {number}" for number in range(GAMES)), FRAMES, z, "human", z)


class Clock:
    """CPU-seconds of named parts."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, part: str, work: Callable[[], Result]) -> Result:
        began = time.process_time()
        result = work()
        self.seconds[part] = self.seconds.get(part, 0.0) + time.process_time() - began
        return result


def analyse(clock: Clock) -> list[str]:
    """Everything that `efficientzero.scaling.analyse` does with curves, once; returns the verdicts as sentences."""
    random = np.random.default_rng(0)
    human = simulated_curves(random)
    curves = {"human": human, "best": replace(human, z=0.8 * human.z, ceiling="best")}
    drawn = {
        (ceiling, estimand): clock.timed(
            "bootstrap", lambda f=found, e=estimand: weights(f, e, RESAMPLES, np.random.default_rng(0))
        )
        for ceiling, found in curves.items()
        for estimand in ESTIMANDS
    }
    verdicts = []
    for second in AGENTS[1:]:
        places = {key: Place(AGENTS[0], second, *key) for key in drawn}
        rows = clock.timed(
            "estimates of two agents, every resample refitted",
            lambda p=places: [
                row for key, each in drawn.items() for row in pair_findings(curves[key[0]], each, p[key])
            ],
        )
        rows += clock.timed(
            "other forms of the curves",
            lambda s=second: [row for name in curves for row in form_findings(curves[name], Place(AGENTS[0], s, name))],
        )
        for estimand in ESTIMANDS:
            verdict = clock.timed(
                "verdicts, with power and what would decide",
                lambda e=estimand, r=rows, p=places, s=second: judge(
                    Findings(r), p["human", e], plasmode(human.select(agents=(AGENTS[0], s)), e), random
                ),
            )
            verdicts.append(f"{AGENTS[0]} and {second}, {estimand}: {verdict.word}")
    for (ceiling, _), each in drawn.items():
        for agent, ahead in product(AGENTS, (2.0, 4.0)):
            clock.timed(
                "predictions",
                lambda f=curves[ceiling], d=each, a=agent, n=ahead: predict_score(f, d, a, n * FRAMES[-1]),
            )
        described = (mean_curves, human_normalised) if ceiling == "human" else (mean_curves,)
        for aggregates in described:
            clock.timed(
                "means, human-normalised aggregates", lambda a=aggregates, f=curves[ceiling], d=each: list(a(f, d))
            )
    return verdicts


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    clock = Clock()
    verdicts = analyse(clock)
    total = sum(clock.seconds.values())
    rows = "\n".join(f"| {part} | {seconds:.1f} |" for part, seconds in clock.seconds.items())
    words = "\n".join(f"- {verdict}" for verdict in verdicts)
    text = f"""# Time of the scaling analysis

{GAMES} games x {len(AGENTS)} agents x {SEEDS} seeds x {len(FRAMES)} budgets, simulated; two ceilings, two estimands,
{RESAMPLES:,} resamples each. One thread; Python {platform.python_version()}, NumPy {version("numpy")}, SciPy
{version("scipy")}, {platform.machine()}.

| part | CPU-seconds |
|---|---:|
{rows}
| **all** (limit {LIMIT:.0f}) | **{total:.1f}** |

The exponents that the curves were made with are 0.9, 0.8 and 0.8, and every game has its own midpoint, so that the mean
over games is no bounded power law itself. The verdicts, up to the human ceiling:

{words}
"""
    print(text)
    RESULT.write_text(text, encoding="utf-8")
    if total > LIMIT:
        raise SystemExit(f"the analysis took {total:.0f} CPU-seconds, more than {LIMIT:.0f}")


if __name__ == "__main__":
    main()
