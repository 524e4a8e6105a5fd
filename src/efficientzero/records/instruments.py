"""Rows of the tables that tell how training and search are doing: drift of search targets, soundness of a network."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from efficientzero.records.files import RecordError, write_table, write_whole

Count = Annotated[int, Field(ge=0)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True)
class DriftBin:
    """How far old search targets were from fresh ones, over positions whose targets had about the same age.

    Attributes:
        age_from, age_to: the least and greatest age seen, in updates. positions: how many there were.
        policy_distance: mean total variation between the old and the new policy, in [0, 1].
        value_difference: mean \\|new - old\\| of the root value.
    """

    age_from: Count
    age_to: Count
    positions: Annotated[int, Field(gt=0)]
    policy_distance: Finite
    value_difference: Finite


@dataclass(frozen=True)
class Measurement:
    """One number of how sound an agent's network is on recorded positions.

    Attributes:
        quantity: what was measured, such as ``reward_correlation``. depth: imagined steps from the root, 0 for the
            root. mode: of the network; ``recorded`` for what is a fact of the recording alone.
        value: None, and an empty cell, where it is undefined. positions: how many it is of.
    """

    quantity: str
    depth: Count
    mode: Literal["evaluation", "training", "recorded"]
    value: Finite | None
    positions: Count


def write_rows(rows: Sequence[DriftBin | Measurement], path: Path) -> None:
    """Writes a table of either kind; atomic."""
    write_whole(path, lambda draft: write_table([asdict(row) for row in rows], draft))


def read_drift_bins(path: Path) -> list[DriftBin]:
    """The rows of one run at one milestone; none of an agent that searches nothing again.

    Raises:
        RecordError: the file is missing, or is not what the finishing branch writes.
    """
    return _rows(path, list[DriftBin], "drift")


def read_measurements(path: Path) -> list[Measurement]:
    """The rows of one run at one milestone; none of an agent that has nothing to measure.

    Raises:
        RecordError: the file is missing, or is not what stages write.
    """
    rows: list[Measurement] = _rows(path, list[Measurement], "soundness")
    if len({(row.quantity, row.depth, row.mode) for row in rows}) < len(rows):
        raise _damaged(path, "soundness")
    return rows


def _rows(path: Path, content: Any, of: str) -> Any:
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise RecordError(f"{path}: this table is missing; `dvc repro` makes it (`dvc pull` fetches it)") from None
    written = [
        {name: None if cell == "" else cell for name, cell in row.items() if name is not None}
        for row in csv.DictReader(text.splitlines())
    ]
    if not text or (text.strip() and not written):  # with nothing to say a table is one empty line
        raise _damaged(path, of)
    try:
        return TypeAdapter(content).validate_python(written)
    except ValidationError:
        raise _damaged(path, of) from None


def _damaged(path: Path, of: str) -> RecordError:
    return RecordError(f"{path}: damaged, or not a table of {of}; delete it and run `dvc repro`")
