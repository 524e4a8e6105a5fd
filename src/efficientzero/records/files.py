"""Files and folders that are whole or not there: written aside and renamed; folders sealed by a manifest of checksums.

Tensors are stored as safetensors, tables as CSV, the rest as JSON: nothing is ever unpickled.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1
MANIFEST = "manifest.json"


class RecordError(ValueError):
    """A file or folder is missing, damaged, or not what was asked for; the message names it and what to do."""


@contextmanager
def new_folder(path: Path, kind: str, facts: dict[str, Any]) -> Iterator[Path]:
    """Yields an empty folder to fill; on leaving it is sealed and takes the place of ``path`` at once.

    Args:
        path: where it will be; whatever is there is replaced.
        kind: what it holds, checked by :func:`open_folder`.
        facts: anything JSON can hold, kept in the manifest.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(f".{path.name}-*"):
        shutil.rmtree(left)  # of a process that was killed
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        draft.chmod(0o755)
        yield draft
        files = {
            file.relative_to(draft).as_posix(): _digest(file) for file in sorted(draft.rglob("*")) if file.is_file()
        }
        manifest = {"schema_version": SCHEMA_VERSION, "kind": kind, **facts, "files": files}
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        _flush(draft)
        if path.exists():
            shutil.rmtree(path)
        draft.rename(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Writes one file aside and renames it; ``write`` is given the path to write to, with the same suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft{path.suffix}")
    write(draft)
    draft.replace(path)


def write_table(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A CSV of rows with the same keys; only a newline when there are none."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table(path: Path) -> list[dict[str, float]]:
    """The inverse of :func:`write_table`: numbers come back as they were, whole ones as int."""
    with open(path, newline="") as file:
        return [
            {name: int(text) if text.lstrip("-").isdigit() else float(text) for name, text in row.items()}
            for row in csv.DictReader(file)
        ]


def open_folder(path: Path, kind: str, **expected: Any) -> dict[str, Any]:
    """Checks a folder whole, before anything of it is used, and returns its manifest.

    Args:
        path: the folder. kind: what it must hold. expected: facts that must be as given.

    Raises:
        RecordError: naming the path and what is wrong with it.
    """
    advice = "restore it with 'dvc checkout' or 'dvc pull', or remove it and run 'dvc repro'"
    try:
        manifest = json.loads((path / MANIFEST).read_text())
    except FileNotFoundError:
        raise RecordError(f"{path}: there is no {MANIFEST} here; {advice}") from None
    except (OSError, ValueError) as error:
        raise RecordError(f"{path / MANIFEST}: cannot be read ({error}); {advice}") from error
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        raise RecordError(f"{path}: this is not a {kind} folder; {advice}")
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise RecordError(
            f"{path}: written with schema version {manifest.get('schema_version')}, this program reads "
            f"{SCHEMA_VERSION}; use the commit that wrote it, or remove it and run 'dvc repro'"
        )
    for name, value in expected.items():
        if manifest.get(name) != value:
            raise RecordError(f"{path}: its {name} is {manifest.get(name)!r}, not {value!r}; {advice}")
    for name, digest in manifest["files"].items():
        if not (path / name).is_file():
            raise RecordError(f"{path / name}: missing; {advice}")
        if _digest(path / name) != digest:
            raise RecordError(f"{path / name}: not as it was written; {advice}")
    return manifest


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(folder: Path) -> None:
    """Forces the files of a folder to disk, so that a power cut cannot leave a sealed folder with empty files."""
    for file in folder.rglob("*"):
        if file.is_file():
            descriptor = os.open(file, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
