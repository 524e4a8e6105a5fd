"""Runs what is out of date of the pipeline, as `dvc repro` does, but several agents and seeds at a time: first the
training of each, then what branches off at every milestone."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from efficientzero.commands.options import positive

DVC = [sys.executable, "-m", "dvc"]
EXAMPLES = """examples:
  efficientzero repro               `make repro` does this, after it has made .venv
  efficientzero repro --jobs 1      `dvc repro` alone, with progress bars (and for one GPU)

What fails is run again at the end, alone, so that its message comes last.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count(), metavar="N",
        help="at a time, each with one core and a replay of its own in memory; default: the number of cores",
    )  # fmt: skip


def run(arguments: argparse.Namespace, repository: Path) -> int:
    if arguments.jobs > 1:
        listed = subprocess.run([*DVC, "stage", "list", "--name-only"], stdout=subprocess.PIPE, text=True)
        if listed.returncode != 0:
            return listed.returncode
        if subprocess.run([*DVC, "status", "--quiet"]).returncode != 0:  # one look in place of one for each
            several_at_once(listed.stdout.split(), arguments.jobs)
    return subprocess.run([*DVC, "repro"]).returncode


def several_at_once(stages: list[str], jobs: int) -> None:
    """Runs the stages of dvc.yaml that need not wait for each other, so many at a time."""
    kinds = [stage.partition("@")[::2] for stage in stages]
    runs = {name: ["--glob", f"train@{name}-*"] for kind, name in kinds if kind == "collect"}
    failed = run_each(runs, jobs)
    branches = {
        # Alone, since DVC would lock the training that branches share.
        name: ["--single-item", f"reanalyze@{name}", f"evaluate@{name}"]
        for kind, name in kinds
        if kind == "evaluate" and name.rpartition("-milestone")[0] not in failed
    }
    run_each(branches, jobs)


def run_each(targets: Mapping[str, list[str]], jobs: int) -> set[str]:
    """`dvc repro` of the targets of each name, whose output is told line by line; returns the names that failed."""

    def repro(name: str) -> bool:
        command = [*DVC, "--wait-for-lock", "repro", "--quiet", *targets[name]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(f"{name}: {line}", end="", flush=True)
        if process.returncode != 0:
            print(f"{name}: failed; its stage is run again, alone, when the others are done", flush=True)
        return process.returncode == 0

    with ThreadPoolExecutor(jobs) as pool:
        return {name for name, succeeded in zip(targets, pool.map(repro, targets), strict=True) if not succeeded}
