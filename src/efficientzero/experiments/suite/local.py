"""A suite on this machine: a few experiments at a time.

DVC has a queue of its own. Its workers are daemons that outlive the command and write where one does not see it; here
the experiments end with the command, and the table shows each stage.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

from efficientzero.experiments.experiment import ExperimentError, run_experiment
from efficientzero.experiments.suite.status import State, Status

REFRESH_SECONDS = 1.0


def run_here(statuses: Sequence[Status], repository: Path, jobs: int, refresh: Callable[[], None]) -> None:
    """Runs all experiments that wait, `jobs` at a time; one that fails is noted and does not stop the others.

    Calls `refresh` every second. When this process is interrupted or killed, so are its experiments; stages that had
    finished are in the run cache.
    """
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="experiment")
    waiting = {pool.submit(_run, status, repository) for status in statuses if status.state is State.WAITING}
    try:
        while waiting:
            done, waiting = wait(waiting, REFRESH_SECONDS, FIRST_EXCEPTION)
            for future in done:
                future.result()
            refresh()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _run(status: Status, repository: Path) -> None:
    status.start()
    try:
        status.finish(run_experiment(status.member.experiment, repository, log=status.log))
    except ExperimentError as error:
        status.fail(str(error))
