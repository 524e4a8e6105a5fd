"""What a task does on its machine, without a cluster."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest
from experiments.checkouts import run

from efficientzero.experiments.cluster import node, task

PROBE = """
import json, os, sys
assert not sys.argv[1:]
order = json.loads(os.environ["EFFICIENTZERO_ORDER"])
print("some words")
print(json.dumps({"told": 1}))
print(json.dumps({"told": 2, "answer": order["question"] + 1, "folder": os.getcwd()}))
"""
FAILING = """
print("before")
raise SystemExit("what went wrong")
"""
ENDLESS = """
import os, sys, threading, time
def watch():
    while os.read(0, 1):
        pass
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
print("{}", flush=True)
time.sleep(600)
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    (tmp_path / "temporary").mkdir()
    folder = tmp_path / "repository"
    (folder / "src").mkdir(parents=True)
    for name, text in {"probe": PROBE, "failing": FAILING, "endless": ENDLESS}.items():
        (folder / "src" / f"{name}.py").write_text(text)
    run(folder, "git", "init", "-q")
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "start")
    return folder


def order(repository, **more):
    return {"git": str(repository), "commit": run(repository, "git", "rev-parse", "HEAD").strip(), **more}


def test_the_code_is_that_of_the_commit_and_the_clone_is_removed(repository, tmp_path):
    wanted = order(repository, question=41)
    (repository / "src" / "probe.py").write_text("raise SystemExit('the workspace')")
    reports = []
    told = node.run_in_clone("probe", wanted, reports.append)
    assert told["answer"] == 42 and told["place"]
    assert [report.get("told") for report in reports] == [None, 1, 2]
    assert Path(told["folder"]).is_relative_to(tmp_path / "temporary")
    assert not list((tmp_path / "temporary").iterdir())


def test_the_order_is_not_handed_on_to_what_runs_under_the_module(monkeypatch):
    sent = {"git": "here", "commit": "0" * 40, "remote": "storage", "settings": {"password": "secret"}, "storage": "x"}
    monkeypatch.setenv(node.ORDER, json.dumps(sent))
    monkeypatch.setattr(task.threading, "Thread", Mock())  # would end this process
    meeting, taken = task.take_order()
    assert taken == sent and meeting.settings == {"password": "secret"}
    assert node.ORDER not in os.environ


def test_what_fails_is_said_in_its_last_words(repository, tmp_path):
    with pytest.raises(RuntimeError, match=r"exit status 1\n.*before\nwhat went wrong"):
        node.run_in_clone("failing", order(repository), lambda report: None)
    with pytest.raises(RuntimeError, match=r"git -C .* checkout .*failed"):
        node.run_in_clone("probe", {"git": str(repository), "commit": "0" * 40}, lambda report: None)
    with pytest.raises(RuntimeError, match=r"git clone .*failed"):
        node.run_in_clone("probe", {"git": str(tmp_path / "nowhere"), "commit": "0" * 40}, lambda report: None)
    assert not list((tmp_path / "temporary").iterdir())


def test_what_runs_in_the_clone_ends_with_a_task_that_is_killed(repository, tmp_path):
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from efficientzero.experiments.cluster import node\n"
        "order = {'git': sys.argv[2], 'commit': sys.argv[3]}\n"
        "node.run_in_clone('endless', order, lambda report: print(report, flush=True))"
    )
    source = str(Path(node.__file__).parents[3])
    command = [sys.executable, "-c", script, source, str(repository), order(repository)["commit"]]
    task = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert task.stdout is not None
    task.stdout.readline(), task.stdout.readline()  # the place; the module's first word
    under = psutil.Process(task.pid).children(recursive=True)
    assert under
    task.kill()
    task.wait()
    until = time.monotonic() + 20
    while any(process.is_running() for process in under) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(process.is_running() for process in under)

    # The next task on the machine removes the clone that was left, and not one that is in use.
    (abandoned,) = (tmp_path / "temporary").iterdir()
    used = tmp_path / "temporary" / "efficientzero-used"
    used.mkdir()
    lock = node._locked(used)
    node.run_in_clone("probe", order(repository, question=1), lambda report: None)
    assert list((tmp_path / "temporary").iterdir()) == [used] and not abandoned.exists()
    lock.close()
