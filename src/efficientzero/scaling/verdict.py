"""The verdict on two agents, one of four words: exponent, offset, asymptote, or not identified.

Each of the first three has conditions, all of which must hold, and the word is given if those of exactly one word hold.

exponent: the transform-free interval excludes 1; M1 rejects equal exponents, in the same direction; that direction
holds without a form, under M1 and under M3, for both ceilings; M2 does not beat M1 by AICc and at the held-out largest
budget alike, since a different asymptote alone bends a curve enough to meet the other conditions.
offset: the ratio of exponents under M1 passes the equivalence test; the slope of ln R(level) is not told from 0.
asymptote: M2 beats M1 by AICc and at the held-out largest budget, and M0 by AICc, for both ceilings; the interval of
the difference of E excludes 0; M3, with own asymptotes, does not tell the exponents apart. (In simulation a third of
the curves that differ by an offset only met the first of these.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.evidence import Comparisons, Evidence, gather_evidence
from efficientzero.scaling.power_laws.comparison import EQUIVALENCE
from efficientzero.scaling.power_laws.forms import TRANSFORM_FREE, FormScore
from efficientzero.scaling.power_laws.power import Needed, needed
from efficientzero.scaling.reference_scores import both_ceilings
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Estimand, Interval, Resamples

SIZE = 0.05
DECISIVE_FORMS = {
    TRANSFORM_FREE: "without a formula for the curves",
    "M1": "with one asymptote for both agents (M1)",
    "M3": "with an asymptote for each agent (M3)",
}

Word = Literal["exponent", "offset", "asymptote", "not identified"]


@dataclass(frozen=True)
class Verdict:
    """`reasons`: sentences. `needed`: what would decide it, of `not identified` where that can be computed."""

    word: Word
    reasons: tuple[str, ...]
    conditions: tuple[Condition, ...]
    evidence: Evidence
    needed: Needed | Refused | None


def judge(
    by_ceiling: Mapping[str, Curves],
    ceiling: str,
    first: str,
    second: str,
    estimand: Estimand,
    resampled: Resamples | Refused,
    random: np.random.Generator,
    compared: Comparisons | None = None,
) -> Verdict:
    """Gathers the evidence on two agents and decides; arguments as for `gather_evidence`."""
    evidence = gather_evidence(by_ceiling, ceiling, first, second, estimand, resampled, random, compared)
    verdict = decide(evidence)
    if verdict.word != "not identified" or isinstance(evidence.fitted, Refused):
        return verdict
    ratio = evidence.fitted.ratio.estimate
    curves = by_ceiling[ceiling].select(agents=(first, second))
    return decide(evidence, needed(curves, estimand, ratio, random))


def decide(evidence: Evidence, needed: Needed | Refused | None = None) -> Verdict:
    """The word whose conditions hold, if they are those of one word only."""
    conditions = (*exponent_conditions(evidence), *offset_conditions(evidence), *asymptote_conditions(evidence))
    words = tuple(dict.fromkeys(condition.word for condition in conditions))
    held = [word for word in words if all(each.holds for each in conditions if each.word == word)]
    if len(held) == 1:
        reasons = [each.statement for each in conditions if each.word == held[0]]
        return Verdict(held[0], tuple(dict.fromkeys(reasons)), conditions, evidence, None)
    if held:
        reasons = [f"the conditions of {' and of '.join(held)} hold at the same time, so neither can be told"]
    else:
        reasons = [f"not {each.word}: {each.statement}" for each in conditions if not each.holds]
    if isinstance(evidence.transform_free, Refused):  # one cause, said once
        reasons = list(dict.fromkeys([evidence.transform_free.reason, *_refusals(evidence)]))
    if needed is not None:
        reasons.append(_what_would_decide(needed))
    return Verdict("not identified", tuple(reasons), conditions, evidence, needed)


def _refusals(evidence: Evidence) -> list[str]:
    figures = (evidence.fitted, evidence.forms[0].scores, evidence.trend)
    return [figure.reason for figure in figures if isinstance(figure, Refused)]


def _what_would_decide(needed: Needed | Refused) -> str:
    if isinstance(needed, Refused):
        return f"what would decide it cannot be computed: {needed.reason}"
    power, design = needed.present, needed.present.design
    seeds = f"{design.seeds} seed{'s' * (design.seeds > 1)}"
    here = f"{design.games} games, {seeds} and {len(design.frames)} budgets"
    ratio = f"if the ratio of exponents were {power.exponent_ratio:.2f}"
    given = f"{ratio}, {here} would decide {power.decided:.0%} of the time"
    if needed.games == design.games:
        return (
            f"{given}: more of them is not what is missing, but an answer that the formulas for the curves and the two "
            "ceilings agree on"
        )
    numbers = {"games": needed.games, "seeds": needed.seeds, "budgets, each a further step of frames": needed.budgets}
    ways = [f"{number} {name}" for name, number in numbers.items() if number is not None]
    if not ways:
        return f"{given}, and no feasible multiple of them 80 %"
    return f"{given}, {' or '.join(ways)} 80 %"


@dataclass(frozen=True)
class Condition:
    """One condition of a word, as a statement of what was found, and whether it holds."""

    word: Word
    holds: bool
    statement: str


def exponent_conditions(evidence: Evidence) -> list[Condition]:
    """What must hold for `exponent`, and whether it does."""
    free, wald = evidence.transform_free, evidence.equal_exponents
    if isinstance(free, Refused):
        return [Condition("exponent", False, free.reason)]
    direction = np.sign(free.log_ratio.estimate)
    ratio = free.ratio
    found = [
        Condition(
            "exponent", ratio.excludes(1.0),
            f"without a formula for the curves the ratio of exponents is {shown(ratio)}, an interval that "
            f"{'excludes' if ratio.excludes(1.0) else 'holds'} 1",
        )
    ]  # fmt: skip
    if isinstance(wald, Refused):
        return [*found, Condition("exponent", False, wald.reason)]
    if isinstance(evidence.fitted, Refused):
        return [*found, Condition("exponent", False, evidence.fitted.reason)]
    same_way = np.sign(evidence.fitted.log_ratio.estimate) == direction
    rejects = wald.p_value < SIZE and same_way
    found.append(
        Condition(
            "exponent", bool(rejects),
            f"fitted with one asymptote for both agents (M1) it is {shown(evidence.fitted.ratio)}"
            f"{'' if same_way else ', the other way'}, and chance alone would give a difference as large with "
            f"probability {wald.p_value:.2g} (Wald test)",
        )
    )  # fmt: skip
    there = {check.ceiling for check in evidence.signs}
    missing = [ceiling for ceiling in both_ceilings(evidence.ceiling) if ceiling not in there]
    if missing:
        found.append(Condition("exponent", False, f"there are no curves for the {' and '.join(missing)} ceiling"))
    scores = evidence.forms[0].scores
    if not isinstance(scores, Refused):
        beaten, statement = _own_errors_beat_own_exponents(scores)
        found.append(Condition("exponent", not beaten, statement))
    for check in evidence.signs:
        if check.form not in DECISIVE_FORMS:
            continue
        where = f"up to the {check.ceiling} ceiling, {DECISIVE_FORMS[check.form]}"
        if isinstance(check.log_ratio, Refused):
            found.append(Condition("exponent", False, f"{where}: {check.log_ratio.reason}"))
        elif np.sign(check.log_ratio) != direction:
            statement = f"{where}, the ratio of exponents is {np.exp(check.log_ratio):.2f}, the other way"
            found.append(Condition("exponent", False, statement))
    return found


def offset_conditions(evidence: Evidence) -> list[Condition]:
    """What must hold for `offset`, and whether it does."""
    fitted, change = evidence.fitted, evidence.trend
    found = []
    if isinstance(fitted, Refused):
        found.append(Condition("offset", False, fitted.reason))
    else:
        test = fitted.equivalence
        low, high = EQUIVALENCE
        statement = (
            f"the fitted ratio of exponents, {brackets(fitted.ratio.estimate, test.low, test.high)} with its 90 % "
            f"interval, {'lies' if test.passed else 'need not lie'} within {low} to {high}, where it would make no "
            f"difference (equivalence test, p = {test.p_value:.2g})"
        )
        found.append(Condition("offset", test.passed, statement))
    if isinstance(change, Refused):
        found.append(Condition("offset", False, change.reason))
    else:
        flat = not change.slope.excludes(0.0)
        statement = (
            "from the lowest to the highest level that both reach, the multiple of frames changes by a factor of "
            f"{shown(change.change)}, which can{'not' if flat else ''} be told from no change"
        )
        found.append(Condition("offset", flat, statement))
    return found


def asymptote_conditions(evidence: Evidence) -> list[Condition]:
    """What must hold for `asymptote`, and whether it does."""
    found = [
        Condition("asymptote", False, f"there are no curves for the {ceiling} ceiling")
        for ceiling in both_ceilings(evidence.ceiling)
        if ceiling not in {forms.ceiling for forms in evidence.forms}
    ]
    for forms in evidence.forms:
        if isinstance(forms.scores, Refused):
            found.append(Condition("asymptote", False, f"{forms.ceiling} ceiling: {forms.scores.reason}"))
            continue
        holds, statement = _own_errors_beat_own_exponents(forms.scores)
        found.append(Condition("asymptote", holds, f"{forms.ceiling} ceiling: {statement}"))
        aicc = {score.model: score.aicc for score in forms.scores}
        better = aicc["M2"] < aicc["M0"]
        statement = (
            f"an asymptote for each agent describes the curves {'' if better else 'no '}better than an offset alone "
            f"(AICc {aicc['M2']:.1f} and {aicc['M0']:.1f}, where lower is better)"
        )
        found.append(Condition("asymptote", better, f"{forms.ceiling} ceiling: {statement}"))
    difference, both = evidence.error_difference, evidence.fitted_with_own_errors
    if isinstance(difference, Refused):
        found.append(Condition("asymptote", False, difference.reason))
    else:
        statement = (
            f"the shares of the way to the ceiling that {evidence.first} and {evidence.second} would never cover "
            f"differ by {shown(difference)}"
        )
        found.append(Condition("asymptote", difference.excludes(0.0), statement))
    if isinstance(both, Refused):
        found.append(Condition("asymptote", False, both.reason))
    else:
        statement = f"with an asymptote for each agent the fitted ratio of exponents (M3) is {shown(both.ratio)}"
        found.append(Condition("asymptote", not both.ratio.excludes(1.0), statement))
    return found


def _own_errors_beat_own_exponents(forms: tuple[FormScore, ...]) -> tuple[bool, str]:
    """Whether M2 is better than M1 by AICc and at the held-out budget, and the statement of it."""
    scores = {form.model: form for form in forms}
    own, other = scores["M2"], scores["M1"]
    for score in (own, other):
        if isinstance(score.held_out_error, Refused):
            return False, f"without the largest budget, {score.held_out_error.reason}"
    statement = (
        f"an asymptote for each agent describes the curves {'' if own.aicc < other.aicc else 'no '}better than an "
        f"exponent for each (AICc {own.aicc:.1f} and {other.aicc:.1f}, where lower is better), and fitted without the "
        f"largest budget the first misses it by {own.held_out_error:.3f} and the second by {other.held_out_error:.3f} "
        "in z"
    )
    return own.aicc < other.aicc and own.held_out_error < other.held_out_error, statement  # type: ignore[operator]


def shown(found: Interval) -> str:
    """The estimate and its interval, for a sentence."""
    return brackets(found.estimate, found.low, found.high)


def brackets(estimate: float, low: float, high: float) -> str:
    """All three to the decimals that give the estimate three digits, at most three of them."""
    size = np.floor(np.log10(abs(estimate))) if estimate else -1
    decimals = int(np.clip(2 - size, 0, 3))
    return f"{estimate:,.{decimals}f} ({low:,.{decimals}f} to {high:,.{decimals}f})"
