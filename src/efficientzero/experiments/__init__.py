"""Many experiments: sweeps over parameters, suites of games, several machines.

An experiment is one `dvc exp run --temp`, in a process of its own. No torch is imported.
"""

from efficientzero.experiments.checkout import pinned_checkout
from efficientzero.experiments.experiment import (
    Experiment,
    ExperimentError,
    Stages,
    experiment_names,
    remove_experiments,
    run_experiment,
    stages_in_log,
)

__all__ = [
    "Experiment",
    "ExperimentError",
    "Stages",
    "experiment_names",
    "pinned_checkout",
    "remove_experiments",
    "run_experiment",
    "stages_in_log",
]
