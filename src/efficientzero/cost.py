"""What a stage's work costs: CPU-seconds and wall-seconds.

Unlike every other result these differ from run to run, so they are written to files of their own.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

from efficientzero.folders import write_whole

SCHEMA_VERSION = 1
SNAPSHOT_FILE = "cost.json"
DECIMALS = 3


@dataclass(frozen=True)
class Cost:
    """Seconds of work: `cpu_seconds` of this process, summed over its threads, and `wall_seconds` of real time."""

    cpu_seconds: float
    wall_seconds: float


class Stopwatch:
    """Measures from its construction on; construct it after the imports, so that start-up is not counted.

    Args:
        earlier: what the same work had cost in an earlier process, counted as well; None: it begins here.
    """

    def __init__(self, earlier: Cost | None):
        self._earlier = earlier or Cost(0.0, 0.0)
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> Cost:
        """The cost up to now, that of the earlier process included; the watch goes on."""
        return Cost(
            self._earlier.cpu_seconds + time.process_time() - self._cpu,
            self._earlier.wall_seconds + time.perf_counter() - self._wall,
        )


def write_cost(path: Path, cost: Cost, device: str) -> None:
    """Writes the cost of a stage as JSON, seconds rounded to milliseconds; atomic.

    Args:
        path: the file, whose folder is made if need be. cost: of the whole work.
        device: what it was computed on: ``"cpu"``, or the name of the CUDA device.
    """
    seconds = {name: round(value, DECIMALS) for name, value in asdict(cost).items()}
    _write(path, {"schema_version": SCHEMA_VERSION, **seconds, "device": device})


def save_cost(folder: Path, cost: Cost) -> None:
    """Keeps the cost of unfinished work in `folder`, beside its snapshots; atomic."""
    _write(folder / SNAPSHOT_FILE, asdict(cost))


def load_cost(folder: Path) -> Cost | None:
    """What :func:`save_cost` kept in `folder`; None where there is nothing or it is damaged."""
    try:
        kept = json.loads((folder / SNAPSHOT_FILE).read_text(encoding="utf-8"))
        cost = Cost(**{name: float(value) for name, value in kept.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return cost if all(isfinite(value) and value >= 0 for value in asdict(cost).values()) else None


def _write(path: Path, record: dict[str, object]) -> None:
    write_whole(path, lambda draft: draft.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8"))
