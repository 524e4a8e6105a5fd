"""What the conditions of a verdict found, as statements: clauses without a capital letter or a full stop."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from efficientzero.scaling.refused import Refused
from efficientzero.scaling.words import numbers

FORMS = {
    "transform-free": "without a formula for the curves",
    "M1": "with one asymptote for both agents (M1)",
    "M3": "with an asymptote for each agent (M3)",
}


class Estimate(numbers.Estimate, Protocol):
    """A number with its interval."""

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside the interval."""


def free_ratio(ratio: Estimate) -> str:
    holds = "excludes" if ratio.excludes(1.0) else "holds"
    return f"without a formula for the curves the ratio of exponents is {shown(ratio)}, an interval that {holds} 1"


def fitted_ratio(ratio: Estimate, same_way: bool, p_value: float) -> str:
    return (
        f"fitted with one asymptote for both agents (M1) it is {shown(ratio)}{'' if same_way else ', the other way'}, "
        f"and chance alone would give a difference as large with probability {p_value:.2g} (Wald test)"
    )


def no_curves(*ceilings: str) -> str:
    return f"there are no curves for the {' and '.join(ceilings)} ceiling"


def of_form(form: str, ceiling: str) -> str:
    return f"up to the {ceiling} ceiling, {FORMS[form]}"


def other_way(form: str, ceiling: str, ratio: float) -> str:
    return f"{of_form(form, ceiling)}, the ratio of exponents is {ratio:.2f}, the other way"


def equivalent(ninety: Estimate, p_value: float, passed: bool, margin: tuple[float, float]) -> str:
    return (
        f"the fitted ratio of exponents, {shown(ninety)} with its 90 % interval, "
        f"{'lies' if passed else 'need not lie'} within {margin[0]} to {margin[1]}, where it would make no difference "
        f"(equivalence test, p = {p_value:.2g})"
    )


def change_of_frames(change: Estimate, flat: bool) -> str:
    return (
        "from the lowest to the highest level that both reach, the multiple of frames changes by a factor of "
        f"{shown(change)}, which can{'not' if flat else ''} be told from no change"
    )


def own_asymptotes_or_exponents(aicc: tuple[float, float], missed: tuple[float, float]) -> str:
    """Of M2 and M1."""
    return (
        f"an asymptote for each agent describes the curves {'' if aicc[0] < aicc[1] else 'no '}better than an exponent "
        f"for each (AICc {aicc[0]:.1f} and {aicc[1]:.1f}, where lower is better), and fitted without the largest "
        f"budget the first misses it by {missed[0]:.3f} and the second by {missed[1]:.3f} in z"
    )


def own_asymptotes_or_offset(aicc: tuple[float, float]) -> str:
    """Of M2 and M0."""
    return (
        f"an asymptote for each agent describes the curves {'' if aicc[0] < aicc[1] else 'no '}better than an offset "
        f"alone (AICc {aicc[0]:.1f} and {aicc[1]:.1f}, where lower is better)"
    )


def asymptotes_apart(first: str, second: str, difference: Estimate) -> str:
    shares = f"the shares of the way to the ceiling that {first} and {second} would never cover"
    return f"{shares} differ by {shown(difference)}"


def ratio_with_own_asymptotes(ratio: Estimate) -> str:
    return f"with an asymptote for each agent the fitted ratio of exponents (M3) is {shown(ratio)}"


def both_hold(*words: str) -> str:
    return f"the conditions of {' and of '.join(words)} hold at the same time, so neither can be told"


def would_decide(
    ratio: float, decided: float, present: tuple[int, int, int], more: tuple[int | None, int | None, int | None]
) -> str:
    """`present`, `more`: numbers of games, seeds and budgets; `more` is `present` where that suffices."""
    games, seeds, budgets = present
    here = f"{games} games, {seeds} seed{'s' * (seeds > 1)} and {budgets} budgets"
    given = f"if the ratio of exponents were {ratio:.2f}, {here} would decide {decided:.0%} of the time"
    if more[0] == games:
        return (
            f"{given}: more of them is not what is missing, but an answer that the formulas for the curves and the two "
            "ceilings agree on"
        )
    names = ("games", "seeds", "budgets, each a further step of frames")
    ways = [f"{number} {name}" for number, name in zip(more, names, strict=True) if number is not None]
    return f"{given}, {' or '.join(ways)} 80 %" if ways else f"{given}, and no feasible multiple of them 80 %"


def cannot_be_computed(why: Refused) -> str:
    return f"what would decide it cannot be computed: {why.reason}"


def shown(found: Estimate) -> str:
    """The estimate and its interval, to the decimals that give the estimate three digits, at most three of them."""
    size = np.floor(np.log10(abs(found.estimate))) if found.estimate else -1
    decimals = int(np.clip(2 - size, 0, 3))
    return f"{found.estimate:,.{decimals}f} ({found.low:,.{decimals}f} to {found.high:,.{decimals}f})"
