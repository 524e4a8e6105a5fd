"""Several experiments at a time on this machine, by one process."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from experiments.checkouts import EFFICIENTZERO, make_checkout, run
from experiments.noted import note_commands, noted_commands

import efficientzero
from efficientzero.experiments import ExperimentError, suite
from efficientzero.experiments.experiment import Experiment, Stages
from efficientzero.experiments.git import experiment_names
from efficientzero.experiments.suite import Member, State, Suite, run_here


def made_up(number):
    return Member("Pong", number, Experiment(f"suite-Pong-seed{number}"), 1, Path("log"))


def made_up_suite(*members):
    return Suite("made_up", members, {}, "0" * 40, Path("made_up"))


def test_no_more_at_a_time_than_asked_for_and_a_failure_stops_nothing(monkeypatch):
    lock, running, most = threading.Lock(), 0, 0

    def run_experiment(experiment, repository, log):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        if experiment.name.endswith("3"):
            raise ExperimentError("seed 3 is bad")
        return Stages(("collect",), (), ())

    monkeypatch.setattr(suite, "run_experiment", run_experiment)
    several = [made_up(number) for number in range(8)]
    several[5].state = State.PRESENT
    refreshed = []
    run_here(made_up_suite(*several), Path(), 2, lambda: refreshed.append(True))
    assert most == 2 and refreshed
    states = [status.state for status in several]
    assert states[3] == State.FAILED and several[3].error == "seed 3 is bad"
    assert states[5] == State.PRESENT and not several[5].stages.ran
    assert states.count(State.FINISHED) == 6


def test_a_fault_of_the_program_is_not_taken_for_a_failed_experiment(monkeypatch):
    def run_experiment(experiment, repository, log):
        raise ZeroDivisionError

    monkeypatch.setattr(suite, "run_experiment", run_experiment)
    with pytest.raises(ZeroDivisionError):
        run_here(made_up_suite(made_up(0)), Path(), 1, lambda: None)


@pytest.mark.long
def test_two_games_with_two_seeds_on_two_workers(tmp_path):
    """One of the four fails at first, as a full disk would have it; again, only that one is run; again, none."""
    checkout = make_checkout(tmp_path / "checkout")
    repaired = tmp_path / "repaired"
    broken = f"grep -q minatar/freeway params.yaml && grep -A1 ^seeds params.yaml | grep -q 1 && [ ! -e {repaired} ]"
    notes = note_commands(checkout, tmp_path / "notes", f'if [ "$stage" = train ] && {broken}; then exit 1; fi')
    games = ["minatar/breakout", "minatar/freeway"]
    command = [*EFFICIENTZERO, "suite", *games, "--seeds", "0", "1", "--jobs", "2", "--name", "four"]
    command += ["-S", "profile=smoke", "-S", "agents=[dqn]", "-S", "milestones.env_steps=100"]

    told = run(checkout, *command, expect=1)
    assert "4 experiments: 1 failed, 3 finished" in told
    assert "without the 1 that are missing" in told and "exit status" in told
    assert len(experiment_names(checkout)) == 3
    executed = noted_commands(notes)
    assert executed.count("train --agent dqn --seed 0 --from 0 --milestone 100") == 2

    repaired.touch()
    told = run(checkout, *command)
    assert "4 experiments: 1 finished, 3 there already" in told
    again = noted_commands(notes)[len(executed) :]
    assert again == [
        "train --agent dqn --seed 1 --from 0 --milestone 100",
        "reanalyze --agent dqn --seed 1 --milestone 100",
        "evaluate --agent dqn --seed 1 --milestone 100",
        "scaling",
    ]  # not `collect`, which had been run

    executed = noted_commands(notes)
    run(checkout, *command)
    again = noted_commands(notes)[len(executed) :]
    assert again == []
    report = checkout / "data" / "suites" / "four"
    assert len((report / "scores.csv").read_text().splitlines()) == 1 + 4
    assert (report / "report.html").is_file()
    assert run(checkout, "git", "status", "--porcelain") == ""


HOLD = """
import sys
from pathlib import Path
from efficientzero.experiments.suite import Suite
with Suite("minatar", (), {}, "", Path(sys.argv[1])).running():
    print("held", flush=True)
    sys.stdin.read()
"""


def running(folder):
    return Suite(folder.name, (), {}, "", folder).running()


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path):
    folder = tmp_path / "suites" / "minatar"
    command = [sys.executable, "-c", HOLD, str(folder)]
    environment = {"PYTHONPATH": str(Path(efficientzero.__file__).parents[1])}
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert first.stdout is not None and first.stdout.readline() == b"held\n"
    with pytest.raises(ExperimentError, match="minatar: this suite is running already; --gather-only"), running(folder):
        pass
    with running(tmp_path / "suites" / "atari26"):
        pass
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with running(folder):
        pass
    with running(folder):  # given back on leaving
        pass
