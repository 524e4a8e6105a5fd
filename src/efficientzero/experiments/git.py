"""Git, and the experiments that DVC keeps as its references."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from efficientzero.experiments import ExperimentError

EXPERIMENT = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/(\S+)")


def git(repository: Path, *arguments: str, content: str = "", variables: Mapping[str, str] | None = None) -> str:
    """What a Git command prints, given `content` on its input and further environment variables.

    Raises ExperimentError if it fails.
    """
    result = subprocess.run(
        ["git", *arguments], cwd=repository, env={**os.environ, **(variables or {})}, input=content,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode != 0:
        raise ExperimentError(f"{repository}: `git {' '.join(arguments)}` failed: {result.stderr.strip()}")
    return result.stdout


def head(repository: Path) -> str:
    """The full hash of the commit that a checkout is at."""
    return git(repository, "rev-parse", "HEAD").strip()


def experiment_references(repository: Path) -> list[tuple[str, str]]:
    """Names and Git references of all experiments of all commits."""
    found = git(repository, "for-each-ref", "--format=%(refname)", "refs/exps/").splitlines()
    return [(match[1], match[0]) for match in map(EXPERIMENT.fullmatch, found) if match]


def experiment_names(repository: Path) -> list[str]:
    """The names of all experiments of all commits, sorted."""
    return sorted(name for name, _ in experiment_references(repository))


def remove_experiments(names: Sequence[str], repository: Path) -> None:
    """Removes experiments by name, of whatever commit, as `dvc exp remove` does; names that are not there are ignored.

    Their outputs stay in DVC's cache until `dvc gc`.
    """
    for name, reference in experiment_references(repository):
        if name in names:
            git(repository, "update-ref", "-d", reference)
