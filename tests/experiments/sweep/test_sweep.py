"""A sweep as a user meets it, with real experiments: run, killed, run again.

The same with made-up experiments, and what the command refuses, is elsewhere and takes seconds.
"""

import io
import os
import signal
import subprocess
import time
from collections import Counter

import optuna
import pandas as pd
import pytest
import yaml
from experiments.checkouts import EFFICIENTZERO, ENVIRONMENT, make_checkout, run

from efficientzero.experiments.experiment import stages_in_log
from efficientzero.experiments.git import experiment_names
from efficientzero.experiments.sweep.study import counted, number

pytestmark = pytest.mark.long
FRACTION = "finishing.updates_fraction"  # of no matter to `collect` and `train`, so trials share their outputs
TINY = {
    "agent": "dqn",
    "overrides": {"profile": "smoke", "milestones.env_steps": 200},
    "trials": 2,
    # The first trial is stopped at its first rung for certain; the other is promoted if it is no worse.
    "pruner": {"name": "SuccessiveHalvingPruner", "reduction_factor": 2, "bootstrap_count": 1},
    "space": {FRACTION: {"type": "float", "low": 0.0, "high": 4.0}},
}
COMMAND = [*EFFICIENTZERO, "sweep", "tiny", "--heartbeat", "2"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = make_checkout(tmp_path_factory.mktemp("sweep") / "checkout")
    (folder / "conf" / "sweep" / "tiny.yaml").write_text(yaml.safe_dump(TINY, sort_keys=False))
    return folder


def test_a_killed_sweep_goes_on_and_loses_no_trial(checkout):
    log = checkout / "data/sweeps/tiny/logs/tiny-t1-100.log"
    process = subprocess.Popen(COMMAND, cwd=checkout, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 300
    while not stages_in_log(log).ran:
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    said = run(checkout, *COMMAND)
    assert "study tiny: 1 of 2 trials are done" in said

    study = optuna.load_study(study_name="tiny", storage=f"sqlite:///{checkout}/data/sweeps/tiny/study.db")
    trials = counted(study.get_trials())
    assert [number(trial) for trial in trials] == sorted({number(trial) for trial in trials}) and len(trials) == 2
    assert trials[0].state == optuna.trial.TrialState.PRUNED
    killed = study.get_trials()[1]
    assert killed.params == next(trial for trial in trials if number(trial) == 1).params

    # Every trial is one experiment, with its parameters and scores.
    shown = pd.read_csv(io.StringIO(run(checkout, "dvc", "exp", "show", "-A", "--csv"))).set_index("Experiment")
    assert experiment_names(checkout) == sorted(trial.user_attrs["experiment"] for trial in trials)
    for trial in trials:
        row = shown.loc[trial.user_attrs["experiment"]]
        assert row[FRACTION] == pytest.approx(trial.params[FRACTION])
        for budget, value in trial.intermediate_values.items():
            assert row[f"data/scores/dqn/0/{budget}.json:mean_return"] == value

    # What trials and rungs have in common has been run once.
    logs = [path for path in log.parent.iterdir() if path.name != log.name]
    ran = Counter(stage for path in [*logs, log] for stage in stages_in_log(path).ran)
    assert ran["collect@dqn-0"] == ran["train@dqn-0-milestone0"] == 1
    assert ran["reanalyze@dqn-0-milestone0"] <= 2
    promoted = sum(200 in trial.intermediate_values for trial in trials)
    assert ran["train@dqn-0-milestone1"] == min(promoted, 1) and ran["reanalyze@dqn-0-milestone1"] <= promoted

    folder = checkout / "data/sweeps/tiny"
    assert {"trials.csv", "rungs.png", "slices_first_rung.svg"} <= {path.name for path in folder.iterdir()}


def test_again_it_runs_nothing(checkout):
    before = experiment_names(checkout)
    assert "2 of 2 trials are done" in run(checkout, *COMMAND)
    assert experiment_names(checkout) == before


def test_the_best_is_applied(checkout):
    study = optuna.load_study(study_name="tiny", storage=f"sqlite:///{checkout}/data/sweeps/tiny/study.db")
    if not any(trial.state == optuna.trial.TrialState.COMPLETE for trial in study.get_trials()):
        assert "no trial is finished" in run(checkout, *COMMAND, "--apply", expect=2)
        return
    said = run(checkout, *COMMAND, "--apply")
    best = study.best_trial.params[FRACTION]
    profile = yaml.safe_load((checkout / "conf/profile/smoke.yaml").read_text())
    assert profile["finishing"]["updates_fraction"] == best
    assert f"profile smoke: {FRACTION} 0.2 -> {best}" in said


def test_errors_are_sentences(checkout):
    run(checkout, "git", "checkout", "-q", "conf/profile", "params.yaml")  # what was applied, and is not committed
    (checkout / "conf/sweep/tiny.yaml").write_text(yaml.safe_dump({**TINY, "objective": "area"}, sort_keys=False))
    said = run(checkout, *COMMAND, expect=2)
    assert "begun with objective score, and it is area now" in said and "Traceback" not in said
