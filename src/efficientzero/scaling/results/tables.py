"""The tables: every score and what it cost, the mean over seeds at each budget, and a few columns of it to print."""

from __future__ import annotations

import pandas as pd

from efficientzero.games import Game

SCORE_COLUMNS = [
    "game", "agent", "seed", "env_steps", "frames", "frame_skip", "score", "standard_error", "episodes", "truncated",
    "max_env_steps", "sample_actions", "random_score", "human_normalised", "updates", "parameters", "training_flops",
    "cpu_seconds", "wall_seconds",
]  # fmt: skip
POINT = ["agent", "seed", "env_steps"]
COUNTS = ["updates", "parameters", "training_flops"]


def score_table(scores: pd.DataFrame, game: Game, costs: pd.DataFrame) -> pd.DataFrame:
    """One row per agent, seed and budget above 0; `scores` as from `read_scores`, `costs` as from `read_costs`.

    Adds random_score, measured here with the same agent and seed's evaluation rules, and human_normalised = (score -
    random) / (human - random) with the literature's constants. Blank where there are none, and where episodes were cut,
    since the constants are of whole games.

    updates, parameters and training_flops (floating-point operations of training) are exact. The last two columns,
    cpu_seconds and wall_seconds, are what that point of the curve took: they differ from run to run.
    """
    trained = scores[scores.env_steps > 0]
    random = scores[scores.env_steps == 0][["agent", "seed", "score"]].rename(columns={"score": "random_score"})
    table = trained.merge(random, on=["agent", "seed"], how="left")
    table = table.merge(costs, on=POINT, how="left", validate="one_to_one")
    table["human_normalised"] = float("nan")
    if game.human_score is not None and game.random_score is not None:
        normalised = (table.score - game.random_score) / (game.human_score - game.random_score)
        table["human_normalised"] = normalised.where(table.max_env_steps.isna())
    return table[SCORE_COLUMNS].astype({"max_env_steps": "Int64"})


def curve_table(table: pd.DataFrame) -> pd.DataFrame:
    """Mean over seeds per agent and budget, with its standard error (blank for one seed); `table`: a `score_table`.

    Only of exact columns, so that the same experiment gives the same bytes wherever it runs: cpu_seconds and
    wall_seconds stay in the score table. Means of counts are rounded to whole numbers, blank where there are none.
    """
    groups = table.groupby(["game", "agent", "env_steps", "frames"], sort=False)
    curve = groups.agg(
        seeds=("seed", "count"),
        score=("score", "mean"),
        standard_error=("score", "sem"),
        human_normalised=("human_normalised", "mean"),
        **{name: (name, "mean") for name in COUNTS},
    )
    return curve.round(dict.fromkeys(COUNTS, 0)).astype(dict.fromkeys(COUNTS, "Int64")).reset_index()


def printed_table(table: pd.DataFrame) -> str:
    """Score and cost of every agent and budget, means over seeds and games, for reading; `table`: a `score_table`.

    A standard error of one seed is that over its episodes. Of several games the scores themselves have no mean; what is
    blank everywhere has no column.
    """
    groups = table.groupby(["agent", "frames"], sort=False)
    means = groups[["score", "human_normalised", *COUNTS, "cpu_seconds", "wall_seconds"]].mean()
    errors = groups.score.sem() if table.seed.nunique() > 1 else groups.standard_error.first()
    columns = {
        "score": (means.score, "{:.4g}"),
        "standard error": (errors, "{:.2g}"),
        "human-normalised": (means.human_normalised, "{:.3f}"),
        "CPU-seconds": (means.cpu_seconds, "{:,.0f}"),
        "wall-seconds": (means.wall_seconds, "{:,.0f}"),
        "training FLOPs": (means.training_flops, "{:.3g}"),
        "updates": (means.updates, "{:,.0f}"),
        "parameters": (means.parameters, "{:,.0f}"),
    }
    if table.game.nunique() > 1:
        del columns["score"], columns["standard error"]
    written = {
        name: values.map(form.format, na_action="ignore").fillna("")
        for name, (values, form) in columns.items()
        if values.notna().any()
    }
    return pd.DataFrame(written).reset_index().to_string(index=False)
