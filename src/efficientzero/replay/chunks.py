"""Recorded transitions on disk: immutable chunk files, so that a longer run repeats the files of the shorter one.

A chunk is a compressed ``.npz`` named by its rows, ``rows-00000000-00000075.npz``. A run's chunks end at the rows its
milestones end at, and never change; DVC's cache keeps each only once.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np

from efficientzero.replay.recording import Recording

ARRAYS = ("frames", "actions", "rewards", "endings")
LARGEST_CHUNK = 512  # rows


class DamagedChunkError(ValueError):
    """A chunk file cannot be read, or does not fit the others; the message names it."""


def write_chunks(recording: Recording, folder: Path, earlier: Path | None) -> None:
    """Writes a recording into an empty folder.

    Args:
        recording: what to write.
        folder: an existing, empty folder.
        earlier: a folder written when the recording was shorter; its chunks are copied as they are.
    """
    written = 0
    if earlier is not None:
        for start, stop, path in list_chunks(earlier):
            if start == written and stop <= recording.rows:
                shutil.copyfile(path, folder / path.name)
                written = stop
    for start in range(written, recording.rows, LARGEST_CHUNK):
        stop = min(start + LARGEST_CHUNK, recording.rows)
        arrays = {name: getattr(recording, name)[start:stop] for name in ARRAYS}
        with open(folder / f"rows-{start:08d}-{stop:08d}.npz", "wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())


def list_chunks(folder: Path) -> list[tuple[int, int, Path]]:
    """(first row, row after the last, path) of each chunk in a folder, in order."""
    chunks = []
    for path in sorted(folder.glob("rows-*-*.npz")):
        _, start, stop = path.stem.split("-")
        chunks.append((int(start), int(stop), path))
    return chunks


def read_chunks(recording: Recording, folder: Path) -> None:
    """Fills an empty recording from a folder.

    Raises:
        DamagedChunkError: a chunk is missing, unreadable, or of another shape.
    """
    for start, stop, path in list_chunks(folder):
        if start != recording.rows:
            raise DamagedChunkError(f"{path}: begins at row {start}, but the chunks before it end at {recording.rows}")
        try:
            with np.load(path, allow_pickle=False) as arrays:
                loaded = {name: arrays[name] for name in ARRAYS}
            if len(loaded["actions"]) != stop - start:
                raise ValueError(f"holds {len(loaded['actions'])} rows")
            recording.extend(**loaded)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DamagedChunkError(
                f"{path}: not a readable chunk of this run ({error}); restore it with dvc"
            ) from error
