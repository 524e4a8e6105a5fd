"""Where machines meet."""

import pytest
from experiments.checkouts import run

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster.sharing import (
    check_meeting,
    fetch_experiments,
    is_pushed,
    push_experiment,
    remove_pushed,
    use_remote,
)
from efficientzero.experiments.cluster.task import together
from efficientzero.experiments.experiment import Stages
from efficientzero.experiments.git import experiment_names


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repository"
    folder.mkdir()
    run(folder, "git", "init", "-q")
    run(folder, "git", "config", "user.name", "test")
    run(folder, "git", "config", "user.email", "test@example.org")
    run(folder, "dvc", "init", "-q")
    run(folder, "git", "commit", "-qam", "start")
    return folder


def test_without_a_dvc_remote(repository):
    with pytest.raises(ExperimentError, match="no default one: `dvc remote add"):
        check_meeting(repository)


def test_a_git_repository_out_of_reach(repository, tmp_path):
    run(repository, "dvc", "remote", "add", "-q", "--local", "-d", "shared", "/somewhere")
    with pytest.raises(ExperimentError, match="nowhere"):
        check_meeting(repository, str(tmp_path / "nowhere"))


def test_a_clone_elsewhere_shares_the_same_remote(repository, tmp_path):
    """A relative path in the configuration is the same place for a clone in another folder."""
    run(repository, "dvc", "remote", "add", "-q", "--local", "-d", "shared", "../storage")
    run(repository, "dvc", "remote", "modify", "-q", "--local", "shared", "verify", "true")
    meeting = check_meeting(repository)
    assert meeting.git == str(repository) and meeting.remote == "shared"
    clone = tmp_path / "deep" / "below" / "clone"
    clone.parent.mkdir(parents=True)
    run(tmp_path, "git", "clone", "-q", str(repository), str(clone))
    use_remote(meeting, clone)
    assert check_meeting(clone).settings == meeting.settings
    assert str(tmp_path / "storage") in run(clone, "dvc", "remote", "list")


def test_experiments_come_and_go_by_the_shared_repository(repository, tmp_path):
    run(repository, "dvc", "remote", "add", "-q", "--local", "-d", "shared", "../storage")
    shared = tmp_path / "shared.git"
    run(tmp_path, "git", "clone", "-q", "--bare", str(repository), str(shared))
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "-q", str(shared), str(clone))
    meeting = check_meeting(repository, str(shared))
    reference = f"refs/exps/{meeting.commit[:2]}/{meeting.commit[2:]}/one"
    run(clone, "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one")
    run(clone, "git", "update-ref", reference, "HEAD")
    assert not is_pushed("one", meeting, clone)
    push_experiment("one", meeting, clone)
    assert is_pushed("one", meeting, clone) and not is_pushed("on", meeting, clone)

    run(
        clone,
        "git",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@b",
        "commit",
        "-q",
        "--amend",
        "--allow-empty",
        "-m",
        "two",
    )
    run(clone, "git", "update-ref", reference, "HEAD")
    push_experiment("one", meeting, clone)  # what a lost machine had pushed is replaced
    assert run(clone, "git", "rev-parse", "HEAD").strip() in run(clone, "git", "ls-remote", str(shared), reference)
    fetch_experiments(meeting, repository)
    assert experiment_names(repository) == ["one"]
    remove_pushed(["one", "two"], meeting, clone)
    assert not is_pushed("one", meeting, clone)


def test_the_stages_of_several_milestones():
    first = Stages(("collect", "train0", "scaling"), (), ())
    second = Stages(("train1", "scaling"), ("collect", "train0"), ())
    assert together(first, second) == Stages(("collect", "train0", "scaling", "train1"), (), ())
    assert together(Stages((), ("collect",), ()), second).cached == ("collect", "train0")
