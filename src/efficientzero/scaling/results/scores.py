"""Many score files as one table, after checking that they belong together."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from efficientzero.scaling.results.score_file import ScoreFile, ScoreFileError, read_score_file


def read_scores(paths: Iterable[str | Path], game: str) -> pd.DataFrame:
    """One row per file, ordered by agent and seed as given, and by budget.

    Columns: game, agent, seed, env_steps, frames, frame_skip, updates, parameters, training_flops, max_env_steps (NaN:
    episodes were not cut), sample_actions, episodes, truncated (episodes that a limit ended), score (mean unclipped
    return), standard_error (over episodes; NaN for a single one). Rows with 0 env steps are the random policy's.

    Raises ScoreFileError for a missing or damaged file, another game than `game`, the same agent, seed and budget
    twice, or files evaluated under different rules.
    """
    files = [(Path(path), read_score_file(Path(path))) for path in paths]
    if not files:
        raise ScoreFileError("no score files were named: agents, seeds and milestones list none")
    _belong_together(files, game)
    return pd.DataFrame([_row(score) for _, score in files])


def _belong_together(files: list[tuple[Path, ScoreFile]], game: str) -> None:
    seen: dict[tuple[str, int, int], Path] = {}
    for path, score in files:
        if score.game != game:
            raise ScoreFileError(f"{path}: is of the game {score.game}, not {game}; delete it and run `dvc repro`")
        key = (score.agent, score.seed, score.env_steps)
        if key in seen:
            raise ScoreFileError(
                f"{path}: holds the same agent, seed and budget ({score.agent}, {score.seed}, {score.env_steps} env "
                f"steps) as {seen[key]}; one of the two is a copy: delete both and run `dvc repro`"
            )
        seen[key] = path
    for (path, score), (other_path, other) in pairwise(files):
        for rule in ("frame_skip", "max_env_steps", "sample_actions"):
            if getattr(score, rule) != getattr(other, rule):
                raise ScoreFileError(
                    f"{other_path}: was evaluated with {rule} {getattr(other, rule)} and {path} with "
                    f"{getattr(score, rule)}; such scores cannot be compared: run `dvc repro`"
                )


def _row(score: ScoreFile) -> dict[str, object]:
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
