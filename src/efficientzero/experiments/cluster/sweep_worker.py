"""Runs trials of a sweep in this clone and pushes each rung; other workers on other machines share the study."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning

from efficientzero.experiments.cluster.clone import take_order, tell
from efficientzero.experiments.cluster.publisher import Publisher
from efficientzero.experiments.cluster.sharing import use_remote
from efficientzero.experiments.experiment import ExperimentError
from efficientzero.experiments.sweep.definition import SweepError, load_sweep
from efficientzero.experiments.sweep.study import open_storage
from efficientzero.experiments.sweep.trial import Place
from efficientzero.experiments.sweep.workers import Workers


def main() -> None:
    meeting, order = take_order()
    checkout = Path.cwd()
    use_remote(meeting, checkout)
    warnings.simplefilter("ignore", ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        sweep = load_sweep(order["sweep"], checkout, order["overrides"])
        storage = open_storage(order["storage"], order["heartbeat"])
        place = Place(order["study"], checkout, checkout, checkout.parent / "logs", pull=True)
        with Publisher(meeting, checkout, lambda name: tell(experiment=name)):
            Workers(sweep, storage, place, trials=order["trials"], jobs=1).run(lambda: None)
    except (SweepError, ExperimentError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
