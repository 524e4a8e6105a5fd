"""The command: what is wrong is said before anything is run or written."""

import pytest
from experiments.checkouts import make_checkout, run

from efficientzero.experiments.suite import running


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
        (["Alien", "--jobs", "0"], "--jobs 0: at least 1"),
        (["Alien", "--ray"], "no default one: `dvc remote add"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(checkout, arguments, sentence):
    told = run(checkout, "sh", "stages/run", "suite", *arguments, expect=2)
    assert sentence in told and "Traceback" not in told
    assert run(checkout, "git", "for-each-ref", "refs/exps") == ""


@pytest.mark.slow
def test_what_is_not_committed_is_not_run(checkout):
    readme = checkout / "README.md"
    before = readme.read_text()
    readme.write_text(before + "more\n")
    told = run(checkout, "sh", "stages/run", "suite", "Alien", expect=2)
    assert "README.md" in told and "commit" in told and "Traceback" not in told
    readme.write_text(before)


@pytest.mark.slow
def test_nothing_to_gather(checkout):
    told = run(checkout, "sh", "stages/run", "suite", "Alien", "--gather-only", expect=1)
    assert "1 experiment: 1 waiting" in told and "There is nothing to report: none" in told


@pytest.mark.slow
def test_a_suite_that_is_running_is_not_run_twice(checkout):
    with running(checkout / "data" / "suites" / "Alien"):
        told = run(checkout, "sh", "stages/run", "suite", "Alien", expect=2)
        assert "Alien: this suite is running already" in told and "Traceback" not in told
        told = run(checkout, "sh", "stages/run", "suite", "Alien", "-S", "profile=smoke", "--gather-only", expect=1)
        assert "with -S profile=smoke." in told and "running already" not in told
