"""Runs trials of a sweep in this clone and pushes each rung; other workers on other machines share the study."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import optuna
from optuna.exceptions import ExperimentalWarning

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster.clone import repeated, take_order, tell
from efficientzero.experiments.cluster.sharing import (
    Meeting,
    push_experiment,
    push_results,
    remove_pushed,
    use_remote,
)
from efficientzero.experiments.git import experiment_names
from efficientzero.experiments.sweep.definition import load_sweep
from efficientzero.experiments.sweep.study import open_storage
from efficientzero.experiments.sweep.trial import Place
from efficientzero.experiments.sweep.workers import Workers

LOOK_SECONDS = 1.0


class Publisher:
    """Keeps the shared remotes up with a clone's experiments, as they come and go, whenever it is told to `look`.

    Between an experiment's end and its push lies the time that the push takes: a machine lost then has it run again
    elsewhere.

    Args:
        meeting, checkout: where to, and the clone. pushed: called with the name of each experiment that is pushed.
    """

    def __init__(self, meeting: Meeting, checkout: Path, pushed: Callable[[str], None]) -> None:
        self._meeting, self._checkout, self._pushed = meeting, checkout, pushed
        self._published = set(experiment_names(checkout))

    def look(self) -> None:
        """Pushes what is new and removes what is gone. Raises the last error, after it has tried all."""
        there, failure = set(experiment_names(self._checkout)), None
        for name in sorted(there - self._published):
            try:
                self._push(name)
            except Exception as error:
                if self._is_there(name):  # else: replaced by its next rung while it was pushed
                    failure = error
        gone = self._published - there
        remove_pushed(sorted(gone), self._meeting, self._checkout)
        self._published -= gone
        if failure:
            raise failure

    def _push(self, name: str) -> None:
        if self._is_there(name):  # else: replaced by its next rung while another was pushed
            push_results(name, self._checkout)
            push_experiment(name, self._meeting, self._checkout)
            self._published.add(name)
            self._pushed(name)

    def _is_there(self, name: str) -> bool:
        return name in experiment_names(self._checkout)


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
        publisher = Publisher(meeting, checkout, lambda name: tell(experiment=name))
        with repeated(publisher.look, LOOK_SECONDS):
            Workers(sweep, storage, place, trials=order["trials"], jobs=1).run(lambda: None)
    except ExperimentError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
