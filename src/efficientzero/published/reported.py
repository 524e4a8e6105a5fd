"""What papers print beside scores: aggregates over games, which are computed again here from the scores, and others.

The interquartile mean leaves out the lowest and the highest quarter: of the runs of all games together ("iqm over
runs", Agarwal et al. 2021, arXiv:2108.13264), or of the games' means ("iqm over games") where a paper had no runs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from efficientzero.published.scores import final_scores, published_curves
from efficientzero.published.table_file import Kind, read_table

COLUMNS: dict[str, Kind] = {
    "agent": "str", "publication": "str", "games": "str", "frames": "Int64", "statistic": "str", "value": "float64",
    "runs": "Int64", "source": "str",
}  # fmt: skip
ERROR_COLUMNS: dict[str, Kind] = {
    "game": "str", "agent": "str", "states": "str", "frames": "Int64", "value_error": "float64", "publication": "str",
    "source": "str",
}  # fmt: skip
FRONTIER_COLUMNS: dict[str, Kind] = {
    "board_size": "int64", "training_flops": "float64", "elo": "float64", "publication": "str", "source": "str",
}  # fmt: skip
FORECAST_COLUMNS: dict[str, Kind] = {"quantity": "str", "value": "float64", "meaning": "str", "source": "str"}
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


def efficientzero_value_errors() -> pd.DataFrame:
    """Mean absolute error of value targets in UpNDown, with and without EfficientZero's correction for stale data.

    Its ablation (Ye et al. 2021, Tables 4 and 5).

    Columns: game, agent; states (which states the mean is over); frames (Int64, ALE frames by which the trajectories
    were played; blank for a mean over all of them); value_error (float64, in the paper's units of value);
    publication; source.
    """
    return read_table(
        "efficientzero_value_errors.csv.gz", ERROR_COLUMNS, ["agent", "states", "frames"], ("value_error",)
    )


def board_game_frontier() -> pd.DataFrame:
    """The best play of AlphaZero agents on Hex at each amount of training compute: 101 points for each of 7 boards.

    From Jones 2021, Scaling Scaling Laws with Board Games (arXiv:2104.03113).

    Columns: board_size (int64, 3 to 9); training_flops (float64, floating-point operations spent on training, evenly
    spaced in the logarithm); elo (float64, 0 is perfect play); publication; source.
    """
    known = ("training_flops", "elo")
    return read_table("board_game_frontier.csv.gz", FRONTIER_COLUMNS, ["board_size", "training_flops"], known)


def atari_fifty() -> dict[str, float]:
    """The figures of the question whether an agent beats human novices in half of the Atari games after 20 minutes.

    It gives the "Atari fifty" line its name (Grace et al. 2024, arXiv:2401.02843).

    Keys: play_minutes (20), frames_per_second (60), frames (72,000 ALE frames), share_of_games (0.5),
    dqn_share_of_games (0.47, in which DQN beat professional testers), first_asked and last_asked (years). The human
    scores of `efficientzero.games` are professional testers', not novices'.
    """
    table = read_table("atari_fifty.csv.gz", FORECAST_COLUMNS, ["quantity"], ("value",))
    return dict(zip(table["quantity"], table["value"].tolist(), strict=True))


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
