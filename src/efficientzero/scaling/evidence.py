"""The figures about two agents that a verdict rests on, gathered once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.estimators.frames_ratio import Trend, trend
from efficientzero.scaling.estimators.transform_free import ExponentRatio, exponent_ratio
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.power_laws.comparison import EQUIVALENCE, FittedRatio, WaldTest, compare_exponents
from efficientzero.scaling.power_laws.forms import FormScore, SignCheck, form_scores, sign_checks
from efficientzero.scaling.power_laws.power import Design, Power, power_of_design
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Estimand, Interval, Resamples


@dataclass(frozen=True)
class CeilingForms:
    """The nested models fitted to the curves of one ceiling."""

    ceiling: str
    scores: tuple[FormScore, ...] | Refused


class Comparisons(NamedTuple):
    """The estimates of two agents that rest on resamples; as in `Evidence`."""

    transform_free: ExponentRatio | Refused
    fitted: FittedRatio | Refused
    equal_exponents: WaldTest | Refused
    fitted_with_own_errors: FittedRatio | Refused
    error_difference: Interval | Refused
    trend: Trend | Refused


@dataclass(frozen=True)
class Evidence:
    """Of `first` against `second`; exponents are compared as first over second, errors as first minus second.

    `ceiling`: of all figures but `forms`, which has it first, and `signs`.

    `fitted`, `equal_exponents`: of M1; `fitted_with_own_errors`: of M3; `error_difference`: of M2. `trend`: of the
    frames ratio R(level). `power`: of this design, for exponents that differ by the edge of the equivalence margin.
    """

    first: str
    second: str
    estimand: Estimand
    ceiling: str
    transform_free: ExponentRatio | Refused
    fitted: FittedRatio | Refused
    equal_exponents: WaldTest | Refused
    fitted_with_own_errors: FittedRatio | Refused
    error_difference: Interval | Refused
    forms: tuple[CeilingForms, ...]
    trend: Trend | Refused
    signs: tuple[SignCheck, ...]
    power: Power | Refused


def compare(two: Curves, drawn: Resamples | Refused) -> Comparisons:
    """The first of two agents against the second, from their curves and the resamples of these."""
    first, second = two.agents
    own_exponents, own_errors, both = (compare_exponents(two, drawn, MODELS[name]) for name in ("M1", "M2", "M3"))
    return Comparisons(
        transform_free=exponent_ratio(two, drawn, first, second),
        fitted=own_exponents if isinstance(own_exponents, Refused) else own_exponents.ratios[0],
        equal_exponents=own_exponents if isinstance(own_exponents, Refused) else own_exponents.equal_exponents,
        fitted_with_own_errors=both if isinstance(both, Refused) else both.ratios[0],
        error_difference=own_errors if isinstance(own_errors, Refused) else own_errors.error_differences[0],
        trend=trend(two, drawn, first, second),
    )


def gather_evidence(
    by_ceiling: Mapping[str, Curves],
    ceiling: str,
    first: str,
    second: str,
    estimand: Estimand,
    resampled: Resamples | Refused,
    random: np.random.Generator,
    compared: Comparisons | None = None,
) -> Evidence:
    """Of the curves `by_ceiling[ceiling]`, of which `resampled` are the resamples; other ceilings check the signs.

    `compared`: what `compare` gives of them, where that is known already: every resample is refitted in it.

    Raises ScalingInputError: an agent or ceiling that is not there, or one agent twice.
    """
    if ceiling not in by_ceiling:
        raise ScalingInputError(f"ceiling: there are no curves for {ceiling!r}; there are for {', '.join(by_ceiling)}")
    if first == second:
        raise ScalingInputError(f"agent: {first!r} cannot be compared with itself; name two agents")
    curves = by_ceiling[ceiling].select(agents=(first, second))
    ordered = {ceiling: by_ceiling[ceiling], **by_ceiling}
    drawn = _of_pair(by_ceiling[ceiling], resampled, first, second)
    found = compared or compare(curves, drawn)
    design = Design(len(curves.games), int(curves.seeds.max()), tuple(float(value) for value in curves.frames))
    return Evidence(
        first,
        second,
        estimand,
        ceiling,
        found.transform_free,
        found.fitted,
        found.equal_exponents,
        found.fitted_with_own_errors,
        found.error_difference,
        tuple(CeilingForms(name, form_scores(other.select(agents=(first, second)))) for name, other in ordered.items()),
        found.trend,
        sign_checks(by_ceiling, first, second),
        power_of_design(curves, design, estimand, EQUIVALENCE[1], random),
    )


def _of_pair(curves: Curves, resampled: Resamples | Refused, first: str, second: str) -> Resamples | Refused:
    if isinstance(resampled, Refused):
        return resampled
    rows = [curves.agents.index(agent) for agent in (first, second)]
    return Resamples(
        resampled.estimand, resampled.weights[:, rows], resampled.aggregate[:, rows], resampled.inflation, resampled.df
    )
