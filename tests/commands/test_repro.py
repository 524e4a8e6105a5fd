"""The command `repro` runs what `dvc repro` would, several at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import efficientzero
from efficientzero.__main__ import parsed
from efficientzero.commands import repro

DVC = Path(sys.executable).with_name("dvc")
# One agent, two seeds, two milestones; the branches of a seed share what its training wrote.
PIPELINE = """
stages:
  collect:
    matrix: {agent: [dqn], seed: [0, 1]}
    cmd: mkdir -p runs/${item.seed} && echo 0 > runs/${item.seed}/0
    outs: ["runs/${item.seed}/0"]
  train:
    matrix: {agent: [dqn], seed: [0, 1], milestone: [{from: 0, to: 1}, {from: 1, to: 2}]}
    cmd: cp runs/${item.seed}/${item.milestone.from} runs/${item.seed}/${item.milestone.to}
    deps: ["runs/${item.seed}/${item.milestone.from}"]
    outs: ["runs/${item.seed}/${item.milestone.to}"]
  reanalyze:
    matrix: {agent: [dqn], seed: [0, 1], milestone: [{to: 1}, {to: 2}]}
    cmd: cp runs/${item.seed}/${item.milestone.to} finished-${item.seed}-${item.milestone.to}
    deps: ["runs/${item.seed}/${item.milestone.to}"]
    outs: ["finished-${item.seed}-${item.milestone.to}"]
  evaluate:
    matrix: {agent: [dqn], seed: [0, 1], milestone: [{to: 1}, {to: 2}]}
    cmd: sh evaluate ${item.seed} ${item.milestone.to}
    deps: ["finished-${item.seed}-${item.milestone.to}"]
    outs: ["score-${item.seed}-${item.milestone.to}"]
"""


def dvc(folder, *arguments):
    return subprocess.run([DVC, *arguments], cwd=folder, text=True, capture_output=True, check=False)


def start(folder, *options):
    """`efficientzero repro` in a process of its own."""
    source = Path(efficientzero.__file__).parents[1]
    command = [sys.executable, "-m", "efficientzero", "repro", *options]
    return subprocess.run(
        command, cwd=folder, text=True, env={**os.environ, "PYTHONPATH": str(source)}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_everything_is_run_and_what_fails_is_said(tmp_path, monkeypatch):
    assert dvc(tmp_path, "init", "--no-scm", "--quiet").returncode == 0
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "evaluate").write_text(
        '[ "$1-$2" != 1-2 ] || { echo "no score" >&2; exit 1; }; echo "$1" > "score-$1-$2"'
    )
    found = start(tmp_path, "--jobs", "2")
    assert found.returncode != 0
    lines = found.stdout.splitlines()
    assert "dqn-1-milestone1: no score" in lines
    assert [line for line in lines if "failed; its stage" in line] == [
        "dqn-1-milestone1: failed; its stage is run again, alone, when the others are done"
    ]
    assert [line for line in lines if line.startswith("Running stage")] == [
        "Running stage 'evaluate@dqn-1-milestone1':"  # again, in the `dvc repro` at the end
    ]
    assert "no score" in lines  # its message comes last
    scores = sorted(path.name for path in tmp_path.glob("score-*"))
    assert scores == ["score-0-1", "score-0-2", "score-1-1"]
    (tmp_path / "evaluate").write_text('echo "$1" > "score-$1-$2"')
    assert start(tmp_path, "--jobs", "1").returncode == 0
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(repro, "several_at_once", lambda *arguments: asked.append(arguments))
    options = parsed(["repro", "--jobs", "2"])
    assert options.run(options, Path()) == 0 and not asked  # one look in place of one for each


@pytest.mark.slow
def test_no_branch_of_a_training_that_failed_is_begun(tmp_path):
    assert dvc(tmp_path, "init", "--no-scm", "--quiet").returncode == 0
    (tmp_path / "dvc.yaml").write_text(PIPELINE.replace("cmd: cp runs", "cmd: test ${item.seed} = 0 && cp runs", 1))
    (tmp_path / "evaluate").write_text('echo "$1" > "score-$1-$2"')
    found = start(tmp_path, "--jobs", "2")
    assert found.returncode != 0
    assert found.stdout.count("failed; its stage") == 1 and (tmp_path / "runs" / "0" / "2").exists()
    assert sorted(path.name for path in tmp_path.glob("finished-*")) == ["finished-0-1", "finished-0-2"]


def test_a_pipeline_that_cannot_be_read_is_said_once(tmp_path):
    assert dvc(tmp_path, "init", "--no-scm", "--quiet").returncode == 0
    (tmp_path / "dvc.yaml").write_text("stages: [")
    found = start(tmp_path, "--jobs", "2")
    assert found.returncode != 0 and found.stdout.count("dvc.yaml") == 1, found.stdout
