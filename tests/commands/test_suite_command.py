"""The command `suite`: what is wrong is said before anything is run or written."""

from pathlib import Path

import pytest
from experiments.checkouts import EFFICIENTZERO, make_checkout, run

from efficientzero.commands.suite import nothing_found
from efficientzero.experiments.experiment import Experiment
from efficientzero.experiments.suite import Member, Suite


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return make_checkout(tmp_path_factory.mktemp("suite") / "checkout")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Alein"], "did you mean Alien"),
        (["Alien", "-S", "agents=[dqm]"], "did you mean dqn"),
        (["Alien", "-S", "game=Pong"], "-S game: a suite sets it itself"),
        (["Alien", "-S", "game"], "expected key=value"),
        (["Alien", "--jobs", "0"], "--jobs: 0: expected a whole number of at least 1"),
        (["Alien", "--ray"], "no default one: `dvc remote add"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(checkout, arguments, sentence):
    told = run(checkout, *EFFICIENTZERO, "suite", *arguments, expect=2)
    assert sentence in told and "Traceback" not in told
    assert run(checkout, "git", "for-each-ref", "refs/exps") == ""


@pytest.mark.slow
def test_what_is_not_committed_is_not_run(checkout):
    readme = checkout / "README.md"
    before = readme.read_text()
    readme.write_text(before + "more\n")
    told = run(checkout, *EFFICIENTZERO, "suite", "Alien", expect=2)
    assert "README.md" in told and "commit" in told and "Traceback" not in told
    readme.write_text(before)


@pytest.mark.slow
def test_nothing_to_gather(checkout):
    told = run(checkout, *EFFICIENTZERO, "suite", "Alien", "--gather-only", expect=1)
    assert "1 experiment: 1 waiting" in told and "There is nothing to report: none" in told


@pytest.mark.slow
def test_a_suite_that_is_running_is_not_run_twice(checkout):
    with Suite("Alien", (), {}, "", checkout / "data" / "suites" / "Alien").running():
        told = run(checkout, *EFFICIENTZERO, "suite", "Alien", expect=2)
        assert "Alien: this suite is running already" in told and "Traceback" not in told
        told = run(checkout, *EFFICIENTZERO, "suite", "Alien", "-S", "profile=smoke", "--gather-only", expect=1)
        assert "with -S profile=smoke." in told and "running already" not in told


def test_the_message_names_what_was_looked_for():
    members = (Member("Pong", 0, Experiment("atari-Pong-seed0-abc"), 5, Path("log")),)
    told = nothing_found(Suite("atari", members, {"profile": "smoke", "agents": ["dqn"]}, "0123456789", Path()))
    assert "atari-Pong-seed0-abc" in told and "commit 0123456 with -S profile=smoke -S agents=[dqn]." in told
    assert "`efficientzero compare NAME ...`" in told
    assert "commit 0123456 with no -S." in nothing_found(Suite("atari", members, {}, "0123456789", Path()))
