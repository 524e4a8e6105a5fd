"""The conditions of each verdict, as statements of what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from efficientzero.scaling.curves.bootstrap import Interval
from efficientzero.scaling.power_laws.form_selection import FormScore
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.verdict.evidence import Evidence
from efficientzero.scaling.verdict.sensitivity import TRANSFORM_FREE

SIZE = 0.05
CEILINGS = ("human", "best")
DECISIVE_FORMS = (TRANSFORM_FREE, "M1", "M3")

Word = Literal["exponent", "offset", "asymptote", "not identified"]


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
            f"the transform-free interval of the ratio of exponents, {shown(ratio)}, "
            f"{'excludes' if ratio.excludes(1.0) else 'holds'} 1",
        )
    ]  # fmt: skip
    if isinstance(wald, Refused):
        return [*found, Condition("exponent", False, wald.reason)]
    if isinstance(evidence.fitted, Refused):
        return [*found, Condition("exponent", False, evidence.fitted.reason)]
    rejects = wald.p_value < SIZE and np.sign(evidence.fitted.log_ratio.estimate) == direction
    found.append(
        Condition(
            "exponent", bool(rejects),
            f"under M1 the ratio is {shown(evidence.fitted.ratio)}, and equal exponents have p = {wald.p_value:.2g}",
        )
    )  # fmt: skip
    missing = [ceiling for ceiling in CEILINGS if ceiling not in {check.ceiling for check in evidence.signs}]
    if missing:
        found.append(Condition("exponent", False, f"there are no curves for the {' and '.join(missing)} ceiling"))
    scores = evidence.forms[0].scores
    if not isinstance(scores, Refused):
        beaten, statement = _own_errors_beat_own_exponents(scores)
        found.append(Condition("exponent", not beaten, statement))
    for check in evidence.signs:
        where = f"{check.form}, {check.ceiling} ceiling"
        if check.form not in DECISIVE_FORMS:
            continue
        if isinstance(check.log_ratio, Refused):
            found.append(Condition("exponent", False, f"{where}: {check.log_ratio.reason}"))
        elif np.sign(check.log_ratio) != direction:
            statement = f"{where}: the ratio is {np.exp(check.log_ratio):.2f}, the other way"
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
        statement = (
            f"the test that exponents are equivalent, of the ratio {shown(fitted.ratio)}, has p = {test.p_value:.2g}"
        )
        found.append(Condition("offset", test.passed, statement))
    if isinstance(change, Refused):
        found.append(Condition("offset", False, change.reason))
    else:
        flat = not change.slope.excludes(0.0)
        statement = f"over the common levels the frames ratio changes by a factor of {shown(change.change)}"
        found.append(Condition("offset", flat, statement))
    return found


def asymptote_conditions(evidence: Evidence) -> list[Condition]:
    """What must hold for `asymptote`, and whether it does."""
    found = [
        Condition("asymptote", False, f"there are no curves for the {ceiling} ceiling")
        for ceiling in CEILINGS
        if ceiling not in {forms.ceiling for forms in evidence.forms}
    ]
    for forms in evidence.forms:
        if isinstance(forms.scores, Refused):
            found.append(Condition("asymptote", False, f"{forms.ceiling} ceiling: {forms.scores.reason}"))
            continue
        holds, statement = _own_errors_beat_own_exponents(forms.scores)
        found.append(Condition("asymptote", holds, f"{forms.ceiling} ceiling: {statement}"))
        aicc = {score.model: score.aicc for score in forms.scores}
        statement = f"AICc of own asymptotes (M2) is {aicc['M2']:.1f} and that of an offset only (M0) {aicc['M0']:.1f}"
        found.append(Condition("asymptote", aicc["M2"] < aicc["M0"], f"{forms.ceiling} ceiling: {statement}"))
    difference, both = evidence.error_difference, evidence.fitted_with_own_errors
    if isinstance(difference, Refused):
        found.append(Condition("asymptote", False, difference.reason))
    else:
        statement = f"the difference of the shares never reached, E, is {shown(difference)}"
        found.append(Condition("asymptote", difference.excludes(0.0), statement))
    if isinstance(both, Refused):
        found.append(Condition("asymptote", False, both.reason))
    else:
        statement = f"with own asymptotes (M3) the ratio of exponents is {shown(both.ratio)}"
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
        f"AICc of own asymptotes (M2) is {own.aicc:.1f} and that of own exponents (M1) {other.aicc:.1f}, and at the "
        f"held-out largest budget they are off by {own.held_out_error:.3f} and {other.held_out_error:.3f}"
    )
    return own.aicc < other.aicc and own.held_out_error < other.held_out_error, statement  # type: ignore[operator]


def shown(found: Interval) -> str:
    """The estimate and its interval, for a sentence."""
    return f"{found.estimate:.3g} ({found.low:.3g} to {found.high:.3g})"
