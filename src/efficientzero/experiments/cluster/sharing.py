"""Where the machines of a cluster meet: a commit in a Git repository that all reach, and a DVC remote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.git import git, head


@dataclass(frozen=True)
class Meeting:
    """``git``: URL or path of a repository with the commit, where finished experiments are pushed to; ``remote``: the
    name of the DVC remote, ``settings``: its settings, ``url`` among them, with absolute paths."""

    git: str
    commit: str
    remote: str
    settings: dict[str, Any]


def check_meeting(repository: Path, url: str | None = None) -> Meeting:
    """What the machines need to know to share results with this checkout.

    Args:
        repository: a checkout. url: URL or path of a repository with its commit; None is the checkout's own path.

    Raises ExperimentError: there is no default DVC remote, or the Git repository is out of reach.
    """
    from dvc.repo import Repo  # takes a second

    with Repo(str(repository)) as dvc:
        name = dvc.config["core"].get("remote")
        settings = dict(dvc.config["remote"].get(name, {}))
    if not settings:
        raise ExperimentError(
            "the machines of a cluster share results through a DVC remote, and this checkout has no default one: "
            "`dvc remote add --local -d storage <folder or URL that all of them reach>`"
        )
    meeting = Meeting(url or str(repository.resolve()), head(repository), name, settings)
    fetch_experiments(meeting, repository)
    return meeting


def fetch_experiments(meeting: Meeting, repository: Path) -> None:
    """Brings the names and parameters of the commit's experiments from the shared repository; their data is DVC's.

    Raises ExperimentError if the repository cannot be reached.
    """
    if meeting.git != str(repository.resolve()):
        references = _reference("*", meeting)
        git(repository, "fetch", "--quiet", "--no-tags", meeting.git, f"{references}:{references}")


def use_remote(meeting: Meeting, checkout: Path) -> None:
    """Makes the shared DVC remote the default one of a clone."""
    from dvc.config import Config

    with Config(str(checkout / ".dvc")).edit("local") as config:
        config["core"]["remote"] = meeting.remote
        config["remote"][meeting.remote] = meeting.settings


def push_results(revision: str, checkout: Path) -> None:
    """Pushes an experiment's data to the shared remote, and then what says which stages made it.

    In this order, so that no other machine finds a stage done whose results are not there. (`dvc push --run-cache` does
    both at once, and the data only of what is in the workspace.)
    """
    from dvc.repo import Repo

    with Repo(str(checkout)) as dvc:
        dvc.push(revs=[revision], workspace=False)
        dvc.stage_cache.push(None)


def push_experiment(name: str, meeting: Meeting, checkout: Path) -> None:
    """Pushes an experiment's name and parameters to the shared repository; for when its data is there.

    It replaces one of the same name: what a machine had pushed before it was lost.
    """
    reference = _reference(name, meeting)
    git(checkout, "push", "--quiet", "--force", meeting.git, f"{reference}:{reference}")


def remove_pushed(names: Sequence[str], meeting: Meeting, checkout: Path) -> None:
    """Removes experiments from the shared repository; those that are not there are ignored."""
    found = [name for name in names if is_pushed(name, meeting, checkout)]
    if found:
        git(checkout, "push", "--quiet", meeting.git, *(f":{_reference(name, meeting)}" for name in found))


def is_pushed(name: str, meeting: Meeting, checkout: Path) -> bool:
    """Whether the shared repository has the experiment."""
    return bool(git(checkout, "ls-remote", meeting.git, _reference(name, meeting)).strip())


def _reference(name: str, meeting: Meeting) -> str:
    return f"refs/exps/{meeting.commit[:2]}/{meeting.commit[2:]}/{name}"
