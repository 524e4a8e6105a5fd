"""One process at a time runs a suite: a second one would run each experiment again, under the same name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from efficientzero.experiments.experiment import ExperimentError


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Holds the lock of the suite whose folder it is; the system drops it when this process ends, in whatever way.

    Raises ExperimentError if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "running.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ExperimentError(
            f"{folder.name}: this suite is running already; --gather-only reports what is there so far, and a suite "
            "with other parameters can run beside it under another --name"
        ) from None
    try:
        yield
    finally:
        lock.release()
