"""The scores of a suite's experiments as one table with its analysis, made by the stage `scaling`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from efficientzero.experiments.experiment import environment
from efficientzero.experiments.hydra_value import hydra_value
from efficientzero.experiments.suite.plan import Suite

COMMIT_DIGITS = 7
SUITES_FOLDER = Path("data", "suites")  # in the repository; Git and DVC leave it alone


class ReportError(Exception):
    """The scores could not be gathered; the message says why."""


def suite_folder(suite: Suite, repository: Path) -> Path:
    """Where the report, the logs and the list of a suite's experiments are."""
    return repository / SUITES_FOLDER / suite.name


def nothing_found(suite: Suite) -> str:
    """What was looked for, when none of a suite's experiments is there, and how those of other commits are reported."""
    overrides = " ".join(f"-S {key}={hydra_value(value)}" for key, value in suite.overrides.items())
    return (
        f"There is nothing to report: none of the suite's experiments ({suite.members[0].experiment.name}, ...) is "
        f"there for commit {suite.commit[:COMMIT_DIGITS]} with {overrides or 'no -S'}. `dvc exp show -A` lists all "
        "experiments; `sh stages/run scaling --revs NAME ...` reports those of other commits or overrides."
    )


def write_listing(suite: Suite, folder: Path) -> None:
    """Writes ``suite.json``: which experiments the suite is, by game and seed, with the commit and the overrides."""
    members = [{"experiment": each.experiment.name, "game": each.game, "seed": each.seed} for each in suite.members]
    content = {"commit": suite.commit, "overrides": dict(suite.overrides), "experiments": members}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.json").write_text(json.dumps(content, indent=1) + "\n")


def write_report(names: Sequence[str], repository: Path, folder: Path) -> str:
    """Gathers the named experiments into `folder`, as ``sh stages/run scaling --revs`` does; returns what it printed.

    Raises ReportError, such as where an experiment's results cannot be read.
    """
    command = ["sh", "stages/run", "scaling", "--revs", *names, "--output", str(folder.resolve())]
    result = subprocess.run(command, cwd=repository, env=environment(), capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise ReportError((result.stderr or result.stdout).strip())
    return result.stdout
