"""Everything that is estimated about two agents under every ceiling and estimand, and the verdicts on them.

Estimators: `transform_free` and `comparison` for the ratio of exponents, `frames_ratio`, `crossing`, `extrapolation`
for frames, and `forms` for what the formulas say of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.crossing import crossing
from efficientzero.scaling.estimators.frames_ratio import (
    TIDY_LEVELS,
    FramesToMatch,
    frames_ratio,
    frames_to_match,
    mean_ratio,
    ratio_curve,
    trend,
)
from efficientzero.scaling.estimators.monotone import isotonic
from efficientzero.scaling.estimators.transform_free import exponent_ratio
from efficientzero.scaling.findings import AT, EXPONENT, FRAMES, METHODS, Finding, Findings, Place, finding
from efficientzero.scaling.power_laws.comparison import compare_exponents, equivalence_test
from efficientzero.scaling.power_laws.extrapolation import frames_to_reach
from efficientzero.scaling.power_laws.forms import form_scores, ratios_by_form
from efficientzero.scaling.power_laws.power import plasmode
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.reference_scores import Ceiling
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, Estimand, Interval, Resamples, exponentiated, of_two
from efficientzero.scaling.verdict import Verdict, judge

ByCeiling = Mapping[Ceiling, Curves | Refused]
Drawn = Mapping[tuple[Ceiling, Estimand], Resamples | Refused]


@dataclass(frozen=True)
class PairAnalysis:
    """The verdicts on `first` against `second`, by estimand, under the first ceiling that is not refused.

    `headline`: the estimand of the verdict that is reported first: "these games" if the seeds allow it, otherwise
    "games like these".
    """

    first: str
    second: str
    verdicts: Mapping[Estimand, Verdict | Refused]
    headline: Estimand

    @property
    def verdict(self) -> Verdict | Refused:
        """That of the headline's estimand."""
        return self.verdicts[self.headline]

    @property
    def word(self) -> str:
        """exponent, offset, asymptote, or not identified, which a refused verdict is, too."""
        return "not identified" if isinstance(self.verdict, Refused) else self.verdict.word

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why that word, in sentences."""
        return (self.verdict.reason,) if isinstance(self.verdict, Refused) else self.verdict.reasons


def analyse_pair(
    curves: ByCeiling, resampled: Drawn, pair: tuple[str, str], headline: Estimand, random: np.random.Generator
) -> tuple[PairAnalysis, list[Finding]]:
    """The verdicts on two agents, and the findings: of the verdicts first."""
    there = {ceiling: found for ceiling, found in curves.items() if isinstance(found, Curves)}
    rows = [
        row
        for (ceiling, estimand), drawn in resampled.items()
        for row in pair_findings(curves[ceiling], drawn, Place(*pair, ceiling, estimand))
    ]
    main = next(iter(there or curves))
    if any(isinstance(resampled[main, estimand], Resamples) for estimand in ESTIMANDS):
        rows += [row for ceiling, found in there.items() for row in form_findings(found, Place(*pair, ceiling))]
    findings = Findings(rows)
    verdicts: dict[Estimand, Verdict | Refused] = {}
    said = []
    for estimand in ESTIMANDS:
        drawn, place = resampled[main, estimand], Place(*pair, "", estimand)
        if isinstance(drawn, Refused):
            verdicts[estimand] = drawn
            said.append(finding(place, "verdict", drawn))
            continue
        made = plasmode(there[main].select(agents=pair), estimand)
        verdict = verdicts[estimand] = judge(findings, place._replace(ceiling=main), made, random)
        power = verdict.power
        said.append(finding(place, "power", power if isinstance(power, Refused) else power.difference))
    return PairAnalysis(*pair, verdicts, headline), said + rows


def pair_findings(curves: Curves | Refused, resampled: Resamples | Refused, place: Place) -> Iterator[Finding]:
    """All estimates of the two agents of `place`, each refused on its own, with its own reason."""
    if isinstance(curves, Refused):
        yield from _all_refused(place, curves)
        return
    two, drawn = of_two(curves, resampled, place.first, place.second)
    if isinstance(drawn, Refused):
        yield from _all_refused(place, drawn)
        return
    free = exponent_ratio(two, drawn)
    yield from _exponents(two, drawn, free, place)
    yield from _frames(two, drawn, place)
    slope = trend(two, drawn)
    yield finding(place, "trend: slope", slope if isinstance(slope, Refused) else slope.slope)
    yield finding(place, "trend: change", slope if isinstance(slope, Refused) else slope.change)
    crossed = crossing(two, drawn, free)
    if isinstance(crossed, Refused):
        yield finding(place, "crossing", crossed)
    else:
        yield finding(place, f"crossing: {'first' if crossed.ahead == place.first else 'second'} ahead", crossed.frames)
    yield from (finding(place, FRAMES + "level", ratio, level) for level, ratio in frames_ratio(two, drawn))


def form_findings(curves: Curves, place: Place) -> Iterator[Finding]:
    """What each formula says of the two agents of `place`, under its ceiling alone."""
    two = curves.select(agents=(place.first, place.second))
    scores = form_scores(two)
    for model in MODELS:
        aicc, error = (scores, scores) if isinstance(scores, Refused) else scores[model]
        yield finding(place, f"AICc: {model}", aicc)
        yield finding(place, f"held-out error: {model}", error)
    for form, logarithm in ratios_by_form(two).items():
        yield finding(place, f"ln exponent ratio: {form}", logarithm)


def _exponents(two: Curves, drawn: Resamples, free: Interval | Refused, place: Place) -> Iterator[Finding]:
    """Ratios, first over second: without a formula, of the power law with own exponents (M1), of the same with soft_l1,
    and with own asymptotes too (M3); tests of M1; and E of first minus E of second, of M2."""
    own, errors, both = (compare_exponents(two, drawn, MODELS[name]) for name in ("M1", "M2", "M3"))
    robust = compare_exponents(two, drawn, MODELS["M1"], "soft_l1")
    logarithms = [free, *(each if isinstance(each, Refused) else each.log_ratio for each in (own, robust, both))]
    for method, logarithm in zip(METHODS, logarithms, strict=True):
        ratio = logarithm if isinstance(logarithm, Refused) else exponentiated(logarithm)
        yield finding(place, EXPONENT + method, ratio)
    yield finding(place, "equal exponents: p", own if isinstance(own, Refused) else own.equal_exponents)
    fitted = logarithms[1]
    if isinstance(fitted, Refused):
        yield finding(place, "equivalence: p", fitted)
    else:
        test = equivalence_test(fitted)
        yield finding(place, "equivalence: p", test.p_value)
        ends = Interval(exponentiated(fitted).estimate, test.low, test.high, fitted.standard_error, fitted.df)
        yield finding(place, "equivalence: 90 % interval", ends)
    difference = errors if isinstance(errors, Refused) else errors.error_difference
    yield finding(place, "difference of asymptotes", difference)


def _frames(two: Curves, drawn: Resamples, place: Place) -> Iterator[Finding]:
    """Ratios of frames, second over first; and ALE frames at which the second agent would reach the final level of the
    first, if it did not within the budgets."""
    along = ratio_curve(two, drawn)
    if isinstance(along, Refused):
        yield finding(place, FRAMES + "curve", along)
    else:
        yield from (finding(place, FRAMES + "curve", ratio, level) for level, ratio in along)
    yield finding(place, FRAMES + AT[1], mean_ratio(two, drawn))
    match = frames_to_match(two, drawn)
    if isinstance(match, FramesToMatch):
        yield finding(place, FRAMES + AT[2], match.ratio, match.level)
        yield finding(place, FRAMES + AT[3], match.at_own_final_level, match.own_final_level)
        if match.at_least is not None:
            yield finding(place, "least frames ratio", match.at_least)
        levels = isotonic(drawn.aggregate[:, 0])[:, -1]
        extrapolated = frames_to_reach(two, drawn, place.second, match.level, levels)
        yield finding(place, "extrapolated frames to match", extrapolated)
    else:
        yield from (finding(place, FRAMES + at, match) for at in AT[2:])
        yield finding(place, "extrapolated frames to match", match)


def _all_refused(place: Place, why: Refused) -> Iterator[Finding]:
    exponents = [EXPONENT + method for method in METHODS]
    tests = ["equal exponents: p", "equivalence: p", "difference of asymptotes"]
    frames = [FRAMES + "curve", *(FRAMES + at for at in AT[1:]), "extrapolated frames to match"]
    for quantity in (*exponents, *tests, *frames, "trend: slope", "trend: change", "crossing"):
        yield finding(place, quantity, why)
    yield from (finding(place, FRAMES + "level", why, level) for level in TIDY_LEVELS)
