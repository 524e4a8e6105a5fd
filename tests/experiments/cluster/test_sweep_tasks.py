"""A sweep by two workers on a real Ray cluster of two nodes and a real PostgreSQL server; one node dies half-way."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import optuna
import pytest
import yaml
from experiments.checkouts import ENVIRONMENT, make_checkout, run
from experiments.cluster.two_nodes import kill, two_nodes, under
from experiments.noted import note_commands, noted_commands
from experiments.sweep import postgresql_server
from optuna.trial import TrialState

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster.head import Share, run_sweep_on_cluster
from efficientzero.experiments.cluster.sharing import Meeting
from efficientzero.experiments.git import experiment_names
from efficientzero.experiments.sweep.study import counted

SECONDS = 900  # until the test gives up
TINY = {
    "agent": "dqn",
    "overrides": {"profile": "smoke", "game": "minatar/breakout", "milestones.env_steps": 200},
    "objective": "score",
    "trials": 3,
    "pruner": {"name": "NopPruner"},
    "space": {"agent.dqn.learning.learning_rate": {"type": "float", "low": 1e-5, "high": 1e-2, "log": True}},
}
HEAD = """
import sys
from pathlib import Path
from efficientzero.experiments.cluster.head import Share, connect, run_sweep_on_cluster
from efficientzero.experiments.cluster.sharing import check_meeting
from efficientzero.experiments.sweep.definition import load_sweep
from efficientzero.experiments.sweep.study import open_storage, open_study

address, url = sys.argv[1:]
repository = Path()
open_study("tiny", load_sweep("tiny", repository), open_storage(url, 5), repository)
meeting = check_meeting(repository)
connect(address, Share())
order = {"sweep": "tiny", "study": "tiny", "storage": url, "trials": 3, "heartbeat": 5, "overrides": {}}
print(run_sweep_on_cluster(order, 2, repository, meeting, Share(), lambda: None))
"""


def half_way(commands, checkout):
    """Whether a node trains for the second milestone of a trial whose first is pushed."""
    commands = list(commands)
    trials = {found[1] for found in map(re.compile(r"dvc exp run .* -n tiny-t(\d+)-200 ").search, commands) if found}
    trains = any("stages/train.py" in command and "--from 100" in command for command in commands)
    return trains and any(f"tiny-t{trial}-100" in experiment_names(checkout) for trial in trials)


def test_a_database_in_a_file_is_refused():
    order = {"study": "tiny", "storage": "sqlite:///study.db"}
    with pytest.raises(ExperimentError, match="need a database server; expected postgresql"):
        run_sweep_on_cluster(order, 2, Path(), Meeting("here", "0" * 40, "shared", {}), Share(), lambda: None)


@pytest.mark.slow
@pytest.mark.skipif("EFFICIENTZERO_LONG_TESTS" not in os.environ, reason="set EFFICIENTZERO_LONG_TESTS: some minutes")
@pytest.mark.skipif(postgresql_server.missing() is not None, reason=str(postgresql_server.missing()))
def test_workers_on_several_nodes_share_a_study(tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    (checkout / "conf" / "sweep" / "tiny.yaml").write_text(yaml.safe_dump(TINY, sort_keys=False))
    run(checkout, "git", "add", "conf/sweep/tiny.yaml")
    notes = note_commands(checkout, tmp_path / "notes")
    run(checkout, "dvc", "remote", "add", "--local", "-d", "shared", str(tmp_path / "remote"))
    environment = {**ENVIRONMENT, "PYTHONPATH": str(checkout / "src")}
    told = tmp_path / "told"
    with two_nodes() as (nodes, second), postgresql_server.server() as url, open(told, "w") as output:
        head = subprocess.Popen(
            [sys.executable, "-c", HEAD, nodes.address, url],
            cwd=checkout, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            until = time.monotonic() + SECONDS
            while not half_way(under(second).values(), checkout):
                assert head.poll() is None and time.monotonic() < until, told.read_text()
                time.sleep(0.2)
            kill(nodes, second)
            assert head.wait(SECONDS) == 0, told.read_text()
        finally:
            head.kill()
        study = optuna.load_study(study_name="tiny", storage=url)
        every = study.get_trials()

    assert "[]" in told.read_text().splitlines()  # no worker ended with an error
    trials = counted(every)
    assert len(every) == len(trials) + 1  # the lost one and its retry
    assert len(trials) in (3, 4)  # two workers may begin the last one at once
    assert {trial.state for trial in trials} == {TrialState.COMPLETE}
    assert experiment_names(checkout) == sorted({trial.user_attrs["experiment"] for trial in trials})
    lost = next(trial for trial in every if trial not in trials)
    assert any(trial.params == lost.params for trial in trials)
    # No two trials share a stage. The lost one's first milestone was pushed, and is not run again.
    times = Counter(noted_commands(notes))
    first = [line for line in times if line.startswith("collect") or "100" in line.split()[-1]]
    assert len(first) == 4 and {times[line] for line in first} == {len(trials)}, times
    second_milestone = [line for line in times if line.split()[-1:] == ["200"]]
    assert len(second_milestone) == 3
    assert sum(times[line] for line in second_milestone) <= 3 * (len(trials) + 1)  # that of the lost trial
