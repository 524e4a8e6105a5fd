"""Means, medians and interquartile means over games: as papers print them, and computed again from per-game scores.

The interquartile mean leaves out the lowest and the highest quarter: of the runs of all games together ("iqm over
runs", Agarwal et al. 2021, arXiv:2108.13264), or of the games' means ("iqm over games") where a paper had no runs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from efficientzero.published.score_table import final_scores, published_curves
from efficientzero.published.table_file import Kind, read_table

COLUMNS: dict[str, Kind] = {
    "agent": "str", "publication": "str", "games": "str", "frames": "Int64", "statistic": "str", "value": "float64",
    "runs": "Int64", "source": "str",
}  # fmt: skip
_ORIGIN: dict[str, Kind] = {"scores_table": "str", "scores_publication": "str", "scores_agent": "str"}
KEY = ["publication", "agent", "games", "frames", "statistic"]


def reported_aggregates() -> pd.DataFrame:
    """Human-normalised scores over all games of a suite, as printed.

    Columns: agent, publication (which prints the value); games (a name for `efficientzero.games.suite`: "atari26" or
    "atari57"); frames (Int64, ALE frames, blank where the source does not say); statistic ("mean", "median",
    "iqm over runs", "iqm over games" or "games above human"); value (float64; 1 is the human score); runs (Int64 per
    game, blank likewise); source.
    """
    return _read()[list(COLUMNS)]


def recomputed_aggregates() -> pd.DataFrame:
    """Every reported aggregate whose per-game scores are published too, beside the same statistic of those scores.

    Columns as in `reported_aggregates`, with `reported` (float64) for value, then `recomputed` (float64) and
    `scores_publication` (whose scores were used, as `final_scores` or `published_curves` name it).
    """
    tables: dict[str, pd.DataFrame] = {}
    rows = _read()
    rows = rows[rows["scores_table"] != "none"].rename(columns={"value": "reported"})
    recomputed = []
    for row in rows.to_dict("records"):
        name = str(row["scores_table"])
        if name not in tables:
            tables[name] = final_scores() if name == "final_scores" else published_curves(name)
        scores = tables[name]
        chosen = scores["publication"].eq(row["scores_publication"]) & scores["agent"].eq(row["scores_agent"])
        scores = scores[chosen]
        scores = scores[scores["frames"].isna() | (scores["frames"] == scores["frames"].max())]
        recomputed.append(_statistic(scores, str(row["statistic"])))
    rows["recomputed"] = recomputed
    shown = ["reported" if name == "value" else name for name in COLUMNS]
    return rows[[*shown, "recomputed", "scores_publication"]].reset_index(drop=True)


def _statistic(scores: pd.DataFrame, statistic: str) -> float:
    games = scores.groupby("game")["human_normalised"].mean().to_numpy()
    match statistic:
        case "mean":
            return float(games.mean())
        case "median":
            return float(np.median(games))
        case "games above human":
            return float((games > 1).sum())
        case "iqm over runs":
            return _interquartile_mean(scores["human_normalised"].to_numpy())
        case "iqm over games":
            return _interquartile_mean(games)
    raise AssertionError(statistic)


def _interquartile_mean(values: np.ndarray) -> float:
    quarter = len(values) // 4
    return float(np.sort(values)[quarter : len(values) - quarter].mean())


def _read() -> pd.DataFrame:
    return read_table("reported_aggregates.csv.gz", {**COLUMNS, **_ORIGIN}, KEY, ("value",))
