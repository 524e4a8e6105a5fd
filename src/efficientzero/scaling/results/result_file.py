"""Reading one result file of a stage: checked whole, and refused in one sentence that says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0)]


class ResultFileError(ValueError):
    """A result file is missing, damaged or does not belong with the others; the message names it and what to do."""


class ResultPart(BaseModel):
    """What is read of result files: exactly the declared fields, of exactly the declared types, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Result = TypeVar("Result", bound=ResultPart)


def read_result_file(
    path: Path, content: type[Result], kind: str, version: int, error: type[ResultFileError], remedy: str
) -> Result:
    """The checked content of a JSON file.

    Args:
        path: the file. content: what it must hold. kind: what to call it, such as ``"score file"``.
        version: its ``schema_version``, looked at first: another version may well have other fields.
        error: what is raised. remedy: what to do about another version.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        raise error(f"{path}: this {kind} is missing; `dvc repro` makes it (`dvc pull` fetches it)") from None
    found = _schema_version(text)
    if found is not None and found != version:
        raise error(f"{path}: has schema version {found} and this program reads {version}; {remedy}")
    try:
        return content.model_validate_json(text)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise error(
            f"{path}: damaged, or not a {kind} ({where + ': ' if where else ''}{first['msg']}); "
            "delete it and run `dvc repro`"
        ) from None


def _schema_version(text: bytes) -> int | None:
    try:
        record = json.loads(text)
    except ValueError:
        return None
    version = record.get("schema_version") if isinstance(record, dict) else None
    return version if type(version) is int else None
