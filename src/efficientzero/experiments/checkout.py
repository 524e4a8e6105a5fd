"""A checkout of the current commit beside the user's own, in which experiments are run while the user goes on editing.

DVC prepares every temporary run in the checkout it is started from: it stashes, composes params.yaml and resets. Over
hours of experiments that is no place where someone works, and an edit there would be in the next experiment.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock

from efficientzero.experiments.experiment import ExperimentError, git

COMPOSED = {
    "params.yaml",
    "dvc.lock",
}  # what `dvc exp run` leaves changed; composed and computed anew in every experiment


def pinned_checkout(repository: Path) -> Path:
    """A Git worktree of the commit that `repository` is at, made on first use, in its ``.dvc/tmp/checkouts``.

    It shares the cache, the experiments and the remotes of `repository`, so experiments that are run in it are those of
    `repository`.

    Raises:
        ExperimentError: tracked files have uncommitted changes, which would be left out.
    """
    changed = [line[3:] for line in git(repository, "status", "--porcelain", "--untracked-files=no").splitlines()]
    if left_out := sorted(set(changed) - COMPOSED):
        named = ", ".join(left_out[:3]) + (f" and {len(left_out) - 3} more" if len(left_out) > 3 else "")
        raise ExperimentError(
            f"{named}: not committed, and experiments run the code of a commit; `git commit` it first"
        )
    commit = git(repository, "rev-parse", "HEAD").strip()
    checkout = repository.resolve() / ".dvc" / "tmp" / "checkouts" / commit[:12]
    checkout.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(checkout.parent / "making.lock"):
        if not (checkout / ".dvc" / "config.local").exists():  # written last
            shutil.rmtree(checkout, ignore_errors=True)
            git(repository, "worktree", "prune")
            git(repository, "worktree", "add", "--quiet", "--detach", str(checkout), commit)
            _share_cache(repository, checkout)
    return checkout


def _share_cache(repository: Path, checkout: Path) -> None:
    from dvc.repo import Repo  # takes a second

    with Repo(str(repository)) as own, Repo(str(checkout)) as other, other.config.edit("local") as settings:
        settings.update(own.config.read("local"))
        settings.setdefault("cache", {})["dir"] = own.cache.local_cache_dir
