"""One experiment as a process: named, recorded, ended with whoever started it."""

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from dvc.repo import Repo
from dvc.utils.hydra import compose_and_dump
from experiments.checkouts import CHEAP, ENVIRONMENT, ROOT, make_checkout, run

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.checkout import pinned_checkout, require_remote
from efficientzero.experiments.composition import composed_text, hydra_value
from efficientzero.experiments.experiment import Experiment, run_experiment, stages_in_log
from efficientzero.experiments.git import experiment_names, remove_experiments
from efficientzero.parameters import ParameterError


@pytest.mark.parametrize(
    "value",
    [
        True,
        3,
        1e-5,
        0.25,
        None,
        "a word",
        "true",
        "1",
        'a "quoted" one',
        "a\\b",
        "a\\",
        'a\\"b',
        "é,=",
        "",
        [1, 2],
        ["a", "b c"],
    ],
)
def test_values_reach_the_parameters_as_they_are(tmp_path, value):
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("key: 0\n")
    output = tmp_path / "out.yaml"
    compose_and_dump(
        output, str(tmp_path / "conf"), None, "config", str(ROOT / "plugins"), [f"key={hydra_value(value)}"]
    )
    found = yaml.safe_load(output.read_text())["key"]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": 1}, "game: {'a': 1}: an override is"),
        ([{"a": 1}], "game: {'a': 1}: an override is"),
        (float("nan"), "game: found nan, expected a finite number"),
        ([1.0, float("-inf")], "game: found -inf, expected a finite number"),
    ],
)
def test_a_value_without_a_form_is_refused_and_its_parameter_named(value, said):
    with pytest.raises(ParameterError) as error:
        composed_text({"game": value}, ROOT)
    assert str(error.value).startswith(said)


def test_stages_are_counted_from_what_dvc_says(tmp_path):
    log = tmp_path / "log"
    assert stages_in_log(log).done == 0
    log.write_text(
        "Running stage 'collect@random-0':\n> sh stages/run collect\n"
        "Stage 'train@random-0-milestone0' is cached - skipping run, checking out outputs\n"
        "Stage 'scaling' didn't change, skipping\nmean return: Running stage 'x'\n"
    )
    stages = stages_in_log(log)
    assert stages.ran == ("collect@random-0",)
    assert stages.cached == ("train@random-0-milestone0",)
    assert stages.unchanged == ("scaling",)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return make_checkout(tmp_path_factory.mktemp("experiments") / "checkout")


def test_names(checkout):
    with pytest.raises(ExperimentError, match="name is letters"):
        run_experiment(Experiment("no name"), checkout, log=checkout / "log")
    assert experiment_names(checkout) == []


def test_uncommitted_changes_are_refused_but_those_that_dvc_leaves(checkout):
    with open(checkout / "params.yaml", "a") as file:
        file.write("# composed\n")
    assert pinned_checkout(checkout) == pinned_checkout(checkout)
    with open(checkout / "README.md", "a") as file:
        file.write("more\n")
    try:
        with pytest.raises(ExperimentError, match=r"README\.md: not committed"):
            pinned_checkout(checkout)
    finally:
        run(checkout, "git", "checkout", "-q", "README.md", "params.yaml")


@pytest.mark.parametrize("folder", ["conf/agent", "src/efficientzero", "pyx", "stages", "plugins/new folder"])
def test_new_files_of_the_code_are_refused(checkout, folder):
    new = checkout / folder / "nèw.yaml"
    new.parent.mkdir(exist_ok=True)
    new.write_text("")
    try:
        with pytest.raises(ExperimentError, match=f"{folder}/nèw.yaml: not committed"):
            pinned_checkout(checkout)
    finally:
        new.unlink()


def test_other_new_files_are_not_and_a_sweep_only_where_others_are_to_run_it(checkout):
    notes, sweep = checkout / "notes.txt", checkout / "conf" / "sweep" / "new.yaml"
    for new in (notes, sweep):
        new.write_text("")
    try:
        assert pinned_checkout(checkout)
        with pytest.raises(ExperimentError, match=r"^conf/sweep/new.yaml: not committed"):
            pinned_checkout(checkout, new_sweeps=False)
    finally:
        notes.unlink()
        sweep.unlink()


