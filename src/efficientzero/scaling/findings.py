"""What an analysis found, for files and notebooks: as tidy tables, as a metric, and all that was refused.

A refused figure is blank, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from math import floor, log10
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.reference_scores import Ceiling
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval

if TYPE_CHECKING:
    from efficientzero.scaling.analysis import Analysis
    from efficientzero.scaling.pair import PairAnalysis, PairEstimates

FIGURE = ["estimate", "low", "high", "standard_error", "refused"]
PLACE = ["first", "second", "ceiling", "estimand"]


def aggregates_table(analysis: Analysis | Refused) -> pd.DataFrame:
    """Per estimand, agent, budget and statistic: the aggregates with their 95 % intervals.

    Statistics: mean_z, under each ceiling; then those of human-normalised scores, which have no ceiling: mean, median,
    interquartile_mean, share_above_human. Columns: statistic, ceiling, estimand, agent, frames and `FIGURE`.
    """
    columns = ["statistic", "ceiling", "estimand", "agent", "frames", *FIGURE]
    if isinstance(analysis, Refused):
        return pd.DataFrame(columns=columns)
    tables = [analysis.mean_curves.assign(statistic="mean_z")]
    if not isinstance(analysis.description, Refused):
        tables.append(analysis.description.aggregates.assign(ceiling=""))
    table = pd.concat([each for each in tables if len(each)] or tables, ignore_index=True)
    return table[columns].astype({"frames": "int64"})


def exponents_table(analysis: Analysis | Refused) -> pd.DataFrame:
    """Per pair, ceiling, estimand and method: the ratio of exponents, first over second. Columns: `PLACE`, method,
    `FIGURE`."""
    rows = [
        dict(zip(PLACE, (pair.first, pair.second, *key), strict=True)) | {"method": method} | figure(ratio)
        for pair in _pairs(analysis)
        for key, estimates in pair.estimates.items()
        for method, ratio in estimates.exponents.items()
    ]
    return pd.DataFrame(rows, columns=[*PLACE, "method", *FIGURE])


def frames_ratio_table(analysis: Analysis | Refused) -> pd.DataFrame:
    """Per pair, ceiling, estimand and level of z: the frames of second over those of first.

    Columns: `PLACE`, at ("level": one of 0.05 to 0.95; "mean over common levels", which has none; "final level of
    first"; "final level of second"), level, `FIGURE`, at_least (what the
    ratio is above, where second was not seen to reach the level).
    """
    rows: list[dict[str, object]] = []
    for pair in _pairs(analysis):
        for key, estimates in pair.estimates.items():
            place = dict(zip(PLACE, (pair.first, pair.second, *key), strict=True))
            for each in estimates.frames_ratio:
                rows.append(place | {"at": "level", "level": each.level} | figure(each.ratio))
            rows.append(place | {"at": "mean over common levels"} | figure(estimates.mean_frames_ratio))
            match = estimates.frames_to_match
            if isinstance(match, Refused):
                rows.append(place | {"at": "final level of first"} | figure(match))
                continue
            least = {} if match.at_least is None else {"at_least": match.at_least}
            rows.append(place | {"at": "final level of first", "level": match.level} | figure(match.ratio) | least)
            own = {"at": "final level of second", "level": match.own_final_level}
            rows.append(place | own | figure(match.at_own_final_level))
    return pd.DataFrame(rows, columns=[*PLACE, "at", "level", *FIGURE, "at_least"])


def figure(value: Interval | Refused) -> dict[str, object]:
    """The columns `FIGURE` of a value."""
    if isinstance(value, Refused):
        return {"refused": value.reason}
    parts = {"estimate": value.estimate, "low": value.low, "high": value.high, "standard_error": value.standard_error}
    return parts | {"refused": ""}


def _pairs(analysis: Analysis | Refused) -> tuple[Any, ...]:
    return () if isinstance(analysis, Refused) else analysis.pairs


NAMES = {
    "transform_free": "transform-free ratio of exponents",
    "fitted": "fitted ratio of exponents",
    "fitted_robust": "robustly fitted ratio of exponents",
    "fitted_with_own_errors": "ratio of exponents with own asymptotes",
    "equal_exponents": "test of equal exponents",
    "error_difference": "difference of asymptotes",
    "ratio_curve": "ratio of frames",
    "mean_frames_ratio": "mean ratio of frames",
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


if TYPE_CHECKING:
    from efficientzero.scaling.analysis import Analysis

SCHEMA_VERSION = 1
DIGITS = 6  # significant ones: what follows may differ from one machine to another


def verdict_json(analysis: Analysis) -> dict[str, Any]:
    """What is followed as a metric. The pairs are named by the second agent; figures are those of the headline.

    A refused ratio is left out, with its reason in its place, so that a metric is a number or not there.
    """
    pairs: dict[str, Any] = {}
    for pair in analysis.pairs:
        ratio = pair.estimates[analysis.ceiling, pair.headline].exponents["transform-free"]
        figures = (
            {"exponent_ratio_refused": ratio.reason}
            if isinstance(ratio, Refused)
            else {"exponent_ratio": ratio.estimate, "low": ratio.low, "high": ratio.high}
        )
        pairs[pair.second] = {
            "verdict": pair.word,
            "estimand": pair.headline,
            "ceiling": analysis.ceiling,
            **figures,
            "reason": "; ".join(pair.reasons),
        }
    return rounded({"schema_version": SCHEMA_VERSION, "first": analysis.agents[0], "against": pairs})


def without_analysis(first: str, refused: Refused) -> dict[str, Any]:
    """`verdict_json` where there is nothing to compare."""
    return {"schema_version": SCHEMA_VERSION, "first": first, "against": {}, "reason": refused.reason}


def rounded(value: Any) -> Any:
    """Nested JSON values, with every number that is not whole rounded to `DIGITS` significant digits."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, float) and value != 0.0:
        return round(value, max(0, DIGITS - 1 - floor(log10(abs(value)))))
    return value
