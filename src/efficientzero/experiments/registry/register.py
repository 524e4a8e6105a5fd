"""A version of a model: its commit and its tag."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from efficientzero.experiments.experiment import ExperimentError, git
from efficientzero.experiments.registry.model import Model
from efficientzero.experiments.registry.revision import RegistrationError

VERSION = re.compile(r"v\d+\.\d+\.\d+")
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?")  # GTO's, without folders
NOT_META = ("profile", "network")


@dataclass(frozen=True)
class Version:
    """A registered version; ``tag`` is ``<name>@<version>`` and points to ``commit``. ``new``: made just now."""

    name: str
    version: str
    tag: str
    commit: str
    new: bool


def register_model(repository: Path, model: Model, name: str | None = None, version: str | None = None) -> Version:
    """Makes the commit and the tag of a model; what is registered already stays as it is and is returned.

    Args:
        name: letters, digits, ``-`` and ``_``; game and agent if not given. version: such as ``v1.0.0``; that of the
            last version, one patch higher, if not given.

    Raises:
        RegistrationError: the name or version cannot be had.
    """
    name = name or f"{model.game.replace('/', '-')}-{model.agent}"
    if not NAME.fullmatch(name):
        raise RegistrationError(
            f"--name {name!r}: a model's name is letters, digits, '-' and '_', with a letter or digit at both ends"
        )
    if version and not VERSION.fullmatch(version):
        raise RegistrationError(f"--version {version!r}: a version is three numbers, such as v1.0.0")
    try:
        git(repository, "var", "GIT_COMMITTER_IDENT")
    except ExperimentError:
        raise RegistrationError(
            "Git does not know who you are, which a tag says; `git config user.name NAME` and `git config user.email "
            "ADDRESS`"
        ) from None
    commit = _commit(repository, model, name)
    tag, new = _tagged(repository, name, commit, version, model.description())
    return Version(name, tag.rpartition("@")[2], tag, commit, new)


def _commit(repository: Path, model: Model, name: str) -> str:
    """The commit of a model: that of its results, with the artifact. The same model gives the same commit."""
    folder = f"models/{name}"
    pipeline = git(repository, "show", f"{model.commit}:dvc.yaml")
    network = {"outs": [{**model.network, "path": "network"}]}
    files = {
        "dvc.yaml": _with_artifact(pipeline, name, _artifact(model, folder)),
        f"{folder}/params.yaml": git(repository, "show", f"{model.commit}:params.yaml"),
        f"{folder}/network.dvc": yaml.safe_dump(network, sort_keys=False),
        "models/.gitignore": "/*/network\n",
        # Whoever downloads the model looks for its data where the configuration at the tag says, and the remote may
        # have been added after the run.
        ".dvc/config": (repository / ".dvc" / "config").read_text(encoding="utf-8"),
    }
    person, address, moment = git(repository, "show", "-s", "--format=%cn%n%ce%n%cI", model.commit).splitlines()
    with tempfile.TemporaryDirectory() as temporary:
        environment = {**os.environ, "GIT_INDEX_FILE": str(Path(temporary, "index"))}
        for role in ("AUTHOR", "COMMITTER"):
            environment |= {f"GIT_{role}_NAME": person, f"GIT_{role}_EMAIL": address, f"GIT_{role}_DATE": moment}

        def object_of(*arguments: str, content: str = "") -> str:
            """What a Git command prints that works on this index."""
            command = ["git", *arguments]
            result = subprocess.run(
                command, cwd=repository, env=environment, input=content, encoding="utf-8", capture_output=True
            )
            if result.returncode != 0:
                raise RegistrationError(f"`git {arguments[0]}` failed: {result.stderr.strip()}")
            return result.stdout.strip()

        object_of("read-tree", model.commit)
        for path, text in files.items():
            blob = object_of("hash-object", "-w", "--stdin", content=text)
            object_of("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
        message = f"Register {name}\n\n{model.description()}"
        return object_of("commit-tree", object_of("write-tree"), "-p", model.commit, content=message)


def _artifact(model: Model, folder: str) -> dict[str, Any]:
    meta = {key: value for key, value in asdict(model).items() if key not in NOT_META}
    return {
        "path": folder,
        "type": "model",
        "desc": model.description(),
        "labels": [model.game, model.agent, model.profile],
        "meta": meta,
    }


def _with_artifact(pipeline: str, name: str, artifact: dict[str, Any]) -> str:
    """The text of dvc.yaml with one artifact: this one, in place of those it may have had."""
    from ruamel.yaml import YAML  # DVC's own
    from ruamel.yaml.compat import StringIO

    parser = YAML()
    parser.preserve_quotes, parser.width = True, 10**6
    parser.indent(mapping=2, sequence=4, offset=2)
    content = parser.load(pipeline)
    content["artifacts"] = {name: artifact}
    stream = StringIO()
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
            raise RegistrationError(
                f"--version {version}: this model is registered already, as {tags[0]}; `git tag -d {tags[0]}` takes "
                "that back where it was not pushed"
            ) from None
        return tags[0], False
    except GTOException as error:
        raise RegistrationError(f"{name}: Git tag not made: {error}") from None
