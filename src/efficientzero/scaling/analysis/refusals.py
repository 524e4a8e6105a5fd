"""What an analysis refused, gathered: each reason once, with all that it stands in the way of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from efficientzero.scaling.analysis.pair import PairAnalysis, PairEstimates
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.curves.reference_scores import Ceiling
from efficientzero.scaling.refused import Refused

NAMES = {
    "transform_free": "transform-free ratio of exponents",
    "fitted": "fitted ratio of exponents",
    "fitted_robust": "robustly fitted ratio of exponents",
    "fitted_with_own_errors": "ratio of exponents with own asymptotes",
    "equal_exponents": "test of equal exponents",
    "error_difference": "difference of asymptotes",
    "ratio_curve": "ratio of frames",
    "frames_to_match": "frames to match",
    "extrapolated_match": "extrapolated frames to match",
    "trend": "change of the frames ratio with the level",
    "crossing": "crossing of the curves",
}


class Refusal(NamedTuple):
    """`what`: the figures refused, of which agents, estimand and ceiling if not of all; `why`: a sentence or two."""

    what: str
    why: str


class _Place(NamedTuple):
    pair: str = ""
    estimand: str = ""
    ceiling: str = ""


def refusals(
    curves: Mapping[Ceiling, Curves | Refused],
    description: object,
    pairs: Sequence[PairAnalysis],
    predictions: Iterable[Any],
) -> tuple[Refusal, ...]:
    """All of them, each reason once, in the order in which the analysis computes.

    Single levels at which no ratio of frames was seen are left out where others have one: they are refused by design.
    """
    by_reason: dict[str, list[tuple[str, _Place]]] = {}
    for what, place, why in _all(curves, description, pairs, predictions):
        by_reason.setdefault(why, []).append((what, place))
    everywhere = {place for pair in pairs for key in pair.estimates for place in [_place(pair, *key)]}
    return tuple(Refusal(_phrase(found, everywhere), why) for why, found in by_reason.items())


def _phrase(found: Sequence[tuple[str, _Place]], everywhere: Iterable[_Place]) -> str:
    """Names, then the pairs, estimands and ceilings, each only where they are not all there are."""
    names = ", ".join(dict.fromkeys(what for what, _ in found))
    where = []
    for part in _Place._fields:
        here = dict.fromkeys(getattr(place, part) for _, place in found if getattr(place, part))
        if here and set(here) != {getattr(place, part) for place in everywhere}:
            where.append(f"{' and '.join(here)}{' ceiling' if part == 'ceiling' else ''}")
    return f"{names} ({'; '.join(where)})" if where else names


def _all(
    curves: Mapping[Ceiling, Curves | Refused],
    description: object,
    pairs: Sequence[PairAnalysis],
    predictions: Iterable[Any],
) -> Iterator[tuple[str, _Place, str]]:
    for ceiling, found in curves.items():
        if isinstance(found, Refused):
            yield f"curves up to the {ceiling} ceiling", _Place(), found.reason
    if isinstance(description, Refused):
        yield "human-normalised aggregates", _Place(), description.reason
    for pair in pairs:
        for estimand, verdict in pair.verdicts.items():
            place = _place(pair, "", estimand)
            if isinstance(verdict, Refused):
                yield "verdict", place, verdict.reason
            elif isinstance(verdict.evidence.power, Refused):
                yield "power of this design", place, verdict.evidence.power.reason
        for estimates in pair.estimates.values():
            yield from _of_estimates(estimates, _place(pair, estimates.ceiling, estimates.estimand))
    for prediction in predictions:
        if isinstance(prediction.z, Refused):
            place = _Place("", prediction.estimand, prediction.ceiling)
            yield "scores beyond the largest budget", place, prediction.z.reason


def _of_estimates(estimates: PairEstimates, place: _Place) -> Iterator[tuple[str, _Place, str]]:
    for field in fields(estimates):
        value = getattr(estimates, field.name)
        if isinstance(value, Refused):
            yield NAMES[field.name], place, value.reason
    ratios = [each.ratio for each in estimates.frames_ratio]
    reasons = [ratio.reason for ratio in ratios if isinstance(ratio, Refused)]
    if len(reasons) == len(ratios) and len(set(reasons)) == 1:
        yield NAMES["ratio_curve"], place, reasons[0]


def _place(pair: PairAnalysis, ceiling: str, estimand: str) -> _Place:
    return _Place(f"{pair.first} against {pair.second}", estimand, ceiling)
