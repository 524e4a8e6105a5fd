"""A queued or temporary experiment runs the Python and the Cython that it was queued or started with."""

import json
import subprocess
import time

import dvc.api
import pytest
from experiments.checkouts import ENVIRONMENT, make_checkout, run

from efficientzero.experiments.git import experiment_names

pytestmark = pytest.mark.long

PYTHON, CYTHON = "src/efficientzero/evaluation.py", "pyx/sum_tree.pyx"
RETURN, IMPORT = "game_return=float(returns[i]),", "from efficientzero.agents import"
SECONDS = 300


def edit(folder, number):
    """Makes every score tell which code ran: the thousands are the Python's number, the units are the Cython's."""
    original = {path: run(folder, "git", "show", f"HEAD:{path}") for path in (PYTHON, CYTHON)}
    assert original[PYTHON].count(RETURN) == original[PYTHON].count(IMPORT) == 1
    told = original[PYTHON].replace(RETURN, f"game_return={1000 * number} + float(number()),")
    (folder / PYTHON).write_text(told.replace(IMPORT, f"from efficientzero.compiled.sum_tree import number\n{IMPORT}"))
    (folder / CYTHON).write_text(f"{original[CYTHON]}\n\ndef number():\n    return {number}\n")


def command(name, seed, *options):
    """Only the stage `collect`, which scores random play."""
    settings = ["-S", "profile=smoke", "-S", "agents=[random]", "-S", f"seeds=[{seed}]"]
    return ["dvc", "exp", "run", *options, "-n", name, *settings, "collect"]


def wait_until(reached, what):
    for _ in range(SECONDS * 5):
        if reached():
            return
        time.sleep(0.2)
    pytest.fail(f"not within {SECONDS} s: {what()}")


def score(folder, name, seed):
    return json.loads(dvc.api.read(f"data/scores/random/{seed}/0.json", repo=str(folder), rev=name))["mean_return"]


def test_edits_after_queueing_or_starting_are_not_run(tmp_path):
    folder = make_checkout(tmp_path / "checkout")
    edit(folder, 1)
    run(folder, *command("queued", 3, "--queue"))

    log = tmp_path / "temporary.log"
    with open(log, "w") as output:
        temporary = subprocess.Popen(
            command("temporary", 4, "--temp"), cwd=folder, env=ENVIRONMENT, stdout=output, stderr=output
        )
    wait_until(lambda: "Running stage 'collect" in log.read_text() or temporary.poll() is not None, log.read_text)
    edit(folder, 2)  # while it runs
    assert temporary.wait(SECONDS) == 0, log.read_text()
    assert score(folder, "temporary", 4) == 1001

    log = tmp_path / "queue.log"
    with open(log, "w") as output:  # the worker goes on after the command and holds a pipe open
        started = ["dvc", "queue", "start", "-j", "1"]
        subprocess.run(started, cwd=folder, env=ENVIRONMENT, stdout=output, stderr=output, check=True)
    try:
        wait_until(lambda: "queued" in experiment_names(folder), lambda: run(folder, "dvc", "queue", "logs", "queued"))
        assert score(folder, "queued", 3) == 1001
    finally:
        run(folder, "dvc", "queue", "stop")

    edited = (folder / PYTHON).read_text(), (folder / CYTHON).read_text()  # the workspace is still the user's
    assert "2000 + float(number())" in edited[0] and "return 2" in edited[1]
