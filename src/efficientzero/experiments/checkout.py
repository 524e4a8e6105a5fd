"""A checkout of the current commit beside the user's own, in which experiments are run while the user goes on editing.

DVC prepares every temporary run in the checkout it is started from: it stashes, composes params.yaml and resets. Over
hours of experiments that is no place where someone works, and an edit there would be in the next experiment.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.git import git, head

COMPOSED = {"params.yaml", "dvc.lock"}  # `dvc exp run` leaves them changed; made anew in every experiment
CODE = ("conf/", "src/", "pyx/", "stages/", "plugins/")  # a new file there would be left out without a word
SWEEPS = "conf/sweep/"  # is read by the sweep itself, and by no experiment


def pinned_checkout(repository: Path, *, new_sweeps: bool = True) -> Path:
    """A Git worktree of the commit that `repository` is at, made on first use, in its ``.dvc/tmp/checkouts``.

    It shares the cache, the experiments and the remotes of `repository`, so experiments that are run in it are those of
    `repository`.

    Args:
        repository: the root of a checkout. new_sweeps: whether files of conf/sweep may be new, since nothing but this
            machine reads them.

    Raises:
        ExperimentError: tracked files have uncommitted changes, or code or conf/ untracked files, which would be left
            out.
    """
    if left_out := _left_out(repository, new_sweeps):
        named = ", ".join(left_out[:3]) + (f" and {len(left_out) - 3} more" if len(left_out) > 3 else "")
        raise ExperimentError(
            f"{named}: not committed, and experiments run the code of a commit; `git commit` it first"
        )
    commit = head(repository)
    checkout = repository.resolve() / ".dvc" / "tmp" / "checkouts" / commit[:12]
    checkout.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(checkout.parent / "making.lock"):
        if not (checkout / ".dvc" / "config.local").exists():  # written last
            shutil.rmtree(checkout, ignore_errors=True)
            git(repository, "worktree", "prune")
            git(repository, "worktree", "add", "--quiet", "--detach", str(checkout), commit)
        _share_cache(repository, checkout)
    return checkout


def require_remote(repository: Path) -> None:
    """Raises ExperimentError if there is no default DVC remote to fetch from."""
    from dvc.repo import Repo

    with Repo(str(repository)) as dvc:
        if dvc.config["core"].get("remote") not in dvc.config["remote"]:
            raise ExperimentError(
                "--pull: this checkout has no default DVC remote; `dvc remote add --local -d storage <folder or URL>`"
            )


def _left_out(repository: Path, new_sweeps: bool) -> list[str]:
    """Paths that differ from the commit and that experiments would read."""
    listed = git(repository, "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all").split("\0")
    changed = {line[3:] for line in listed if line and not line.startswith("??")} - COMPOSED
    new = {line[3:] for line in listed if line.startswith("??") and line[3:].startswith(CODE)}
    return sorted(changed | {path for path in new if not (new_sweeps and path.startswith(SWEEPS))})


def _share_cache(repository: Path, checkout: Path) -> None:
    """Makes the cache and the local settings of `checkout` those of `repository`, as they are now."""
    from dvc.repo import Repo  # takes a second

    with Repo(str(repository)) as own, Repo(str(checkout)) as other:
        wanted = _absolute(own.config.read("local"))
        wanted.setdefault("cache", {})["dir"] = own.cache.local_cache_dir
        if other.config.read("local") == wanted:  # experiments may be running there
            return
        with other.config.edit("local") as settings:
            settings.clear()
            settings.update(wanted)


def _absolute(settings: dict[str, Any]) -> dict[str, Any]:
    """DVC's settings with its relative paths as absolute ones."""
    from dvc.config_schema import RelPath

    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            found[key] = _absolute(value)
        else:
            found[key] = str(Path(value).resolve()) if isinstance(value, RelPath) else value
    return found
