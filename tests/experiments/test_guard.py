"""What an ended run leaves behind, without DVC."""

import json
import sys
import threading
import time

from efficientzero.experiments import guard

PREPARE = """
import json, sys, time
from pathlib import Path
root = Path("exps/standalone/tmp-own")
root.mkdir(parents=True)
note = Path(".dvc/tmp/exps/run/own/own.run")
note.parent.mkdir(parents=True)
note.write_text(json.dumps({"name": "same", "root_dir": str(root.resolve())}))
print("Reproducing experiment 'same'", flush=True)
time.sleep(600)
"""


def made(name, experiment, repository):
    """The folder of a temporary run and DVC's note of it."""
    folder = repository / "exps" / "standalone" / f"tmp-{name}"
    note = repository / ".dvc" / "tmp" / "exps" / "run" / name / f"{name}.run"
    for path in (folder, note.parent):
        path.mkdir(parents=True)
    note.write_text(json.dumps({"name": experiment, "root_dir": str(folder)}))
    return folder, note


def test_only_this_runs_own_folder_is_removed(tmp_path):
    before = made("before", "same", tmp_path)  # of another process, which runs the same experiment
    log, gone, result = tmp_path / "log", threading.Event(), []
    command = [sys.executable, "-c", PREPARE]
    run = threading.Thread(target=lambda: result.append(guard.attempt(command, tmp_path, log, gone)), daemon=True)
    run.start()
    while not log.exists() or guard.PREPARED not in log.read_text():
        assert run.is_alive()
        time.sleep(0.01)
    with guard.FileLock(tmp_path / ".dvc" / "tmp" / "preparing-experiment.lock"):  # the next one to prepare
        after = made("after", "same", tmp_path)
    gone.set()
    run.join(30)
    ((status, notes),) = result
    assert status == -1
    own = tmp_path / "exps" / "standalone" / "tmp-own"
    assert own.is_dir()
    guard.remove_leftovers(notes, "same")
    assert not own.exists() and not (tmp_path / ".dvc/tmp/exps/run/own").exists()
    assert all(path.exists() for path in (*before, *after))
