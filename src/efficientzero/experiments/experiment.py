"""One DVC experiment, run from Python: DVC has no call for it, so it is a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.composition import hydra_value
from efficientzero.experiments.git import experiment_names, experiment_references, git

GUARD = Path(__file__).with_name("guard.py")
LAST_LINES = 12
ATTEMPTS = 3
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # of what has a folder, and whose experiments' names begin so
NAMELESS = re.compile(r"exp-[0-9a-f]{5}")  # DVC's own where it knows no name
RAN = re.compile(r"^Running stage '([^']+)'", re.MULTILINE)
CACHED = re.compile(r"^Stage '([^']+)' is cached", re.MULTILINE)
UNCHANGED = re.compile(r"^Stage '([^']+)' didn't change", re.MULTILINE)


@dataclass(frozen=True)
class Experiment:
    """What `dvc exp run -n name -S key=value ...` would run.

    Args:
        name: letters, digits, ``_``, ``-`` and ``.``; new among the experiments of all commits.
        overrides: parameters by their dotted names, such as ``{"profile": "smoke", "seeds": [0, 1]}``; Hydra's group
            choices (``profile``) among them. Values are bools, numbers, strings, None, and lists of them.
    """

    name: str
    overrides: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self) -> list[str]:
        """The options ``-S key=value`` of `dvc exp run`."""
        return [part for key, value in self.overrides.items() for part in ("-S", f"{key}={hydra_value(value)}")]


@dataclass(frozen=True)
class Stages:
    """The names of an experiment's stages, such as ``train@dqn-0-milestone1``, by what DVC did with each."""

    ran: tuple[str, ...] = ()  # executed; the last of them may be running still
    cached: tuple[str, ...] = ()  # taken from the run cache
    unchanged: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        return len(self.ran) + len(self.cached) + len(self.unchanged)


def run_experiment(experiment: Experiment, repository: Path, *, log: Path, pull: bool = False) -> Stages:
    """Runs an experiment in a temporary checkout of `repository`, with this Python environment, to its end.

    It runs the code of the commit that `repository` is at, with the uncommitted changes to tracked files, and its own
    compiled modules; the checkout itself is as before afterwards. If this process ends, in whatever way, or is
    interrupted, so does the experiment; what its finished stages wrote is in DVC's run cache and is not run again.

    Args:
        repository: the root of a checkout. log: a file for DVC's output, replaced if it is there.
        pull: fetch from the DVC remote what it has of stages that ran elsewhere.

    Raises:
        ExperimentError: the name is taken or no name, or a stage or DVC failed; then it shows DVC's last lines and says
            where all of them are.
    """
    name = experiment.name
    if not NAME.fullmatch(name):
        raise ExperimentError(f"{name!r}: an experiment's name is letters, digits, '_', '-' and '.'")
    if name in experiment_names(repository):
        raise ExperimentError(f"{name}: there is an experiment of that name; `dvc exp remove {name}` removes it")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dvc", "exp", "run", "--temp", "-n", name, *(["--pull"] if pull else [])]
    guard = [sys.executable, "-P", str(GUARD), str(repository.resolve()), name, str(log.resolve())]
    for _ in range(ATTEMPTS):
        status = _wait_for([*guard, *command, *experiment.arguments()])
        # DVC takes its lock once more after all is recorded, and may fail at that. And a run that ends just when this
        # one has been prepared may take it over: then this one ends without an error and without a result.
        recorded = name in experiment_names(repository)
        if recorded or status != 0:
            break
    _remove_nameless_copies(repository)
    if not recorded:
        lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        last = "\n".join(f"  {line}" for line in lines[-LAST_LINES:])
        raise ExperimentError(
            f"{name}: the experiment failed (exit status {status}); the last lines of {log}:\n{last}\n"
            "Stages that had finished are in the run cache and are not run again."
        )
    return stages_in_log(log)


def _wait_for(guard: list[str]) -> int:
    process = subprocess.Popen(guard, stdin=subprocess.PIPE, env=_environment(), start_new_session=True)
    try:
        return process.wait()
    finally:  # interrupted: the closed pipe tells the guard
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def stages_in_log(log: Path) -> Stages:
    """What DVC has done so far, by its output; nothing yet if there is none."""
    said = log.read_text(errors="replace") if log.exists() else ""
    return Stages(*(tuple(pattern.findall(said)) for pattern in (RAN, CACHED, UNCHANGED)))


def _remove_nameless_copies(repository: Path) -> None:
    """Removes experiments without a name whose commit and parameters are those of one that has a name.

    A run that takes over another one, prepared just when it ended, may lose the other's name.
    """
    found = {reference: name for name, reference in experiment_references(repository)}
    parameters = {
        reference: (Path(reference).parent, git(repository, "rev-parse", f"{reference}:params.yaml"))
        for reference in found
    }
    named = {parameters[reference] for reference, name in found.items() if not NAMELESS.fullmatch(name)}
    for reference, name in found.items():
        if NAMELESS.fullmatch(name) and parameters[reference] in named:
            git(repository, "update-ref", "-d", reference)


def _environment() -> dict[str, str]:
    """The environment of a process that runs DVC: this Python comes first, and nothing of a stage this runs under."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DVC_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return {**kept, "PATH": path, "VIRTUAL_ENV": sys.prefix}
