"""The commit whose results are registered: found, complete, and its data at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from efficientzero.experiments.experiment import git

# What the results in dvc.lock come from; conf/ is not on it: an experiment's params.yaml is composed from it and -S.
RESULTS = ("dvc.lock", "params.yaml")
CODE = ("dvc.yaml", "stages", "src", "pyx", "setup.py")


class RegistrationError(Exception):
    """A model cannot be registered or pushed; the message says what is wrong and what to do."""


def check_committed(repository: Path) -> None:
    """Raises RegistrationError unless results and code of the workspace are those of HEAD."""
    status = git(repository, "status", "--porcelain", "--", *RESULTS, *CODE).splitlines()
    changed = [line[3:] for line in status]
    if changed:
        raise RegistrationError(
            f"{', '.join(changed[:3])}{' and more' if len(changed) > 3 else ''}: not committed, and a registered model "
            "is that of a commit; `git add -A && git commit` first, or register an experiment with --rev NAME "
            "(`dvc exp show` lists them)"
        )
    if not (repository / "dvc.lock").exists():
        raise RegistrationError(
            "dvc.lock: there is none, so nothing has been run here; run the pipeline (`make repro`) and commit, or "
            "name an experiment with --rev (`dvc exp show -A` lists them)"
        )


def resolved_commit(repository: Path, revision: str) -> str:
    """The full hash of the commit of an experiment, branch, tag or commit."""
    from dvc.exceptions import DvcException  # takes a second
    from dvc.scm import SCM, resolve_rev

    try:
        return str(resolve_rev(SCM(str(repository)), revision))
    except DvcException:
        raise RegistrationError(
            f"--rev {revision!r}: there is no such experiment or Git revision here; `dvc exp show -A` lists them"
        ) from None


def network_entry(repository: Path, commit: str, revision: str, path: str) -> dict[str, Any]:
    """What dvc.lock of a commit says of a finished network, whose data must be in the cache."""
    from dvc.repo import Repo

    lock = yaml.load(git(repository, "show", f"{commit}:dvc.lock"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    found = [out for stage in lock["stages"].values() for out in stage.get("outs", []) if out["path"] == path]
    if not found:
        raise RegistrationError(f"{revision}: its dvc.lock has no {path}; run the pipeline with `dvc repro` and commit")
    with Repo(str(repository)) as repo:
        cache = repo.cache.local
        digest = found[0]["md5"]
        whole = cache.exists(digest) and all(cache.exists(oid) for oid in _members(cache.oid_to_path(digest)))
    if not whole:
        raise RegistrationError(
            f"{revision}: the data of {path} are not in DVC's cache here; `dvc fetch` (of the checked-out commit) or "
            "`dvc exp pull` brings them"
        )
    return {key: value for key, value in found[0].items() if key != "path"}


def _members(listing: str) -> list[str]:
    """The hashes of the files of a folder, from its listing in the cache."""
    return [entry["md5"] for entry in yaml.safe_load(Path(listing).read_text(encoding="utf-8"))]
