"""Everything that is estimated about two agents, under every ceiling and estimand.

Estimators: `transform_free` and `comparison` for the ratio of exponents, `frames_ratio`, `crossing`, `extrapolation`
for frames, and `verdict` for the word that they add up to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.crossing import Crossing, crossing
from efficientzero.scaling.estimators.frames_ratio import (
    TIDY_LEVELS,
    FramesToMatch,
    RatioAtLevel,
    Trend,
    frames_ratio,
    frames_to_match,
    mean_ratio,
)
from efficientzero.scaling.estimators.monotone import isotonic
from efficientzero.scaling.estimators.transform_free import LEAST_RANGE, ExponentRatio, common_range
from efficientzero.scaling.evidence import Comparisons, compare
from efficientzero.scaling.power_laws.comparison import FittedRatio, WaldTest, compare_exponents
from efficientzero.scaling.power_laws.extrapolation import frames_to_reach
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.reference_scores import Ceiling
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Estimand, Interval, Resamples
from efficientzero.scaling.verdict import Verdict, judge

FINE = 41  # levels of a curve of R


@dataclass(frozen=True)
class PairEstimates:
    """Of `first` against `second` under one ceiling and estimand; ratios of exponents are first over second.

    `fitted`, `equal_exponents`: of the power law with own exponents (M1); `fitted_robust`: of the same with soft_l1;
    `fitted_with_own_errors`: of M3; `error_difference`: E of first minus E of second, of M2. `frames_ratio`: R at the
    levels 0.05, 0.10, ..., 0.95; `ratio_curve`: at `FINE` levels over those that both reach. `extrapolated_match`: ALE
    frames at which `second` would reach the final level of `first`, if it did not within the budgets.
    """

    ceiling: Ceiling
    estimand: Estimand
    transform_free: ExponentRatio | Refused
    fitted: FittedRatio | Refused
    fitted_robust: FittedRatio | Refused
    fitted_with_own_errors: FittedRatio | Refused
    equal_exponents: WaldTest | Refused
    error_difference: Interval | Refused
    frames_ratio: tuple[RatioAtLevel, ...]
    ratio_curve: tuple[RatioAtLevel, ...] | Refused
    mean_frames_ratio: Interval | Refused
    frames_to_match: FramesToMatch | Refused
    extrapolated_match: Interval | Refused
    trend: Trend | Refused
    crossing: Crossing | Refused

    @property
    def compared(self) -> Comparisons:
        """The part that a verdict rests on."""
        return Comparisons(*(getattr(self, name) for name in Comparisons._fields))

    @property
    def exponents(self) -> dict[str, Interval | Refused]:
        """The ratio of exponents by each method: "transform-free", "M1", "M1, soft_l1" and "M3"."""
        methods: dict[str, ExponentRatio | FittedRatio | Refused] = {
            "transform-free": self.transform_free,
            "M1": self.fitted,
            "M1, soft_l1": self.fitted_robust,
            "M3": self.fitted_with_own_errors,
        }
        return {name: found if isinstance(found, Refused) else found.ratio for name, found in methods.items()}


@dataclass(frozen=True)
class PairAnalysis:
    """Of `first` against `second`: `estimates` by (ceiling, estimand), and the verdict by estimand.

    `headline`: the estimand of the verdict that is reported first: "these games" if the seeds allow it, otherwise
    "games like these".
    """

    first: str
    second: str
    estimates: Mapping[tuple[Ceiling, Estimand], PairEstimates]
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
    curves: Mapping[Ceiling, Curves | Refused],
    resampled: Mapping[tuple[Ceiling, Estimand], Resamples | Refused],
    first: str,
    second: str,
    headline: Estimand,
    random: np.random.Generator,
) -> PairAnalysis:
    """All estimates of two agents; the verdicts are those under the first ceiling that is not refused."""
    estimates = {
        (ceiling, estimand): estimate_pair(curves[ceiling], drawn, ceiling, estimand, first, second)
        for (ceiling, estimand), drawn in resampled.items()
    }
    there: dict[str, Curves] = {ceiling: found for ceiling, found in curves.items() if not isinstance(found, Refused)}
    verdicts: dict[Estimand, Verdict | Refused] = {}
    for ceiling, estimand in resampled:
        if estimand in verdicts and not isinstance(verdicts[estimand], Refused):
            continue
        found, drawn = curves[ceiling], resampled[ceiling, estimand]
        if isinstance(found, Refused):
            verdicts.setdefault(estimand, found)
        elif isinstance(drawn, Refused):
            verdicts[estimand] = drawn
        else:
            known = estimates[ceiling, estimand].compared
            verdicts[estimand] = judge(there, ceiling, first, second, estimand, drawn, random, known)
    return PairAnalysis(first, second, estimates, verdicts, headline)


def estimate_pair(
    curves: Curves | Refused,
    resampled: Resamples | Refused,
    ceiling: Ceiling,
    estimand: Estimand,
    first: str,
    second: str,
) -> PairEstimates:
    """The estimates under one ceiling and estimand; each is refused on its own, with its own reason."""
    if isinstance(curves, Refused):
        return _all_refused(ceiling, estimand, curves)
    if isinstance(resampled, Refused):
        return _all_refused(ceiling, estimand, resampled)
    two = curves.select(agents=(first, second))
    rows = [curves.agents.index(agent) for agent in (first, second)]
    drawn = replace(resampled, weights=resampled.weights[:, rows], aggregate=resampled.aggregate[:, rows])
    robust = compare_exponents(two, drawn, MODELS["M1"], "soft_l1")
    compared = compare(two, drawn)
    match = frames_to_match(two, drawn, first, second)
    return PairEstimates(
        ceiling,
        estimand,
        **compared._asdict(),
        fitted_robust=robust if isinstance(robust, Refused) else robust.ratios[0],
        frames_ratio=frames_ratio(two, drawn, first, second),
        ratio_curve=_ratio_curve(two, drawn),
        mean_frames_ratio=mean_ratio(two, drawn, first, second),
        frames_to_match=match,
        extrapolated_match=_extrapolated(two, drawn, match),
        crossing=crossing(two, drawn, compared.transform_free),
    )


def _all_refused(ceiling: Ceiling, estimand: Estimand, why: Refused) -> PairEstimates:
    return PairEstimates(
        ceiling,
        estimand,
        transform_free=why,
        fitted=why,
        fitted_robust=why,
        fitted_with_own_errors=why,
        equal_exponents=why,
        error_difference=why,
        frames_ratio=tuple(RatioAtLevel(level, why) for level in TIDY_LEVELS),
        ratio_curve=why,
        mean_frames_ratio=why,
        frames_to_match=why,
        extrapolated_match=why,
        trend=why,
        crossing=why,
    )


def _ratio_curve(two: Curves, resampled: Resamples) -> tuple[RatioAtLevel, ...] | Refused:
    first, second = two.agents
    low, high = (float(end) for end in common_range(isotonic(two.aggregate)))
    if high - low <= LEAST_RANGE:
        return Refused(f"{first} and {second} were not seen to reach the same levels; give one of them other budgets")
    return frames_ratio(two, resampled, first, second, tuple(np.linspace(low, high, FINE)))


def _extrapolated(two: Curves, resampled: Resamples, match: FramesToMatch | Refused) -> Interval | Refused:
    if isinstance(match, Refused):
        return match
    levels = isotonic(resampled.aggregate[:, 0])[:, -1]
    return frames_to_reach(two, resampled, match.second, match.level, levels)