def test_a_remote_of_later_reaches_the_pinned_checkout_and_one_that_is_gone_leaves_it(checkout):
    place = pinned_checkout(checkout)
    with pytest.raises(ExperimentError, match="no default DVC remote; `dvc remote add"):
        require_remote(checkout)
    (checkout / ".dvc" / "config.local").write_text("[core]\nremote = later\n['remote \"later\"']\nurl = ../../later\n")
    try:
        require_remote(checkout)
        assert pinned_checkout(checkout) == place
        with Repo(str(place)) as dvc:
            assert dvc.config["core"]["remote"] == "later"
            assert dvc.config["remote"]["later"]["url"] == str(checkout.parent / "later")
            assert dvc.cache.local_cache_dir == str(checkout / ".dvc" / "cache")
        written = (place / ".dvc" / "config.local").stat().st_mtime_ns
        pinned_checkout(checkout)
        assert (place / ".dvc" / "config.local").stat().st_mtime_ns == written  # experiments may be reading it
    finally:
        (checkout / ".dvc" / "config.local").unlink()
    pinned_checkout(checkout)
    with Repo(str(place)) as dvc:
        assert "remote" not in dvc.config["core"] and dvc.config["remote"] == {}


@pytest.mark.slow
def test_an_experiment_leaves_the_checkout_alone_and_its_stages_are_not_run_twice(checkout):
    edited = checkout / "notes.txt"
    edited.write_text("not for Git")
    (checkout / "params.yaml").write_text("# being edited\n")
    place = pinned_checkout(checkout)
    stages = run_experiment(Experiment("first", CHEAP), place, log=checkout / "data" / "first.log")
    assert [name.split("@")[0] for name in stages.ran] == ["collect", "train", "reanalyze", "evaluate", "scaling"]
    assert experiment_names(checkout) == ["first"]
    assert (checkout / "params.yaml").read_text() == "# being edited\n" and edited.exists()
    with pytest.raises(ExperimentError, match="there is an experiment of that name"):
        run_experiment(Experiment("first", CHEAP), place, log=checkout / "data" / "first.log")

    folder = run(checkout, "git", "for-each-ref", "--format=%(refname:rstrip=1)", "refs/exps/*/*/first").strip()
    run(checkout, "git", "update-ref", f"{folder}/exp-3b047", f"{folder}/first")  # as DVC leaves one that lost its name
    run(checkout, "git", "update-ref", f"{folder}/exp-00000", "HEAD")  # of other parameters
    again = run_experiment(Experiment("second", CHEAP), place, log=checkout / "data" / "second.log")
    assert again.ran == () and len(again.cached) == 5
    assert experiment_names(checkout) == ["exp-00000", "first", "second"]
    remove_experiments(["exp-00000"], checkout)
    remove_experiments(["first", "never"], checkout)
    assert experiment_names(checkout) == ["second"]


@pytest.mark.slow
def test_a_wrong_parameter_is_named(checkout):
    wrong = Experiment("wrong", {**CHEAP, "game": "minatar/brakout"})
    with pytest.raises(ExperimentError, match="did you mean minatar/breakout"):
        run_experiment(wrong, checkout, log=checkout / "data" / "wrong.log")
    assert "wrong" not in experiment_names(checkout)


START = """
import sys
from pathlib import Path
from efficientzero.experiments.experiment import Experiment, run_experiment
overrides = {"profile": "smoke", "agents": ["dqn"], "milestones.env_steps": 3200, "evaluation.episodes": 200}
run_experiment(Experiment("killed", overrides), Path(sys.argv[1]), log=Path(sys.argv[1]) / "data" / "killed.log")
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_experiment_ends_with_the_process_that_started_it(checkout, how):
    place = pinned_checkout(checkout)
    log = place / "data" / "killed.log"
    log.unlink(missing_ok=True)
    starter = subprocess.Popen(
        [sys.executable, "-c", START, str(place)], env={**ENVIRONMENT, "PYTHONPATH": str(ROOT / "src")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # in the background it would be ignored
    )  # fmt: skip
    wait_for(lambda: stages_in_log(log).ran, 60)
    os.kill(starter.pid, how)
    starter.wait(30)
    wait_for(lambda: not processes_in(place), 30)
    ended = log.read_text()  # by the guard, not because its files are gone
    assert f"No such file or directory: '{place}" not in ended and "Ran experiment" not in ended
    wait_for(lambda: not list((place / ".dvc/tmp/exps/standalone").glob("tmp*")), 30)
    assert "killed" not in experiment_names(checkout)
    assert run(place, "git", "status", "--porcelain", "--untracked-files=no") == ""


def processes_in(folder):
    """The command lines of all processes that work in or under `folder`."""
    listed = run(ROOT, "ps", "-eo", "args").splitlines()
    return [line for line in listed if str(folder) in line]


def wait_for(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
