"""A JSON file with a schema: written as it is read, and refused in one sentence that says what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from efficientzero.records.files import RecordError, write_whole

Count = Annotated[int, Field(ge=0)]


class RecordPart(BaseModel):
    """Exactly the declared fields, of exactly the declared types, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, populate_by_name=True)


class Record(RecordPart):
    """The content of a file.

    A subclass says what to call it (``KIND``, such as ``score file``), the ``schema_version`` it has (``VERSION``) and
    what to do about a file that has another (``REMEDY``).
    """

    KIND: ClassVar[str]
    VERSION: ClassVar[int]
    REMEDY: ClassVar[str]

    schema_version: int

    @classmethod
    def read(cls, path: Path) -> Self:
        """The checked content of a file.

        Raises:
            RecordError: it is missing, damaged or of another version.
        """
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            raise RecordError(
                f"{path}: this {cls.KIND} is missing; `dvc repro` makes it (`dvc pull` fetches it)"
            ) from None
        found = _schema_version(text)  # looked at first: another version may well have other fields
        if found is not None and found != cls.VERSION:
            raise RecordError(f"{path}: has schema version {found} and this program reads {cls.VERSION}; {cls.REMEDY}")
        try:
            return cls.model_validate_json(text)
        except ValidationError as invalid:
            first = invalid.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise RecordError(
                f"{path}: damaged, or not a {cls.KIND} ({where + ': ' if where else ''}{first['msg']}); "
                "delete it and run `dvc repro`"
            ) from None

    def write(self, path: Path) -> None:
        """Writes the file, whose folder is made if need be; atomic."""
        text = json.dumps(self.model_dump(by_alias=True), indent=1) + "\n"
        write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))


def _schema_version(text: bytes) -> int | None:
    try:
        record = json.loads(text)
    except ValueError:
        return None
    version = record.get("schema_version") if isinstance(record, dict) else None
    return version if type(version) is int else None
