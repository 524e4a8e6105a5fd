"""``guard.py REPOSITORY NAME LOG COMMAND``: runs `dvc exp run --temp`, and ends with whoever started it.

Three things that a plain subprocess would not do:

* When the starting process dies, even by SIGKILL, its end of this script's standard input closes, and DVC and the stage
  under it are ended: a stage left over would go on for hours and write where its successor writes.
* DVC prepares a temporary run in the user's own checkout (stashes, composes params.yaml, resets). That is never
  interrupted, and one run at a time prepares: two at once may take each other's stash and so each other's name.
* A temporary folder that this run leaves behind when it is ended is removed; never that of another one.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from filelock import FileLock

POLL_SECONDS = 0.1
GRACE_SECONDS = 10.0  # between SIGINT, at which DVC tidies up, and SIGKILL
LOCK_ATTEMPTS = 60  # of 3 s each: another DVC command in the same checkout holds its lock
REMOVALS = 20  # attempts
PREPARED = "Reproducing experiment '"
LOCKED = "Unable to acquire lock"


def watch_starter(gone: threading.Event) -> None:
    """Sets `gone` when standard input closes, as it does when the starting process ends in whatever way."""
    while os.read(0, 1):  # unbuffered: a buffer's lock would be held when the interpreter ends
        pass
    gone.set()


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends DVC's whole process group: asks first, so that DVC tidies up."""
    os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # whatever is left of the group, a stage without its DVC included
    process.wait()


def run_notes(repository: Path) -> set[Path]:
    """DVC's notes of the temporary runs that there are; each names its experiment and its folder."""
    return set((repository / ".dvc" / "tmp" / "exps" / "run").glob("*/*.run"))


def remove_leftovers(notes: set[Path], name: str) -> None:
    """Removes the temporary checkout of an experiment that was ended, and DVC's note of it.

    Args:
        notes: those that were made while this run was prepared; another run may have the same name. name: of the
            experiment.
    """
    for note in notes:
        try:
            facts = json.loads(note.read_text())
        except (OSError, ValueError):
            continue
        if facts.get("name") == name:
            folder = Path(facts["root_dir"])
            for _ in range(REMOVALS if folder.parent.name == "standalone" else 0):
                shutil.rmtree(folder, ignore_errors=True)
                if not folder.exists():
                    break
                time.sleep(POLL_SECONDS)  # a process that is being ended still wrote there
            shutil.rmtree(note.parent, ignore_errors=True)


def attempt(command: list[str], repository: Path, log: Path, gone: threading.Event) -> tuple[int, set[Path]]:
    """Runs DVC once; its exit status, or -1 if it was ended because the starting process is gone, and its notes.

    DVC writes the note of a run while it prepares it, and one run at a time prepares: what is new then is its own.
    """
    (repository / ".dvc" / "tmp").mkdir(parents=True, exist_ok=True)
    with FileLock(repository / ".dvc" / "tmp" / "preparing-experiment.lock"), open(log, "wb") as output:
        if gone.is_set():
            return -1, set()
        others = run_notes(repository)
        process = subprocess.Popen(
            command, cwd=repository, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        while process.poll() is None and PREPARED not in log.read_text(errors="replace"):
            time.sleep(POLL_SECONDS)
        own = run_notes(repository) - others
    while process.poll() is None and not gone.wait(POLL_SECONDS):
        pass
    if process.poll() is None:
        end(process)
        return -1, own
    return process.returncode, own


def main() -> None:
    repository, name, log, *command = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # DVC inherits it; under nohup it would be ignored
    gone = threading.Event()
    threading.Thread(target=watch_starter, args=(gone,), daemon=True).start()
    status, notes = -1, set[Path]()
    for _ in range(LOCK_ATTEMPTS):
        status, notes = attempt(command, Path(repository), Path(log), gone)
        said = Path(log).read_text(errors="replace")
        if status <= 0 or PREPARED in said or LOCKED not in said:
            break
    if status != 0:
        remove_leftovers(notes, name)
    sys.exit(status & 0xFF)


if __name__ == "__main__":
    main()
