"""Scores that others have published of a game, to stand behind our own in a figure."""

from __future__ import annotations

import pandas as pd

from efficientzero.published import final_scores, published_curves
from efficientzero.scaling.figures.appearance import KNOWN, Appearance

# Published names of the agents that we train, too; the curves are of unfinished checkpoints, the final scores are not.
AGENTS = {
    "EfficientZero": "efficientzero", "MuZero": "muzero_reanalyze", "DER": "rainbow", "Rainbow": "rainbow_classic",
    "DQN": "dqn", "PPO (fixed hyperparameters)": "ppo",
}  # fmt: skip
CURVES = ("efficientzero_100k",)
SIGHT = 1.15  # times the largest budget or under the least, so that no marker is cut by the frame


def published_points(game: str) -> pd.DataFrame:
    """agent (as we call it), frames and score of a game; mean over runs; empty for games that others did not play."""
    finals = final_scores().dropna(subset=["frames"])
    tables = [published_curves(name) for name in CURVES] + [finals]
    table = pd.concat([each[["game", "agent", "frames", "score"]] for each in tables], ignore_index=True)
    own = table[(table.game == game) & table.agent.isin(AGENTS)].replace({"agent": AGENTS})
    means = own.groupby(["agent", "frames"], sort=False).score.mean().reset_index()
    return means.astype({"frames": "int64"})


def published_in_sight(published: pd.DataFrame | None, curve: pd.DataFrame) -> list[tuple[Appearance, pd.DataFrame]]:
    """Per agent of `curve` its look, under its published name, and its published points within the budgets."""
    if published is None or curve.empty:
        return []
    low, high = curve.frames.min() / SIGHT, curve.frames.max() * SIGHT
    near = published[(published.frames >= low) & (published.frames <= high)]
    names = {own: name for name, own in AGENTS.items()}
    return [
        (KNOWN[agent]._replace(name=names[agent]), near[near.agent == agent])
        for agent in dict.fromkeys(curve.agent)
        if agent in names and (near.agent == agent).any()
    ]
