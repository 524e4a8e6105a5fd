"""The human-normalised aggregates of all agents under both estimands: description beside the analysis.

Estimators: those of `aggregates` and `improvement` (Agarwal et al. 2021, arXiv:2108.13264).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from efficientzero.scaling.curves.bootstrap import ESTIMANDS, Estimand, Resamples
from efficientzero.scaling.curves.curves import Curves
from efficientzero.scaling.curves.reference_scores import Ceiling
from efficientzero.scaling.estimates.aggregates import aggregate_table, performance_profile
from efficientzero.scaling.estimates.improvement import probability_of_improvement
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused


@dataclass(frozen=True)
class Description:
    """Tables, each with a first column estimand and the columns estimate, low, high, standard_error, refused.

    `aggregates`: per agent, frames and statistic (mean, median, interquartile_mean, share_above_human).
    `performance_profile`: per agent, frames and threshold, at the largest budget. `improvement`: per first and second
    agent and frames, the probability that a run of the first scores higher.
    """

    aggregates: pd.DataFrame
    performance_profile: pd.DataFrame
    improvement: pd.DataFrame


def describe(
    curves: Mapping[Ceiling, Curves | Refused],
    resampled: Mapping[tuple[Ceiling, Estimand], Resamples | Refused],
    agents: Sequence[str],
) -> Description | Refused:
    """Refused: a game has no human score, or its episodes were cut. The ceiling makes no difference here."""
    ceiling = next((name for name, found in curves.items() if not isinstance(found, Refused)), None)
    if ceiling is None:
        return next(found for found in curves.values() if isinstance(found, Refused))
    found = curves[ceiling]
    assert isinstance(found, Curves)
    aggregates, profiles, improvements = [], [], []
    try:
        for estimand in ESTIMANDS:
            drawn = resampled[ceiling, estimand]
            aggregates.append(_labelled(aggregate_table(found, drawn), estimand=estimand))
            last = _at_largest_budget(found, drawn)
            profiles.append(_labelled(performance_profile(*last), estimand=estimand))
            for other in agents[1:]:
                table = probability_of_improvement(found, drawn, agents[0], other)
                improvements.append(_labelled(table, estimand=estimand, first=agents[0], second=other))
    except ScalingInputError as error:
        return Refused(str(error))
    return Description(*(pd.concat(tables, ignore_index=True) for tables in (aggregates, profiles, improvements)))


def _at_largest_budget(curves: Curves, drawn: Resamples | Refused) -> tuple[Curves, Resamples | Refused]:
    return curves.select(budgets=[len(curves.frames) - 1]), drawn


def _labelled(table: pd.DataFrame, **labels: str) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(labels, index=table.index), table], axis=1)
