"""Finished agents as versioned DVC artifacts: a Git tag for each version, a folder that `dvc artifacts get` downloads.

A version is a commit of its own on top of the one whose results it holds, and only its tag points there: it adds the
artifact's entry to dvc.yaml and a folder ``models/<name>/`` with the parameters and the network. So nothing in the
workspace or on a branch changes, and the results of an experiment that was never applied can be registered as well.
"""

from __future__ import annotations

import io
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.git import git
from efficientzero.experiments.model import Model

VERSION = re.compile(r"v\d+\.\d+\.\d+")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")  # GTO's, without folders
NOT_META = ("profile", "network")


@dataclass(frozen=True)
class Version:
    """A registered version; ``tag`` is ``<name>@<version>`` and points to ``commit``. ``new``: made just now."""

    name: str
    tag: str
    commit: str
    new: bool


def register_model(repository: Path, model: Model, name: str | None = None, version: str | None = None) -> Version:
    """Makes the commit and the tag of a model; what is registered already stays as it is and is returned.

    Args:
        name: letters, digits, ``-`` and ``_``; game and agent if not given. version: such as ``v1.0.0``; that of the
            last version, one patch higher, if not given.

    Raises:
        ExperimentError: the name or version cannot be had.
    """
    name = name or f"{model.game.replace('/', '-')}-{model.agent}"
    if not NAME.fullmatch(name):
        raise ExperimentError(
            f"--name {name!r}: a model's name is letters, digits, '-' and '_', with a letter or digit at both ends"
        )
    if version and not VERSION.fullmatch(version):
        raise ExperimentError(f"--version {version!r}: a version is three numbers, such as v1.0.0")
    try:
        git(repository, "var", "GIT_COMMITTER_IDENT")
    except ExperimentError:
        raise ExperimentError(
            "Git does not know who you are, which a tag says; `git config user.name NAME` and `git config user.email "
            "ADDRESS`"
        ) from None
    commit = _commit(repository, model, name)
    tag, new = _tagged(repository, name, commit, version, model.description())
    return Version(name, tag, commit, new)


def _commit(repository: Path, model: Model, name: str) -> str:
    """The commit of a model: that of its results, with the artifact. The same model gives the same commit."""
    folder = f"models/{name}"
    artifact = {
        "path": folder,
        "type": "model",
        "desc": model.description(),
        "labels": [model.game, model.agent, model.profile],
        "meta": {key: value for key, value in asdict(model).items() if key not in NOT_META},
    }
    network = {"outs": [{**model.network, "path": "network"}]}
    files = {
        "dvc.yaml": _with_artifact(git(repository, "show", f"{model.commit}:dvc.yaml"), name, artifact),
        f"{folder}/params.yaml": git(repository, "show", f"{model.commit}:params.yaml"),
        f"{folder}/network.dvc": yaml.safe_dump(network, sort_keys=False),
        "models/.gitignore": "/*/network\n",
        # Whoever downloads the model looks for its data where the configuration at the tag says, and the remote may
        # have been added after the run.
        ".dvc/config": (repository / ".dvc" / "config").read_text(encoding="utf-8"),
    }
    person, address, moment = git(repository, "show", "-s", "--format=%cn%n%ce%n%cI", model.commit).splitlines()
    with tempfile.TemporaryDirectory() as temporary:
        variables = {"GIT_INDEX_FILE": str(Path(temporary, "index"))}
        for role in ("AUTHOR", "COMMITTER"):
            variables |= {f"GIT_{role}_NAME": person, f"GIT_{role}_EMAIL": address, f"GIT_{role}_DATE": moment}
        git(repository, "read-tree", model.commit, variables=variables)
        for path, text in files.items():
            blob = git(repository, "hash-object", "-w", "--stdin", content=text).strip()
            git(repository, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", variables=variables)
        tree = git(repository, "write-tree", variables=variables).strip()
        message = f"Register {name}\n\n{model.description()}"
        commit = git(repository, "commit-tree", tree, "-p", model.commit, content=message, variables=variables)
    return commit.strip()


def _with_artifact(pipeline: str, name: str, artifact: dict[str, Any]) -> str:
    """The text of dvc.yaml with one artifact: this one, in place of those it may have had."""
    from ruamel.yaml import YAML  # DVC's own

    parser = YAML()
    parser.preserve_quotes, parser.width = True, 10**6
    parser.indent(mapping=2, sequence=4, offset=2)
    content = parser.load(pipeline)
    content["artifacts"] = {name: artifact}
    stream = io.StringIO()
    parser.dump(content, stream)
    return stream.getvalue()


def _tagged(repository: Path, name: str, commit: str, version: str | None, message: str) -> tuple[str, bool]:
    """The tag of a commit of a model, and whether it was made now."""
    from gto import api
    from gto.exceptions import GTOException, VersionExistsForCommit

    try:
        return api.register(str(repository), name, commit, version=version, message=message).tag, True
    except VersionExistsForCommit:
        tags = git(repository, "tag", "--points-at", commit, "--list", f"{name}@*").splitlines()
        if version and f"{name}@{version}" not in tags:
            raise ExperimentError(
                f"--version {version}: this model is registered already, as {tags[0]}; `git tag -d {tags[0]}` takes "
                "that back where it was not pushed"
            ) from None
        return tags[0], False
    except GTOException as error:
        raise ExperimentError(f"{name}: Git tag not made: {error}") from None


def check_remotes(repository: Path, git_remote: str) -> None:
    """Whether there is where a version can be pushed to, before one is made.

    Raises:
        ExperimentError: there is no such Git remote, or no default DVC remote that others find too.
    """
    from dvc.repo import Repo  # takes a second

    if git_remote not in git(repository, "remote").split():
        raise ExperimentError(
            f"there is no Git remote {git_remote!r} to push the tag to; `git remote add {git_remote} <URL>`, or name "
            "another with --git-remote"
        )
    with Repo(str(repository)) as repo:
        if not repo.config.load_one("repo").get("core", {}).get("remote"):
            raise ExperimentError(
                "there is no default DVC remote in .dvc/config, where others find it; "
                "`dvc remote add -d storage <folder or URL>` makes one"
            )


def push_version(repository: Path, version: Version, git_remote: str) -> None:
    """Sends the network to the default DVC remote, then the tag to a Git remote.

    Raises:
        ExperimentError: one of them refuses.
    """
    from dvc.exceptions import DvcException  # takes a second
    from dvc.repo import Repo

    with Repo(str(repository)) as repo:
        try:
            repo.push(targets=[f"models/{version.name}/network.dvc"], revs=[version.commit], workspace=False)
        except (DvcException, OSError) as error:
            raise ExperimentError(f"pushing the network to the default DVC remote failed: {error}") from None
    git(repository, "push", "--quiet", git_remote, f"refs/tags/{version.tag}")
