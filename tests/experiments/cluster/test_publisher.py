"""A clone's experiments are pushed as they come and go, whatever fails in between."""

import time

import pytest
from experiments.checkouts import run

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster import sharing
from efficientzero.experiments.cluster.sharing import Meeting
from efficientzero.experiments.cluster.task import Publisher, repeated
from efficientzero.experiments.git import experiment_names, remove_experiments


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone, beside the shared repository; its experiments have no data."""
    monkeypatch.setattr(sharing, "push_results", lambda name, checkout: None)
    run(tmp_path, "git", "init", "-q", "--bare", "shared")
    run(tmp_path, "git", "init", "-q", "clone")
    folder = tmp_path / "clone"
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    run(folder, "git", *identity, "commit", "-q", "--allow-empty", "-m", "start")
    return folder


def meeting(clone):
    return Meeting(str(clone.parent / "shared"), run(clone, "git", "rev-parse", "HEAD").strip(), "storage", {})


def finish(name, clone):
    commit = meeting(clone).commit
    run(clone, "git", "update-ref", f"refs/exps/{commit[:2]}/{commit[2:]}/{name}", commit)


def published(clone, pushed, seconds=0.02):
    """Notes in `pushed` what is pushed meanwhile."""
    return repeated(Publisher(meeting(clone), clone, pushed.append).look, seconds)


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_an_experiment_replaced_while_it_is_pushed_does_not_stop_the_others(clone, monkeypatch):
    def push_results(name, checkout):
        if name == "trial-50":  # its next rung is done before its data has been pushed
            finish("trial-100", clone)
            remove_experiments(["trial-50"], clone)

    monkeypatch.setattr(sharing, "push_results", push_results)
    pushed = []
    with published(clone, pushed):
        finish("trial-50", clone)
        until(lambda: pushed == ["trial-100"])
        finish("other", clone)
        until(lambda: pushed == ["trial-100", "other"])
    assert experiment_names(clone.parent / "shared") == ["other", "trial-100"]


def test_a_push_that_fails_is_tried_again_and_others_do_not_wait_for_it(clone, monkeypatch):
    attempts = []

    def push_results(name, checkout):
        attempts.append(name)
        if name == "a" and attempts.count("a") < 4:
            raise OSError("the network is away")

    monkeypatch.setattr(sharing, "push_results", push_results)
    pushed = []
    both = published(clone, pushed)
    finish("a", clone)
    finish("b", clone)
    with both:
        until(lambda: pushed == ["b", "a"])
    assert attempts.count("a") == 4 and attempts.count("b") == 1
    assert experiment_names(clone.parent / "shared") == ["a", "b"]


def test_what_could_not_be_pushed_at_the_end_is_said(clone):
    shared = clone.parent / "shared"
    pushed = []
    with pytest.raises(ExperimentError, match="git push"), published(clone, pushed):
        shared.rename(clone.parent / "away")
        finish("a", clone)
    assert pushed == []


def test_an_experiment_that_goes_while_it_is_pushed_at_the_end_is_no_error(clone, monkeypatch):
    monkeypatch.setattr(sharing, "push_results", lambda name, checkout: remove_experiments([name], checkout))
    pushed = []
    with published(clone, pushed, seconds=60.0):  # the look at the end is the only one
        finish("a", clone)
    assert pushed == []
