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
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from efficientzero.scaling.curves.bootstrap import Estimand, Resamples
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.json_values import plain
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.verdict.conditions import (
    Condition,
    Word,
    asymptote_conditions,
    exponent_conditions,
    offset_conditions,
)
from efficientzero.scaling.verdict.evidence import Comparisons, Evidence, gather_evidence
from efficientzero.scaling.verdict.needed_design import Needed, needed

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Verdict:
    """`reasons`: sentences. `needed`: what would decide it, of `not identified` where that can be computed."""

    word: Word
    reasons: tuple[str, ...]
    conditions: tuple[Condition, ...]
    evidence: Evidence
    needed: Needed | Refused | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: numbers, strings, lists and objects; a refused figure is {"refused": its reason}."""
        content = {field.name: plain(getattr(self, field.name)) for field in fields(self)}
        return {"schema_version": SCHEMA_VERSION, "verdict": content.pop("word"), **content}


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
        return f"{given}: more of them is not what is missing"
    numbers = {"games": needed.games, "seeds": needed.seeds, "budgets, each a further step of frames": needed.budgets}
    ways = [f"{number} {name}" for name, number in numbers.items() if number is not None]
    if not ways:
        return f"{given}, and no feasible multiple of them 80 %"
    return f"{given}, {' or '.join(ways)} 80 %"
