"""All that an analysis found as one tidy table, the tables that are written of it, and all that was refused.

A row is one quantity of one pair of agents (or of one agent), under a ceiling and an estimand, at a level where it has
several. What has no number has the reason for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from efficientzero.scaling.estimators.aggregates import STATISTICS, Aggregate
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval

EXPONENT, FRAMES = "exponent ratio: ", "frames ratio: "  # of the first agent over the second; the other way round
METHODS = ("transform-free", "M1", "M1, soft_l1", "M3")  # of exponent ratios
AT = ("level", "mean over common levels", "final level of first", "final level of second")  # of frames ratios
MEAN_Z = "mean_z"
PREDICTED = "predicted z"
FIGURE = ["estimate", "low", "high", "standard_error", "reason"]
# Of what is listed where it is refused.
NAMES = {
    "human-normalised": "human-normalised aggregates",
    "verdict": "verdict",
    "power": "power of this design",
    EXPONENT + "transform-free": "transform-free ratio of exponents",
    EXPONENT + "M1": "fitted ratio of exponents",
    EXPONENT + "M1, soft_l1": "robustly fitted ratio of exponents",
    EXPONENT + "M3": "ratio of exponents with own asymptotes",
    "equal exponents: p": "test of equal exponents",
    "difference of asymptotes": "difference of asymptotes",
    FRAMES + "curve": "ratio of frames",
    FRAMES + "mean over common levels": "mean ratio of frames",
    FRAMES + "final level of first": "frames to match",
    "extrapolated frames to match": "extrapolated frames to match",
    "trend: slope": "change of the frames ratio with the level",
    "crossing": "crossing of the curves",
    PREDICTED: "scores beyond the largest budget",
}


class Place(NamedTuple):
    """What a finding is of: a pair of agents, or `first` alone; blank where it makes no difference."""

    first: str = ""
    second: str = ""
    ceiling: str = ""
    estimand: str = ""

    @property
    def pair(self) -> str:
        """In words; nothing of a single agent."""
        return f"{self.first} against {self.second}" if self.second else ""


class Finding(NamedTuple):
    """One row. `level`: of z, or ALE frames of what is of an agent; NaN where there is none. `reason`: why there is no
    estimate, or no interval of it."""

    place: Place
    quantity: str
    level: float
    estimate: float
    low: float
    high: float
    standard_error: float
    reason: str

    @property
    def refused(self) -> bool:
        """Whether there is no number at all."""
        return bool(self.reason) and not np.isfinite(self.estimate)

    @property
    def value(self) -> Finding | Refused:
        """Itself, or the reason in its place."""
        return Refused(self.reason) if self.refused else self

    def excludes(self, value: float) -> bool:
        """Whether `value` lies outside the interval."""
        return not self.low <= value <= self.high


def finding(
    place: Place, quantity: str, value: Interval | float | Refused, level: float = np.nan, estimate: float = np.nan
) -> Finding:
    """The row of a value; `estimate`: of one whose interval may be refused."""
    if isinstance(value, Refused):
        return Finding(place, quantity, level, estimate, np.nan, np.nan, np.nan, value.reason)
    if isinstance(value, Interval):
        return Finding(place, quantity, level, value.estimate, value.low, value.high, value.standard_error, "")
    return Finding(place, quantity, level, float(value), np.nan, np.nan, np.nan, "")


def aggregate_findings(aggregates: Iterable[Aggregate], place: Place) -> Iterator[Finding]:
    """Rows of every agent, budget and statistic."""
    for each in aggregates:
        yield finding(place._replace(first=each.agent), each.statistic, each.interval, each.frames, each.estimate)


class Findings:
    """Rows in the order in which they were found."""

    def __init__(self, rows: Iterable[Finding]):
        self.rows = tuple(rows)
        self._found: dict[tuple[Place, str], list[Finding]] = {}
        for row in self.rows:
            self._found.setdefault((row.place, row.quantity), []).append(row)

    def __getitem__(self, key: tuple[Place, str]) -> Finding:
        return self._found[key][0]

    def __contains__(self, key: tuple[Place, str]) -> bool:
        return key in self._found

    def levels(self, place: Place, quantity: str) -> list[Finding]:
        """A quantity at all its levels."""
        return self._found.get((place, quantity), [])

    def of(self, quantities: Iterable[str]) -> list[Finding]:
        """The rows of some quantities."""
        wanted = set(quantities)
        return [row for row in self.rows if row.quantity in wanted]

    def places(self, quantity: str) -> list[Place]:
        """Where a quantity was asked for."""
        return [place for place, name in self._found if name == quantity]

    def table(self, rows: Sequence[Finding] | None = None) -> pd.DataFrame:
        """Columns first, second, ceiling, estimand, quantity, level, estimate, low, high, standard_error, reason."""
        shown = self.rows if rows is None else rows
        columns = [*Place._fields, *Finding._fields[1:]]
        return pd.DataFrame([(*row.place, *row[1:]) for row in shown], columns=columns)


class HasFindings(Protocol):
    """An `Analysis`."""

    @property
    def findings(self) -> Findings: ...


def aggregates_table(analysis: HasFindings | Refused) -> pd.DataFrame:
    """Per estimand, agent, budget and statistic: the aggregates with their 95 % intervals.

    Statistics: mean_z, under each ceiling; then those of human-normalised scores, which have no ceiling: mean, median,
    interquartile_mean, share_above_human. Columns: statistic, ceiling, estimand, agent, frames, estimate, low, high,
    standard_error, refused.
    """
    findings = _of(analysis)
    names = {"quantity": "statistic", "first": "agent", "level": "frames"}
    columns = ["statistic", "ceiling", "estimand", "agent", "frames"]
    return _view(findings.table(findings.of((MEAN_Z, *STATISTICS))).rename(columns=names), columns).astype(
        {"frames": "int64"}
    )


def exponents_table(analysis: HasFindings | Refused) -> pd.DataFrame:
    """Per pair, ceiling, estimand and method: the ratio of exponents, first over second."""
    findings = _of(analysis)
    table = findings.table(findings.of(EXPONENT + method for method in METHODS))
    return _view(table.assign(method=table.quantity.str.removeprefix(EXPONENT)), [*Place._fields, "method"])


def frames_ratio_table(analysis: HasFindings | Refused) -> pd.DataFrame:
    """Per pair, ceiling, estimand and level of z: the frames of second over those of first.

    Columns: those of the place, at (`AT`; "level": one of 0.05 to 0.95), level, estimate, low, high, standard_error,
    refused, at_least (what the ratio is above, where second was not seen to reach the level).
    """
    findings = _of(analysis)
    rows = [
        row
        for place in findings.places(FRAMES + "level")
        for at in AT
        for row in findings.levels(place, FRAMES + at)
        if at != AT[3] or np.isfinite(row.level)  # where there is no level, that of first has the reason
    ]
    least = {row.place: row.estimate for row in findings.of(["least frames ratio"])}
    at_least = [least.get(row.place, np.nan) if row.quantity == FRAMES + AT[2] else np.nan for row in rows]
    table = findings.table(rows)
    table = table.assign(at=table.quantity.str.removeprefix(FRAMES), at_least=at_least)
    return _view(table, [*Place._fields, "at", "level"], ["at_least"])


def _of(analysis: HasFindings | Refused) -> Findings:
    return Findings(()) if isinstance(analysis, Refused) else analysis.findings


def _view(table: pd.DataFrame, columns: Sequence[str], more: Sequence[str] = ()) -> pd.DataFrame:
    return table[[*columns, *FIGURE, *more]].rename(columns={"reason": "refused"})


class Refusal(NamedTuple):
    """`what`: the figures refused, of which agents, estimand and ceiling if not of all; `why`: a sentence or two."""

    what: str
    why: str


def refusals(findings: Findings) -> tuple[Refusal, ...]:
    """All of them, each reason once, in the order in which the analysis computes.

    Single levels at which no ratio of frames was seen are left out where others have one: they are refused by design.
    """
    by_reason: dict[str, list[tuple[str, Place]]] = {}
    for row in findings.rows:
        if row.refused and row.quantity == "curves":
            by_reason.setdefault(row.reason, []).append((f"curves up to the {row.place.ceiling} ceiling", Place()))
        elif row.refused and row.quantity in NAMES and (np.isnan(row.level) or row.quantity == PREDICTED):
            by_reason.setdefault(row.reason, []).append((NAMES[row.quantity], row.place))
        elif row.refused and row.quantity == FRAMES + "level":
            levels = findings.levels(row.place, row.quantity)
            if row is levels[0] and all(each.reason == row.reason for each in levels):
                by_reason.setdefault(row.reason, []).append((NAMES[FRAMES + "curve"], row.place))
    everywhere = findings.places(FRAMES + "level")
    return tuple(Refusal(_phrase(found, everywhere), why) for why, found in by_reason.items())


def _phrase(found: Sequence[tuple[str, Place]], everywhere: Sequence[Place]) -> str:
    """Names, then the pairs, estimands and ceilings, each only where they are not all there are."""
    names = ", ".join(dict.fromkeys(what for what, _ in found))
    where = []
    for part in ("pair", "estimand", "ceiling"):
        here = dict.fromkeys(getattr(place, part) for _, place in found if getattr(place, part))
        if here and set(here) != {getattr(place, part) for place in everywhere}:
            where.append(f"{' and '.join(here)}{' ceiling' if part == 'ceiling' else ''}")
    return f"{names} ({'; '.join(where)})" if where else names
