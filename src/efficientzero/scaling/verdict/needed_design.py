"""How many more games, seeds or budgets would decide between two exponents: a search by simulated power."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np

from efficientzero.scaling.curves.bootstrap import Estimand
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.power_laws.power import Design, Power, plasmode, simulated_power
from efficientzero.scaling.refused import Refused

DECIDED = 0.8  # the power that a design should have
MORE_UNITS = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)  # times the present games or seeds
MOST_RUNS = 5000  # of one agent in a design that is still worth naming
MORE_BUDGETS = 4
SEARCH_SIMULATIONS = 200  # at each step of a search


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


def needed(
    curves: Curves, estimand: Estimand, exponent_ratio: float, random: np.random.Generator,
    simulations: int = SEARCH_SIMULATIONS,
) -> Needed | Refused:  # fmt: skip
    """How many games, seeds or budgets would decide if the ratio of exponents were `exponent_ratio`.

    Searched among `MORE_UNITS` times the present games or seeds and up to `MORE_BUDGETS` more budgets.
    """
    found = plasmode(curves, estimand)
    if isinstance(found, Refused):
        return found
    frames = tuple(float(value) for value in curves.frames)
    design = Design(len(curves.games), int(curves.seeds.max()), frames)

    def decides(other: Design) -> bool:
        power = simulated_power(*found, other, estimand, exponent_ratio, random, simulations)
        return not isinstance(power, Refused) and power.decided >= DECIDED

    present = simulated_power(*found, design, estimand, exponent_ratio, random, simulations)
    if isinstance(present, Refused):
        return present
    more_games = [replace(design, games=int(np.ceil(times * design.games))) for times in MORE_UNITS]
    more_seeds = [replace(design, seeds=int(np.ceil(times * design.seeds))) for times in MORE_UNITS]
    step = frames[-1] / frames[-2]
    more_budgets = [
        replace(design, frames=(*frames, *(frames[-1] * step**number for number in range(1, more + 1))))
        for more in range(1, MORE_BUDGETS + 1)
    ]

    if present.decided >= DECIDED:
        return Needed(present, design.games, design.seeds, len(frames))

    def smallest(designs: list[Design]) -> Design | None:
        """By bisection: power grows with games and with seeds."""
        feasible = [other for other in designs if other.games * other.seeds <= MOST_RUNS]
        if not feasible or not decides(feasible[-1]):
            return None
        return feasible[bisect_left(feasible[:-1], True, key=decides)]

    games, seeds = smallest(more_games), smallest(more_seeds)
    # Where the curves are flat a further budget adds noise only, so power need not grow with budgets: no bisection.
    budgets = next((other for other in more_budgets if decides(other)), None)
    return Needed(
        present,
        games.games if games is not None else None,
        seeds.seeds if seeds is not None else None,
        len(budgets.frames) if budgets is not None else None,
    )
