"""One trial: rung by rung, the same experiment with twice the budget, so that only the new milestone runs."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import pandas as pd

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.experiment import Experiment, run_experiment
from efficientzero.experiments.git import experiment_names, remove_experiments
from efficientzero.experiments.sweep.definition import LEAST_MILESTONES, Sweep
from efficientzero.experiments.sweep.search import draw
from efficientzero.experiments.sweep.study import ERROR, number
from efficientzero.games import find_game
from efficientzero.parameters import ParameterError
from efficientzero.scaling import Refused, ScalingInputError, gather
from efficientzero.scaling.power_laws.fit import fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS

_reading = threading.Lock()  # DVC's file system, one thread at a time


class TrialError(Exception):
    """A trial has no value; the message says why. The sweep goes on."""


@dataclass(frozen=True)
class Place:
    """Where trials run.

    Args:
        study: its name. repository: the user's checkout. checkout: where experiments are run from.
        logs: folder of DVC's output, a file for each rung. pull: fetch from the DVC remote what ran elsewhere.
    """

    study: str
    repository: Path
    checkout: Path
    logs: Path
    pull: bool = False

    def prefix(self, trial: int) -> str:
        """How the names of all experiments of a trial begin; the env steps of a rung follow."""
        return f"{self.study}-t{trial}-"

    def log(self, experiment: str) -> Path:
        """Where DVC's output of an experiment goes."""
        return self.logs / f"{experiment}.log"


def run_trial(trial: optuna.Trial, sweep: Sweep, place: Place) -> float:
    """Runs a trial to its largest milestone, or until the pruner stops it; its last rung's experiment stays.

    A rung that a killed predecessor finished is not run again: its experiment is there, or its stages are in the run
    cache.

    Raises:
        optuna.TrialPruned: it was stopped. TrialError: it has no value; the reason is in its attributes too.
    """
    own = number(trial.study.get_trials(deepcopy=False)[trial.number])
    trial.set_user_attr("trial", own)
    try:
        return _promote(trial, own, sweep, place)
    except (ExperimentError, ScalingInputError, ParameterError, TrialError) as error:
        trial.set_user_attr(ERROR, str(error))
        raise TrialError(str(error)) from None


def _promote(trial: optuna.Trial, own: int, sweep: Sweep, place: Place) -> float:
    values = draw(sweep.definition.space, trial)
    sweep.trial_parameters(values)  # a combination that is impossible fails before DVC is started
    value = float("nan")
    for env_steps in sweep.milestones:
        overrides = {**sweep.overrides, **values, "milestones.env_steps": env_steps}
        table = _rung(trial, own, Experiment(f"{place.prefix(own)}{env_steps}", overrides), place)
        found = OBJECTIVES[sweep.definition.objective](table)
        if isinstance(found, Refused):
            raise TrialError(found.reason)
        if not math.isfinite(found):
            raise TrialError(f"its {sweep.definition.objective} at {env_steps} env steps is {found}, no number")
        value = found
        trial.report(value, env_steps)
        if env_steps != sweep.milestones[-1] and trial.should_prune():
            raise optuna.TrialPruned(f"stopped at {env_steps} env steps")
    return value


def _rung(trial: optuna.Trial, number: int, experiment: Experiment, place: Place) -> pd.DataFrame:
    """The scores of a trial up to a milestone; the experiment of the rung before is removed."""
    name = experiment.name
    trial.set_user_attr("experiment", name)
    there = experiment_names(place.repository)
    if name not in there or number == trial.number:  # only a retry goes on with what is there
        stages = run_experiment(experiment, place.checkout, log=place.log(name), pull=place.pull)
        before = trial.user_attrs
        trial.set_user_attr("stages_run", before.get("stages_run", 0) + len(stages.ran))
        trial.set_user_attr("stages_from_cache", before.get("stages_from_cache", 0) + len(stages.cached))
    others = [each for each in there if each.startswith(place.prefix(number)) and each != name]
    remove_experiments(others, place.repository)
    with _reading:
        return gather([name], place.repository)


def finished_score(table: pd.DataFrame) -> float:
    """Mean over seeds of the finished agents' mean return at the largest milestone."""
    return float(table[table.env_steps == table.env_steps.max()].score.mean())


def area_under_curve(table: pd.DataFrame) -> float:
    """Mean over the milestones of the finished score: they double, so every one is as wide in log frames."""
    return float(table.groupby("env_steps").score.mean().mean())


def exponent(table: pd.DataFrame) -> float | Refused:
    """The exponent alpha of s(n) = (1-E) expit(alpha (ln n - mu)), fitted to human-normalised scores cut to [0, 1].

    One agent on one game, so this is a guide for a search and no finding: it has no interval. Below `LEAST_MILESTONES`
    it is the finished score, by which trials are promoted until then.
    """
    if table.env_steps.nunique() < LEAST_MILESTONES:
        return finished_score(table)
    game = str(table.game.iloc[0])
    if find_game(game).human_score is None or table.human_normalised.isna().any():
        return Refused(f"{game} has no human-normalised scores: no human score, or its evaluation episodes are cut")
    share = table.assign(share=table.human_normalised.clip(0.0, 1.0)).groupby("frames").share.mean()
    fit = fit_power_law(share.index.to_numpy(float), share.to_numpy(float)[None], ["this trial"], MODELS["M0"])
    return fit if isinstance(fit, Refused) else float(np.exp(fit.log_exponents[0]))


# What a trial is judged by, from a table with the columns game, env_steps, frames, seed, score, human_normalised; more
# is better.
OBJECTIVES: dict[str, Callable[[pd.DataFrame], float | Refused]] = {
    "score": finished_score,
    "area": area_under_curve,
    "exponent": exponent,
}
