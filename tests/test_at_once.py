"""`stages/at_once` runs what `dvc repro` would, several at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

AT_ONCE = Path(__file__).parents[1] / "stages" / "at_once"
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


@pytest.mark.slow
def test_everything_is_run_and_what_fails_is_said(tmp_path):
    assert dvc(tmp_path, "init", "--no-scm", "--quiet").returncode == 0
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "evaluate").write_text(
        '[ "$1-$2" != 1-2 ] || { echo "no score" >&2; exit 1; }; echo "$1" > "score-$1-$2"'
    )
    found = subprocess.run(
        ["sh", AT_ONCE, DVC, "2"],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    lines = found.stdout.splitlines()
    assert "dqn-1-milestone1: no score" in lines
    assert [line for line in lines if "failed; its stage" in line] == [
        "dqn-1-milestone1: failed; its stage is run again, alone, when the others are done"
    ]
    scores = sorted(path.name for path in tmp_path.glob("score-*"))
    assert scores == ["score-0-1", "score-0-2", "score-1-1"]
    rest = dvc(tmp_path, "repro")
    assert rest.returncode != 0 and "no score" in rest.stderr
    started = [line for line in rest.stdout.splitlines() if line.startswith("Running stage")]
    assert started == ["Running stage 'evaluate@dqn-1-milestone1':"]
    (tmp_path / "evaluate").write_text('echo "$1" > "score-$1-$2"')
    assert dvc(tmp_path, "repro").returncode == 0
    (tmp_path / "dvc").write_text(
        f'#!/bin/sh\n[ "$1" = status ] && echo "$2" >> asked || echo "$1" >> asked\nexec "{DVC}" "$@"\n'
    )
    (tmp_path / "dvc").chmod(0o755)
    again = subprocess.run(["sh", AT_ONCE, "./dvc", "2"], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert again.returncode == 0 and (tmp_path / "asked").read_text().split() == ["stage", "--quiet"], again.stderr


@pytest.mark.slow
def test_no_branch_of_a_training_that_failed_is_begun(tmp_path):
    assert dvc(tmp_path, "init", "--no-scm", "--quiet").returncode == 0
    (tmp_path / "dvc.yaml").write_text(PIPELINE.replace("cmd: cp runs", "cmd: test ${item.seed} = 0 && cp runs", 1))
    (tmp_path / "evaluate").write_text('echo "$1" > "score-$1-$2"')
    found = subprocess.run(["sh", AT_ONCE, DVC, "2"], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert found.returncode == 0
    assert found.stdout.count("failed; its stage") == 1 and (tmp_path / "runs" / "0" / "2").exists()
    assert sorted(path.name for path in tmp_path.glob("finished-*")) == ["finished-0-1", "finished-0-2"]


def test_a_pipeline_that_cannot_be_read_is_said_once(tmp_path):
    assert dvc(tmp_path, "init", "--no-scm", "--quiet").returncode == 0
    (tmp_path / "dvc.yaml").write_text("stages: [")
    found = subprocess.run(["sh", AT_ONCE, DVC, "2"], cwd=tmp_path, text=True, capture_output=True, check=False)
    assert found.returncode != 0 and found.stderr.count("dvc.yaml") == 1, found.stderr
