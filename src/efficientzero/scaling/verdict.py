"""The verdict on two agents, one of four words: exponent, offset, asymptote, or not identified.

Each of the first three has conditions over the findings, all of which must hold, and the word is given if those of
exactly one word hold.

exponent: the transform-free interval excludes 1; M1 rejects equal exponents, in the same direction; that direction
holds without a form, under M1 and under M3, for both ceilings; M2 does not beat M1 by AICc and at the held-out largest
budget alike, since a different asymptote alone bends a curve enough to meet the other conditions.
offset: the ratio of exponents under M1 passes the equivalence test; the slope of ln R(level) is not told from 0.
asymptote: M2 beats M1 by AICc and at the held-out largest budget, and M0 by AICc, for both ceilings; the interval of
the difference of E excludes 0; M3, with own asymptotes, does not tell the exponents apart. (In simulation a third of
the curves that differ by an offset only met the first of these.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from efficientzero.scaling.findings import EXPONENT, Finding, Findings, Place
from efficientzero.scaling.power_laws.comparison import EQUIVALENCE, SIZE
from efficientzero.scaling.power_laws.power import Needed, Plasmode, Power, needed
from efficientzero.scaling.reference_scores import both_ceilings
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.words import statements

NOT_SIMULATED = Refused("it was not simulated")

Word = Literal["exponent", "offset", "asymptote", "not identified"]
Found = tuple[bool, str]  # whether a condition holds, and the statement of what was found


@dataclass(frozen=True)
class Condition:
    """One condition of a word, as a statement of what was found, and whether it holds."""

    word: Word
    holds: bool
    statement: str


@dataclass(frozen=True)
class Verdict:
    """`reasons`: sentences. `power`: of this design, for exponents that differ by the edge of the equivalence margin.
    `needed`: what would decide it, of `not identified` where that can be computed."""

    word: Word
    reasons: tuple[str, ...]
    conditions: tuple[Condition, ...]
    power: Power | Refused = NOT_SIMULATED
    needed: Needed | Refused | None = None


class Evidence:
    """The findings about the agents of a place, under its ceiling and estimand or what holds of another ceiling."""

    def __init__(self, findings: Findings, place: Place):
        self.findings, self.place = findings, place
        there = (ceiling for ceiling in both_ceilings(place.ceiling) if (self._of(ceiling), "AICc: M0") in findings)
        self.ceilings = sorted(there, key=lambda ceiling: ceiling != place.ceiling)
        self.missing = [ceiling for ceiling in both_ceilings(place.ceiling) if ceiling not in self.ceilings]

    def __getitem__(self, quantity: str) -> Finding:
        return self.findings[self.place, quantity]

    def under(self, ceiling: str, quantity: str) -> Finding:
        """What the curves of a ceiling give, whatever the estimand."""
        return self.findings[self._of(ceiling), quantity]

    def _of(self, ceiling: str) -> Place:
        return self.place._replace(ceiling=ceiling, estimand="")


def judge(findings: Findings, place: Place, simulated: Plasmode | Refused, random: np.random.Generator) -> Verdict:
    """Decides on the agents of `place`; `simulated`: experiments of them, for the power and for what would decide."""
    if isinstance(simulated, Refused):
        power: Power | Refused = simulated
    else:
        power = simulated.power(simulated.design, EQUIVALENCE[1], random)
    verdict = decide(findings, place)
    fitted = findings[place, EXPONENT + "M1"]
    if verdict.word == "not identified" and not fitted.refused:
        would = needed(simulated, fitted.estimate, random) if isinstance(simulated, Plasmode) else simulated
        verdict = decide(findings, place, would)
    return replace(verdict, power=power)


def decide(findings: Findings, place: Place, needed: Needed | Refused | None = None) -> Verdict:
    """The word whose conditions hold, if they are those of one word only."""
    evidence = Evidence(findings, place)
    conditions = tuple(Condition(word, *found) for word, of in CONDITIONS.items() for found in of(evidence))
    held = [word for word in CONDITIONS if all(each.holds for each in conditions if each.word == word)]
    if len(held) == 1:
        reasons = [each.statement for each in conditions if each.word == held[0]]
        return Verdict(held[0], tuple(dict.fromkeys(reasons)), conditions)
    if held:
        reasons = [statements.both_hold(*held)]
    else:
        reasons = [f"not {each.word}: {each.statement}" for each in conditions if not each.holds]
    free = evidence[EXPONENT + "transform-free"]
    if free.refused:  # one cause, said once
        others = (evidence[EXPONENT + "M1"], evidence.under(place.ceiling, "AICc: M0"), evidence["trend: slope"])
        reasons = list(dict.fromkeys(each.reason for each in (free, *others) if each.refused))
    if isinstance(needed, Refused):
        reasons.append(statements.cannot_be_computed(needed))
    elif needed is not None:
        design = needed.present.design
        present, more = (design.games, design.seeds, len(design.frames)), (needed.games, needed.seeds, needed.budgets)
        reasons.append(statements.would_decide(needed.present.exponent_ratio, needed.present.decided, present, more))
    return Verdict("not identified", tuple(reasons), conditions, needed=needed)


def exponent_conditions(evidence: Evidence) -> Iterator[Found]:
    """What must hold for `exponent`, and whether it does."""
    free, fitted, wald = (
        evidence[EXPONENT + "transform-free"],
        evidence[EXPONENT + "M1"],
        evidence["equal exponents: p"],
    )
    if free.refused:
        yield False, free.reason
        return
    direction = np.sign(free.estimate - 1.0)
    yield free.excludes(1.0), statements.free_ratio(free)
    if wald.refused or fitted.refused:
        yield False, (wald if wald.refused else fitted).reason
        return
    same_way = bool(np.sign(fitted.estimate - 1.0) == direction)
    yield wald.estimate < SIZE and same_way, statements.fitted_ratio(fitted, same_way, wald.estimate)
    if evidence.missing:
        yield False, statements.no_curves(*evidence.missing)
    if not evidence.under(evidence.place.ceiling, "AICc: M0").refused:
        beaten, statement = _own_errors_beat_own_exponents(evidence, evidence.place.ceiling)
        yield not beaten, statement
    for ceiling in both_ceilings(evidence.place.ceiling):
        for form in statements.FORMS:
            if ceiling in evidence.missing:
                continue
            logarithm = evidence.under(ceiling, f"ln exponent ratio: {form}")
            if logarithm.refused:
                yield False, f"{statements.of_form(form, ceiling)}: {logarithm.reason}"
            elif np.sign(logarithm.estimate) != direction:
                yield False, statements.other_way(form, ceiling, float(np.exp(logarithm.estimate)))


def offset_conditions(evidence: Evidence) -> Iterator[Found]:
    """What must hold for `offset`, and whether it does."""
    test, slope = evidence["equivalence: p"], evidence["trend: slope"]
    if test.refused:
        yield False, test.reason
    else:
        passed, ninety = test.estimate < SIZE, evidence["equivalence: 90 % interval"]
        yield passed, statements.equivalent(ninety, test.estimate, passed, EQUIVALENCE)
    if slope.refused:
        yield False, slope.reason
    else:
        flat = not slope.excludes(0.0)
        yield flat, statements.change_of_frames(evidence["trend: change"], flat)


def asymptote_conditions(evidence: Evidence) -> Iterator[Found]:
    """What must hold for `asymptote`, and whether it does."""
    for ceiling in evidence.missing:
        yield False, statements.no_curves(ceiling)
    for ceiling in evidence.ceilings:
        own, offset = (evidence.under(ceiling, f"AICc: {model}") for model in ("M2", "M0"))
        if own.refused:
            yield False, f"{ceiling} ceiling: {own.reason}"
            continue
        holds, statement = _own_errors_beat_own_exponents(evidence, ceiling)
        yield holds, f"{ceiling} ceiling: {statement}"
        said = statements.own_asymptotes_or_offset((own.estimate, offset.estimate))
        yield own.estimate < offset.estimate, f"{ceiling} ceiling: {said}"
    difference, both = evidence["difference of asymptotes"], evidence[EXPONENT + "M3"]
    if difference.refused:
        yield False, difference.reason
    else:
        place = evidence.place
        yield difference.excludes(0.0), statements.asymptotes_apart(place.first, place.second, difference)
    yield (False, both.reason) if both.refused else (
        not both.excludes(1.0), statements.ratio_with_own_asymptotes(both)
    )  # fmt: skip


def _own_errors_beat_own_exponents(evidence: Evidence, ceiling: str) -> Found:
    """Whether M2 is better than M1 by AICc and at the held-out budget, and the statement of it."""
    models = ("M2", "M1")
    own, other = (evidence.under(ceiling, f"AICc: {model}").estimate for model in models)
    missed = [evidence.under(ceiling, f"held-out error: {model}") for model in models]
    for each in missed:
        if each.refused:
            return False, f"without the largest budget, {each.reason}"
    errors = (missed[0].estimate, missed[1].estimate)
    statement = statements.own_asymptotes_or_exponents((own, other), errors)
    return own < other and errors[0] < errors[1], statement


CONDITIONS: dict[Word, Callable[[Evidence], Iterator[Found]]] = {
    "exponent": exponent_conditions,
    "offset": offset_conditions,
    "asymptote": asymptote_conditions,
}
