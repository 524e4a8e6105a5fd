"""Pushes the experiments of a clone as they come and go."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from efficientzero.experiments.cluster.sharing import Meeting, push_experiment, push_results, remove_pushed
from efficientzero.experiments.experiment import experiment_names

LOOK_SECONDS = 1.0


class Publisher:
    """Keeps the shared remotes up with a clone's experiments, beside whatever runs them. A context manager.

    What fails is tried again at the next look, and on leaving everything is pushed: only an error of that last attempt
    is raised, when nothing else is. Between an experiment's end and its push lies the time that the push takes: a
    machine lost then has it run again elsewhere.

    Args:
        meeting, checkout: where to, and the clone. tell: called with the name of each experiment that is pushed.
    """

    def __init__(self, meeting: Meeting, checkout: Path, tell: Callable[[str], None]) -> None:
        self._meeting, self._checkout, self._tell = meeting, checkout, tell
        self._published: set[str] = set(experiment_names(checkout))
        self._over = threading.Event()
        self._error: Exception | None = None  # of the newest look
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: object, error: object, traceback: object) -> None:
        self._over.set()
        self._thread.join()
        if self._error and error is None:
            raise self._error

    def _work(self) -> None:
        over = False
        while not over:
            over = self._over.wait(LOOK_SECONDS)
            self._error = None
            try:
                self._publish()
            except Exception as error:
                self._error = error

    def _publish(self) -> None:
        there = set(experiment_names(self._checkout))
        for name in sorted(there - self._published):
            try:
                self._push(name)
            except Exception as error:
                if name in experiment_names(self._checkout):  # else: replaced by its next rung while it was pushed
                    self._error = error  # the others are pushed nevertheless
        gone = self._published - there
        remove_pushed(sorted(gone), self._meeting, self._checkout)
        self._published -= gone

    def _push(self, name: str) -> None:
        if name not in experiment_names(self._checkout):  # replaced by its next rung while another was pushed
            return
        push_results(name, self._checkout)
        push_experiment(name, self._meeting, self._checkout)
        self._published.add(name)
        self._tell(name)
