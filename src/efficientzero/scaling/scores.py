"""The table of scores, of which all the analysis is: from the score and cost files of one experiment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from efficientzero.games import Game, find_game
from efficientzero.records.cost import CostRecord
from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunPaths
from efficientzero.records.score import ScoreRecord

SCORE_COLUMNS = [
    "game", "agent", "seed", "env_steps", "frames", "frame_skip", "score", "standard_error", "episodes", "truncated",
    "max_env_steps", "sample_actions", "random_score", "human_normalised", "updates", "parameters", "training_flops",
    "cpu_seconds", "wall_seconds",
]  # fmt: skip
POINT = ["agent", "seed", "env_steps"]
COUNTS = ["updates", "parameters", "training_flops"]


def read_experiment(game: str, runs: Sequence[RunPaths], milestones: Sequence[int]) -> pd.DataFrame:
    """The table of every run at every milestone in env steps, from its files: of :func:`score_table`.

    Raises:
        RecordError: a file is missing, damaged or does not belong to the others.
    """
    scores = read_scores((path for run in runs for path in run.scores(milestones)), game)
    return score_table(scores, find_game(game), read_costs(runs, milestones))


def random_score(table: pd.DataFrame) -> float:
    """Mean return of random play over agents and seeds; `table`: of :func:`score_table`, of one game."""
    return float(table.drop_duplicates(["agent", "seed"]).random_score.mean())


def read_scores(paths: Iterable[str | Path], game: str) -> pd.DataFrame:
    """One row per file, in their order.

    Columns: game, agent, seed, env_steps, frames, frame_skip, updates, parameters, training_flops, max_env_steps (NaN:
    episodes were not cut), sample_actions, episodes, truncated (episodes that a limit ended), score (mean unclipped
    return), standard_error (over episodes; NaN for a single one). Rows with 0 env steps are the random policy's.

    Raises:
        RecordError: a missing or damaged file, another game than `game`, the same agent, seed and milestone twice, or
            files evaluated under different rules.
    """
    files = [(Path(path), ScoreRecord.read(Path(path))) for path in paths]
    if not files:
        raise RecordError("no score files were named: agents, seeds and milestones list none")
    _belong_together(files, game)
    return pd.DataFrame([_row(score) for _, score in files])


def _belong_together(files: list[tuple[Path, ScoreRecord]], game: str) -> None:
    seen: dict[tuple[str, int, int], Path] = {}
    for path, score in files:
        if score.game != game:
            raise RecordError(f"{path}: is of the game {score.game}, not {game}; delete it and run `dvc repro`")
        key = (score.agent, score.seed, score.env_steps)
        if key in seen:
            raise RecordError(
                f"{path}: holds the same agent, seed and milestone ({score.agent}, {score.seed}, {score.env_steps} env "
                f"steps) as {seen[key]}; one of the two is a copy: delete both and run `dvc repro`"
            )
        seen[key] = path
    for (path, score), (other_path, other) in pairwise(files):
        for rule in ("frame_skip", "max_env_steps", "sample_actions"):
            if getattr(score, rule) != getattr(other, rule):
                raise RecordError(
                    f"{other_path}: was evaluated with {rule} {getattr(other, rule)} and {path} with "
                    f"{getattr(score, rule)}; such scores cannot be compared: run `dvc repro`"
                )


def _row(score: ScoreRecord) -> dict[str, object]:
    returns = np.array(score.returns)
    return {
        "game": score.game,
        "agent": score.agent,
        "seed": score.seed,
        "env_steps": score.env_steps,
        "frames": score.frames,
        "frame_skip": score.frame_skip,
        "updates": score.updates,
        "parameters": score.parameters,
        "training_flops": score.training_flops,
        "max_env_steps": np.nan if score.max_env_steps is None else float(score.max_env_steps),
        "sample_actions": score.sample_actions,
        "episodes": len(returns),
        "truncated": sum(episode.truncated for episode in score.episodes),
        "score": float(returns.mean()),
        "standard_error": float(returns.std(ddof=1) / np.sqrt(len(returns))) if len(returns) > 1 else np.nan,
    }


def read_costs(runs: Sequence[RunPaths], milestones: Sequence[int]) -> pd.DataFrame:
    """One row per run and milestone (ascending): what that point of the curve cost.

    A point's cost is the trunk's up to it (`collect`, and every `train` stage up to its milestone) and that of its own
    finishing branch; the branches at smaller milestones are not on its way. Its evaluation is no cost of it.

    Columns: agent, seed, env_steps, cpu_seconds, wall_seconds.

    Raises:
        RecordError: a cost file is missing or damaged.
    """
    rows: list[dict[str, object]] = []
    for run in runs:
        trunk = [CostRecord.read(run.collecting_cost())]
        for milestone in milestones:
            trunk.append(CostRecord.read(run.training_cost(milestone)))
            costs = [*trunk, CostRecord.read(run.finishing_cost(milestone))]
            rows.append(
                {
                    "agent": run.agent,
                    "seed": run.seed,
                    "env_steps": milestone,
                    "cpu_seconds": sum(cost.cpu_seconds for cost in costs),
                    "wall_seconds": sum(cost.wall_seconds for cost in costs),
                }
            )
    return pd.DataFrame(rows)


def score_table(scores: pd.DataFrame, game: Game, costs: pd.DataFrame) -> pd.DataFrame:
    """One row per agent, seed and milestone above 0; `scores` as from `read_scores`, `costs` as from `read_costs`.

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
    """Mean over seeds per agent and milestone, with its standard error (blank for one seed); `table`: a `score_table`.

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
    """Score and cost of every agent and milestone, means over seeds and games, for reading; `table`: a `score_table`.

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
