"""The two tables: every score, and the mean over seeds at each budget."""

from __future__ import annotations

import pandas as pd

from efficientzero.games import Game

SCORE_COLUMNS = [
    "game", "agent", "seed", "env_steps", "frames", "score", "standard_error", "episodes", "truncated",
    "max_env_steps", "sample_actions", "random_score", "human_normalised", "updates", "parameters",
]  # fmt: skip


def score_table(scores: pd.DataFrame, game: Game) -> pd.DataFrame:
    """One row per agent, seed and budget above 0; `scores` as from `read_scores`.

    Adds random_score, measured here with the same agent and seed's evaluation rules, and human_normalised = (score -
    random) / (human - random) with the literature's constants. Blank where there are none, and where episodes were cut,
    since the constants are of whole games.
    """
    trained = scores[scores.env_steps > 0]
    random = scores[scores.env_steps == 0][["agent", "seed", "score"]].rename(columns={"score": "random_score"})
    table = trained.merge(random, on=["agent", "seed"], how="left")
    table["human_normalised"] = float("nan")
    if game.human_score is not None and game.random_score is not None:
        normalised = (table.score - game.random_score) / (game.human_score - game.random_score)
        table["human_normalised"] = normalised.where(table.max_env_steps.isna())
    return table[SCORE_COLUMNS].astype({"max_env_steps": "Int64"})


def curve_table(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds per agent and budget, with its standard error (blank for one seed); `table`: a `score_table`."""
    groups = table.groupby(["game", "agent", "env_steps", "frames"], sort=False)
    curve = groups.agg(
        seeds=("seed", "count"),
        score=("score", "mean"),
        standard_error=("score", "sem"),
        human_normalised=("human_normalised", "mean"),
    )
    return curve.reset_index()
