"""One trial: rung by rung, the same experiment with twice the budget, so that only the new milestone runs."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from pathlib import Path

import optuna
import pandas as pd

from efficientzero.experiments.experiment import (
    Experiment,
    ExperimentError,
    experiment_names,
    remove_experiments,
    run_experiment,
)
from efficientzero.experiments.sweep.definition import Sweep, trial_parameters
from efficientzero.experiments.sweep.objective import objective
from efficientzero.experiments.sweep.space import draw
from efficientzero.experiments.sweep.study import ERROR, number
from efficientzero.parameters import ParameterError
from efficientzero.scaling import Refused, ScalingInputError, gather

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

    def experiment(self, trial: int, budget: int) -> str:
        """The name of the experiment of a trial's rung."""
        return f"{self.prefix(trial)}{budget}"

    def prefix(self, trial: int) -> str:
        """How the names of all experiments of a trial begin."""
        return f"{self.study}-t{trial}-"

    def log(self, experiment: str) -> Path:
        """Where DVC's output of an experiment goes."""
        return self.logs / f"{experiment}.log"


def run_trial(trial: optuna.Trial, sweep: Sweep, place: Place) -> float:
    """Runs a trial to its largest budget, or until the pruner stops it; its last rung's experiment stays.

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
    trial_parameters(sweep, values)  # a combination that is impossible fails before DVC is started
    judge = objective(sweep.definition.objective)
    value = float("nan")
    for budget in sweep.budgets:
        experiment = Experiment(
            place.experiment(own, budget), {**sweep.overrides, **values, "milestones.env_steps": budget}
        )
        table = _rung(trial, own, experiment, place)
        found = judge(table)
        if isinstance(found, Refused):
            raise TrialError(found.reason)
        if not math.isfinite(found):
            raise TrialError(f"its {sweep.definition.objective} at {budget} env steps is {found}, no number")
        value = found
        trial.report(value, budget)
        if budget != sweep.budgets[-1] and trial.should_prune():
            raise optuna.TrialPruned(f"stopped at {budget} env steps")
    return value


def _rung(trial: optuna.Trial, number: int, experiment: Experiment, place: Place) -> pd.DataFrame:
    """The scores of a trial up to a budget; the experiment of the rung before is removed."""
    name = experiment.name
    log = place.log(name)
    trial.set_user_attr("experiment", name)
    there = experiment_names(place.repository)
    if name not in there or number == trial.number:  # only a retry goes on with what is there
        stages = run_experiment(experiment, place.checkout, log=log, pull=place.pull)
        before = trial.user_attrs
        trial.set_user_attr("stages_run", before.get("stages_run", 0) + len(stages.ran))
        trial.set_user_attr("stages_from_cache", before.get("stages_from_cache", 0) + len(stages.cached))
    others = [each for each in there if each.startswith(place.prefix(number)) and each != name]
    remove_experiments(others, place.repository)
    with _reading:
        return gather([name], place.repository)
