"""What a stage's work costs: CPU-seconds and wall-seconds.

Unlike every other result these differ from run to run, so they are written to files of their own.
"""

from __future__ import annotations

import time
from typing import Annotated, ClassVar

from pydantic import Field

from efficientzero.records.record import Record

Seconds = Annotated[float, Field(ge=0)]
DECIMALS = 3


class CostRecord(Record):
    """The cost of one stage's work, of one agent and seed, or of a part of it that was left."""

    KIND: ClassVar = "cost file"
    VERSION: ClassVar = 1
    REMEDY: ClassVar = "delete it and run `dvc repro`, which does that stage's work again"

    cpu_seconds: Seconds  # of the process, summed over its threads
    wall_seconds: Seconds
    device: Annotated[str, Field(min_length=1)]  # what it was computed on: "cpu", or the name of the CUDA device


class Stopwatch:
    """Measures from its construction on; construct it after the imports, so that start-up is not counted.

    Args:
        device: what is computed on: ``"cpu"``, or the name of the CUDA device.
        earlier: what the same work had cost in an earlier process, counted as well; None: it begins here.
    """

    def __init__(self, device: str, earlier: CostRecord | None = None):
        self._device = device
        self._earlier = (earlier.cpu_seconds, earlier.wall_seconds) if earlier else (0.0, 0.0)
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> CostRecord:
        """The cost up to now to the millisecond, that of the earlier process included; the watch goes on."""
        cpu, wall = self._earlier
        return CostRecord(
            schema_version=CostRecord.VERSION,
            cpu_seconds=round(cpu + time.process_time() - self._cpu, DECIMALS),
            wall_seconds=round(wall + time.perf_counter() - self._wall, DECIMALS),
            device=self._device,
        )
