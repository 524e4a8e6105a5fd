"""Sending a version of a model to where others fetch it."""

from __future__ import annotations

from pathlib import Path

from efficientzero.experiments.experiment import git
from efficientzero.experiments.registry.register import Version
from efficientzero.experiments.registry.revision import RegistrationError


def push_version(repository: Path, version: Version, git_remote: str = "origin") -> None:
    """Sends the network to the default DVC remote, then the tag to a Git remote.

    Raises:
        RegistrationError: one of them is not there or refuses.
    """
    from dvc.exceptions import DvcException  # takes a second
    from dvc.repo import Repo

    if git_remote not in git(repository, "remote").split():
        raise RegistrationError(
            f"there is no Git remote {git_remote!r} to push the tag to; `git remote add {git_remote} <URL>`, or name "
            "another with --git-remote"
        )
    with Repo(str(repository)) as repo:
        if not repo.config.load_one("repo").get("core", {}).get("remote"):
            raise RegistrationError(
                "there is no default DVC remote in .dvc/config, where others find it; "
                "`dvc remote add -d storage <folder or URL>` makes one"
            )
        try:
            repo.push(targets=[f"models/{version.name}/network.dvc"], revs=[version.commit], workspace=False)
        except (DvcException, OSError) as error:
            raise RegistrationError(f"pushing the network to the default DVC remote failed: {error}") from None
    git(repository, "push", "--quiet", git_remote, f"refs/tags/{version.tag}")
