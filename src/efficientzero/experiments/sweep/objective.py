"""What a trial is judged by, from the scores of its finished milestones; more is better."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd

from efficientzero.games import find_game
from efficientzero.scaling import Refused
from efficientzero.scaling.power_laws.fit import fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS

LEAST_BUDGETS = 4  # for an exponent; until then, trials are promoted by their score

Objective = Callable[[pd.DataFrame], float | Refused]


def objective(name: Literal["score", "area", "exponent"]) -> Objective:
    """The function of that name, of a table with the columns game, env_steps, frames, seed, score, human_normalised."""
    return {"score": finished_score, "area": area_under_curve, "exponent": exponent}[name]


def finished_score(table: pd.DataFrame) -> float:
    """Mean over seeds of the finished agents' mean return at the largest budget."""
    return float(table[table.env_steps == table.env_steps.max()].score.mean())


def area_under_curve(table: pd.DataFrame) -> float:
    """Mean over the budgets of the finished score: the budgets double, so every one is as wide in log frames."""
    return float(table.groupby("env_steps").score.mean().mean())


def exponent(table: pd.DataFrame) -> float | Refused:
    """The exponent alpha of s(n) = (1-E) expit(alpha (ln n - mu)), fitted to human-normalised scores cut to [0, 1].

    One agent on one game, so this is a guide for a search and no finding: it has no interval. Below `LEAST_BUDGETS`
    budgets it is the finished score, by which trials are promoted until then.
    """
    if table.env_steps.nunique() < LEAST_BUDGETS:
        return finished_score(table)
    game = str(table.game.iloc[0])
    if find_game(game).human_score is None or table.human_normalised.isna().any():
        return Refused(f"{game} has no human-normalised scores: no human score, or its evaluation episodes are cut")
    share = table.assign(share=table.human_normalised.clip(0.0, 1.0)).groupby("frames").share.mean()
    fit = fit_power_law(share.index.to_numpy(float), share.to_numpy(float)[None], ["this trial"], MODELS["M0"])
    return fit if isinstance(fit, Refused) else float(np.exp(fit.log_exponents[0]))
