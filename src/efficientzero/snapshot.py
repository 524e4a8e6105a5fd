"""Snapshots of a stage at work, so that a killed stage goes on where it was.

They live under ``.partial/<fingerprint>/``. The fingerprint covers the stage, its parameters, its input and the code,
so that a snapshot is only ever used by the very work it was made by.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from efficientzero.records.cost import CostRecord, Stopwatch
from efficientzero.records.files import MANIFEST, RecordError, open_folder
from efficientzero.records.paths import RunIdentity
from efficientzero.running.device import choose_device, device_name
from efficientzero.running.run import KIND, Run, load_run, save_run

CODE = ("src/efficientzero/**/*.py", "pyx/*.pyx", "pyx/*.pxd", "setup.py", "stages/*")
COST = "cost.json"  # beside the snapshots


def fingerprint(stage: str, identity: RunIdentity, inputs: Path, **facts: Any) -> str:
    """A hash of everything that a stage's result depends on.

    Args:
        stage: its name. identity: the run, with all its parameters; ``threads`` included, since bits may depend on it.
        inputs: the sealed folder it begins with. facts: its other arguments.

    Raises:
        RecordError: the inputs are not whole.
    """
    open_folder(inputs, KIND)
    parameters = identity.parameters
    settings = parameters.model_dump(exclude={"snapshot_seconds", "milestones", "agents", "seeds", "profile"})
    machine = [platform.python_version(), str(choose_device(parameters.device))]
    machine += [
        f"{package} {version(package)}" for package in ("torch", "numpy", "ale-py", "MinAtar", "stable-baselines3")
    ]
    digest = hashlib.sha256(
        json.dumps([stage, settings, identity.agent, identity.seed, facts, machine], sort_keys=True).encode()
    )
    digest.update((inputs / MANIFEST).read_bytes())
    checkout = Path(__file__).parents[2]
    sources = [path for pattern in CODE for path in checkout.glob(pattern) if path.is_file()]
    for source in sorted(sources):
        digest.update(str(source.relative_to(checkout)).encode() + source.read_bytes())
    return digest.hexdigest()[:16]


class Snapshots:
    """The snapshots of one piece of work; calling it with the run saves one when it is time.

    Args:
        key: the work's :func:`fingerprint`. identity: the run; how often it is saved, too, is among its parameters.
        root: where all snapshots live; by default ``.partial`` in the repository that DVC was started in.
    """

    def __init__(self, key: str, identity: RunIdentity, root: Path | None = None):
        root = root or Path(os.environ.get("DVC_ROOT", ".")) / ".partial"
        root.mkdir(parents=True, exist_ok=True)
        self._identity = identity
        self.folder = root / key
        self._lock = FileLock(root / f"{key}.lock")
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            # The same work is being done elsewhere: keep out of its way.
            self.folder = root / f"{key}-{os.getpid()}"
        self.folder.mkdir(exist_ok=True)
        self._saved_at = time.monotonic()
        self._start_watch()

    def latest(self) -> Path | None:
        """The newest whole snapshot."""
        numbered = sorted(self.folder.glob("[0-9]*"))
        return numbered[-1] if numbered else None

    def resume(self, inputs: Path) -> Run:
        """The run of the newest snapshot, or that of ``inputs`` when there is none or it is damaged."""
        latest = self.latest()
        if latest is not None:
            try:
                run = load_run(self._identity, latest)
                print(
                    f"resuming at {run.env_steps} env steps, {run.agent.updates} updates, from a snapshot", flush=True
                )
                self._start_watch(self._cost_so_far())
                return run
            except RecordError as error:
                print(f"not resuming: {error}", flush=True)
                shutil.rmtree(latest)
        run = load_run(self._identity, inputs)
        self._start_watch()  # loading is done, libraries that are loaded on first use included
        return run

    def __call__(self, run: Run) -> None:
        """Saves the run if ``snapshot_seconds`` have passed since the last time; no result depends on it."""
        if time.monotonic() - self._saved_at >= self._identity.parameters.snapshot_seconds:
            self.save(run)

    def save(self, run: Run) -> None:
        """Saves the run; older snapshots go once the new one is whole."""
        latest = self.latest()
        number = int(latest.name) + 1 if latest else 0
        save_run(run, self.folder / f"{number:08d}", earlier=latest)
        self.cost().write(self.folder / COST)
        if latest is not None:
            shutil.rmtree(latest)
        self._saved_at = time.monotonic()

    def cost(self) -> CostRecord:
        """What the work has cost since :meth:`resume`, with what it had cost up to the snapshot it resumed from."""
        return self._stopwatch.read()

    def _cost_so_far(self) -> CostRecord | None:
        """What the work had cost when it was left; None where that is not known."""
        try:
            return CostRecord.read(self.folder / COST)
        except RecordError:
            return None

    def _start_watch(self, earlier: CostRecord | None = None) -> None:
        self._stopwatch = Stopwatch(device_name(choose_device(self._identity.parameters.device)), earlier)

    def clear(self) -> None:
        """Removes them all, when the work is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock.is_locked:
            self._lock.release()
            Path(self._lock.lock_file).unlink(missing_ok=True)
