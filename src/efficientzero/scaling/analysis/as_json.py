"""An analysis as plain JSON values, whole and as a metric."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Any

import pandas as pd

from efficientzero.scaling.analysis.pair import PairAnalysis
from efficientzero.scaling.json_values import plain
from efficientzero.scaling.refused import Refused

if TYPE_CHECKING:
    from efficientzero.scaling.analysis.analysis import Analysis

SCHEMA_VERSION = 1
DIGITS = 6  # significant ones: what follows may differ from one machine to another


def analysis_json(analysis: Analysis) -> dict[str, Any]:
    """Everything but the scores themselves; mappings by (ceiling, estimand) become lists of records."""
    described = analysis.description
    return rounded(
        {
            "schema_version": SCHEMA_VERSION,
            "agents": list(analysis.agents),
            "games": list(analysis.games),
            "seeds": analysis.seeds,
            "frames": analysis.frames.tolist(),
            "resamples": analysis.resamples,
            "seed": analysis.seed,
            "ceilings": {
                name: plain(found) if isinstance(found, Refused) else {} for name, found in analysis.curves.items()
            },
            "mean_curves": records(analysis.mean_curves),
            "description": plain(described)
            if isinstance(described, Refused)
            else {
                "aggregates": records(described.aggregates),
                "performance_profile": records(described.performance_profile),
                "improvement": records(described.improvement),
            },
            "pairs": [_pair(pair) for pair in analysis.pairs],
            "predictions": [
                {name: plain(value) for name, value in each._asdict().items()} for each in analysis.predictions
            ],
            "warnings": {game: list(sentences) for game, sentences in analysis.warnings.items()},
            "refusals": [each._asdict() for each in analysis.refusals],
        }
    )


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


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table; NaN as null."""
    return [{str(name): plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def rounded(value: Any) -> Any:
    """Nested JSON values, with every number that is not whole rounded to `DIGITS` significant digits."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    if isinstance(value, float) and value != 0.0:
        return round(value, max(0, DIGITS - 1 - floor(log10(abs(value)))))
    return value


def _pair(pair: PairAnalysis) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        "verdict": pair.word,
        "reasons": list(pair.reasons),
        "headline": pair.headline,
        "verdicts": {
            estimand: plain(verdict) if isinstance(verdict, Refused) else verdict.to_json()
            for estimand, verdict in pair.verdicts.items()
        },
        "estimates": [plain(each) | {"exponents": {name: plain(ratio) for name, ratio in each.exponents.items()}}
                      for each in pair.estimates.values()],
    }  # fmt: skip
