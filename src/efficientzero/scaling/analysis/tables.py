"""The figures of an analysis as tidy tables, for files and notebooks; a refused figure is blank, with its reason."""

from __future__ import annotations

from typing import Any

import pandas as pd

from efficientzero.scaling.analysis.analysis import Analysis
from efficientzero.scaling.curves.bootstrap import Interval
from efficientzero.scaling.refused import Refused

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

    Columns: `PLACE`, at ("level": one of 0.05 to 0.95; "final level of first"; "final level of second"), level,
    `FIGURE`, at_least (what the ratio is above, where second was not seen to reach the level).
    """
    rows: list[dict[str, object]] = []
    for pair in _pairs(analysis):
        for key, estimates in pair.estimates.items():
            place = dict(zip(PLACE, (pair.first, pair.second, *key), strict=True))
            for each in estimates.frames_ratio:
                rows.append(place | {"at": "level", "level": each.level} | figure(each.ratio))
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
