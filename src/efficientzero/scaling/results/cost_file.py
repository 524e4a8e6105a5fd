"""The JSON file of what one stage's work cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from efficientzero.scaling.results.result_file import ResultFileError, ResultPart, read_result_file

SCHEMA_VERSION = 1

Seconds = Annotated[float, Field(ge=0)]


class CostFileError(ResultFileError):
    """A cost file is missing or damaged; the message names it and what to do."""


class CostFile(ResultPart):
    """The cost of one stage's work, of one agent and seed; it differs from run to run."""

    schema_version: int
    cpu_seconds: Seconds  # of the process, summed over its threads
    wall_seconds: Seconds
    device: Annotated[str, Field(min_length=1)]  # what it was computed on: "cpu", or the name of the CUDA device


def read_cost_file(path: Path) -> CostFile:
    """The checked content of the file `path`. Raises CostFileError."""
    remedy = "delete it and run `dvc repro`, which does that stage's work again"
    return read_result_file(path, CostFile, "cost file", SCHEMA_VERSION, CostFileError, remedy)
