"""What a Ray task does on its machine: clones the repository and runs a module of the clone.

Only the standard library is imported, and Ray sends this file's code along: the machine's own package, if it has one,
is not used. What is run is the code of the clone.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

LAST_LINES = 15
PREFIX = "efficientzero-"
LOCK = "lock"
ORDER = "EFFICIENTZERO_ORDER"


class Board:
    """The newest report of each task, by its name; an actor beside whoever handed the tasks out."""

    def __init__(self) -> None:
        self._reports: dict[str, dict[str, Any]] = {}

    def put(self, name: str, report: dict[str, Any]) -> None:
        self._reports[name] = report

    def read(self) -> dict[str, dict[str, Any]]:
        return self._reports


def task(module: str, order: dict[str, Any], board: Any) -> dict[str, Any]:
    """The Ray task: `run_in_clone` with its reports put on the board under ``order["name"]``, with Ray's ``node``."""
    import ray

    machine = {"node": ray.get_runtime_context().get_node_id()}
    return run_in_clone(module, order, lambda report: board.put.remote(order["name"], {**report, **machine}))


def run_in_clone(module: str, order: dict[str, Any], report: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Runs ``python -m module`` in a new clone of ``order["git"]`` at ``order["commit"]``.

    The module finds the order, as JSON, in the environment variable `ORDER`: passwords may be in it, and all users of a
    machine see command lines.

    The module prints a line of JSON whenever there is something to tell; each is passed to `report` with the machine's
    name as ``place``, and the last is returned. The module's standard input closes when this process ends, in whatever
    way; it must end then. The clone is removed, and so are those of earlier tasks that were killed.

    Raises RuntimeError with the last lines that were printed, if the clone or the module failed.
    """
    place = socket.gethostname()
    report({"place": place})
    remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = _locked(folder)
    checkout = str(folder / "checkout")
    try:
        for command in (
            ["git", "clone", "--quiet", "--no-checkout", order["git"], checkout],
            ["git", "-C", checkout, "checkout", "--quiet", "--detach", order["commit"]],
        ):
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode != 0:
                raise RuntimeError(f"{place}: `{' '.join(command)}` failed: {result.stderr.strip()}")
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=checkout,
            env={
                **os.environ,
                "PYTHONPATH": str(folder / "checkout" / "src"),
                "PYTHONUNBUFFERED": "1",
                ORDER: json.dumps(order),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        told: dict[str, Any] = {}
        lines: deque[str] = deque(maxlen=LAST_LINES)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                told = {**json.loads(line), "place": place}
                report(told)
            else:
                lines.append(line.rstrip())
        if process.wait() != 0:
            raise RuntimeError(f"{place}: exit status {process.returncode}\n" + "\n".join(lines))
        return told
    finally:
        # Interrupted, DVC may write for some seconds more: then the lock's file stays, for the next task to find.
        shutil.rmtree(checkout, ignore_errors=True)
        if not Path(checkout).exists():
            shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def remove_abandoned() -> None:
    """Removes the clones of tasks that were killed on this machine; that of a task which runs is locked by it."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        try:
            with open(path, "a") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path.parent, ignore_errors=True)
        except OSError:  # locked, another user's, or just removed
            continue


def _locked(folder: Path) -> IO[str]:
    """A lock that the system drops when this process dies; it is there only once it is held."""
    draft = folder / f"{LOCK}.draft"
    file = open(draft, "w")  # noqa: SIM115 - held while the task runs
    fcntl.flock(file, fcntl.LOCK_EX)
    draft.rename(folder / LOCK)
    return file
