"""Runs a sweep's trials, several at a time, until as many are done as were asked for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import optuna
from filelock import FileLock
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import RDBStorage, fail_stale_trials
from optuna.trial import TrialState

from efficientzero.experiments.sweep.definition import Sweep
from efficientzero.experiments.sweep.study import counted, open_study
from efficientzero.experiments.sweep.trial import Place, TrialError, run_trial

LOOK_SECONDS = 1.0
HOPELESS = 3  # this many failed trials and none that did not: the cause is not the parameters


class Workers:
    """The threads that run trials; each runs one trial at a time, in processes of its own.

    Args:
        sweep, storage, place: what to run and where. trials: how many the study is to have, those of before included.
        jobs: how many run at a time.
    """

    def __init__(self, sweep: Sweep, storage: RDBStorage, place: Place, *, trials: int, jobs: int) -> None:
        self._sweep, self._storage, self._place, self._trials = sweep, storage, place, trials
        self._errors: list[BaseException] = []
        self._failed: list[bool] = []  # of the trials that ended here
        self._some_left = False
        # Daemons: an interrupted sweep ends at once, and with it, through their guards, its experiments.
        self._threads = [threading.Thread(target=self._work, args=(job,), daemon=True) for job in range(jobs)]

    def run(self, show: Callable[[], None]) -> None:
        """Returns when all trials are done; calls `show` about every second. Raises what a worker could not mend."""
        for thread in self._threads:
            thread.start()
        while any(thread.is_alive() for thread in self._threads):
            show()
            time.sleep(LOOK_SECONDS)
        show()
        if self._errors:
            raise self._errors[0]

    @property
    def gave_up(self) -> str | None:
        """After `run`: why trials are left that were not begun, if there are any."""
        if not (self._some_left and self._hopeless()):
            return None
        failed = len(self._failed)
        return (
            f"the first {failed} trials all failed, so the sweep was stopped; mend the cause; "
            f"--trials {self._trials + failed} replaces them"
        )

    def _work(self, job: int) -> None:
        try:
            study = open_study(self._place.study, self._sweep, self._storage, self._place.repository, worker=job)
            while not self._errors and not self._hopeless():
                self._next(study)
                if enough(study, self._trials):
                    if not any(trial.state == TrialState.RUNNING for trial in study.get_trials(deepcopy=False)):
                        return
                    time.sleep(LOOK_SECONDS)  # one of them may be dead, and is then run again here
                    fail_stale_trials(study)
            self._some_left = not enough(study, self._trials)
        except BaseException as error:
            self._errors.append(error)

    def _next(self, study: optuna.Study) -> None:
        """Runs a trial if one is left to run."""
        with asking(self._place) as asked:
            if enough(study, self._trials):
                return

            def objective(trial: optuna.Trial) -> float:
                asked()
                try:
                    return run_trial(trial, self._sweep, self._place)
                finally:
                    self._failed.append(isinstance(sys.exception(), TrialError))

            with suppress(UpdateFinishedTrialError):  # taken for dead, after this machine slept: another one has it
                study.optimize(objective, n_trials=1, catch=(TrialError,))

    def _hopeless(self) -> bool:
        """Whether the first trials here all failed by themselves; a cause that is mended is no matter any more."""
        return len(self._failed) >= HOPELESS and all(self._failed)


@contextmanager
def asking(place: Place) -> Iterator[Callable[[], None]]:
    """Keeps others of this checkout from asking for a trial until the function it gives is called, or at the end.

    Without it two workers could both find one trial missing.
    """
    lock = FileLock(Path(place.logs).parent / "asking.lock", thread_local=False)
    lock.acquire()
    try:
        yield lock.release
    finally:
        lock.release(force=True)


def enough(study: optuna.Study, trials: int) -> bool:
    """Whether there is no trial left to begin: the wanted number is there, and none waits to be run again."""
    there = study.get_trials(deepcopy=False)
    return len(counted(there)) >= trials and not any(trial.state == TrialState.WAITING for trial in there)
