"""Checkouts to run experiments in: a repository with this checkout's files, whether they are committed or not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "VIRTUAL_ENV": sys.prefix,
    "OMP_NUM_THREADS": "1",
}
EFFICIENTZERO = [sys.executable, "-m", "efficientzero"]  # with the checkout's own code, whichever is installed
CHEAP = {"profile": "smoke", "agents": ["random"], "milestones.env_steps": 100}


def run(folder, *command, expect=0):
    result = subprocess.run(command, cwd=folder, env=ENVIRONMENT, text=True, capture_output=True, check=False)
    assert result.returncode == expect, f"{' '.join(map(str, command))}\n{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


def make_checkout(folder):
    """A Git repository of its own in `folder`, with one commit, in which nothing was run (whatever was run here)."""
    listed = run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in listed:
        if (ROOT / name).is_file() and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run(folder, "git", "init", "-q")
    run(folder, "git", "config", "user.name", "test")
    run(folder, "git", "config", "user.email", "test@example.org")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "start")
    return folder
