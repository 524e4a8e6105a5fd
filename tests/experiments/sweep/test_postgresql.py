"""Workers in several processes share one study in a real PostgreSQL server."""

import os
import signal
import subprocess
import sys
import time

import optuna
import pytest
from experiments.checkouts import ENVIRONMENT, ROOT
from experiments.sweep import postgresql_server
from optuna.trial import TrialState

from efficientzero.experiments.sweep.study import counted, number

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(postgresql_server.missing() is not None, reason=str(postgresql_server.missing())),
]

WORKER = """
import sys, time, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import optuna
from experiments.sweep.made_up_trials import MadeUpExperiments
from efficientzero.experiments.sweep import study, trial
from efficientzero.experiments.sweep.definition import load_sweep
from efficientzero.experiments.sweep.workers import Workers
optuna.logging.set_verbosity(optuna.logging.ERROR)
made_up, seconds = MadeUpExperiments(), float(sys.argv[5])

def run(experiment, repository, *, log, pull=False):
    time.sleep(seconds)
    return made_up.run(experiment, repository, log=log)

trial.run_experiment, trial.remove_experiments, trial.gather = run, made_up.remove, made_up.gather
trial.experiment_names = study.experiment_names = made_up.names
root, logs, url, trials = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
place = trial.Place("shared", root, root, logs)
storage = study.open_storage(url, heartbeat_seconds=1)
Workers(load_sweep("smoke", root), storage, place, trials=trials, jobs=1).run(lambda: None)
print(len(made_up.ran))
"""


@pytest.fixture(scope="module")
def url():
    with postgresql_server.server() as url:
        yield url


def start(url, folder, trials, seconds):
    """A worker process with made-up experiments, each of which takes some seconds."""
    folder.mkdir(exist_ok=True)
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])}
    command = [sys.executable, "-c", WORKER, str(ROOT), str(folder / "logs"), url, str(trials), str(seconds)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_two_workers_share_a_study_and_one_that_is_killed_costs_no_trial(url, tmp_path):
    doomed = start(url, tmp_path / "one", 10, 60)  # still in its first experiment when it is killed
    study = wait_for_running(url)
    doomed_trial = study.get_trials()[0]
    os.kill(doomed.pid, signal.SIGKILL)
    workers = [start(url, tmp_path / name, 10, 0.3) for name in ("two", "three")]
    ran = [int(worker.communicate(timeout=120)[0]) for worker in workers]
    assert all(worker.returncode == 0 for worker in workers)

    trials = study.get_trials()
    assert len(counted(trials)) in (10, 11)  # without a common file to lock, both may take the last one
    assert all(trial.state.is_finished() for trial in trials)
    assert min(ran) > 1 and sum(ran) == sum(len(trial.intermediate_values) for trial in trials)
    assert trials[0].state == TrialState.FAIL
    retried = [trial for trial in trials if number(trial) == 0 and trial.number != 0]
    assert len(retried) == 1 and retried[0].params == doomed_trial.params


def wait_for_running(url):
    storage = optuna.storages.RDBStorage(url)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        names = [study.study_name for study in storage.get_all_studies()]
        if "shared" in names:
            study = optuna.load_study(study_name="shared", storage=storage)
            if any(len(trial.params) >= 3 for trial in study.get_trials()):
                return study
        time.sleep(0.2)
    raise AssertionError("no trial began within a minute")
