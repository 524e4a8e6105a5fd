"""The whole pipeline as a user meets it: DVC runs it in a clone of this checkout."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "VIRTUAL_ENV": sys.prefix,
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}

# Of the profile's three agents the two that share no code of an agent: each stage takes seconds to start.
SMOKE = ["-S", "profile=smoke", "-S", "agents=[efficientzero,rainbow]"]

pytestmark = pytest.mark.slow


def run(folder, *command, expect=0):
    result = subprocess.run(command, cwd=folder, env=ENVIRONMENT, text=True, capture_output=True, check=False)
    assert result.returncode == expect, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A clone with whatever is not committed yet, where the smoke profile has been run once."""
    folder = tmp_path_factory.mktemp("chain") / "checkout"
    listed = run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    run(folder, "git", "init", "-q")
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-qm", "start")
    run(folder, "dvc", "exp", "run", *SMOKE)
    return folder


def test_every_milestone_of_every_agent_is_scored(checkout):
    parameters = yaml.safe_load((checkout / "params.yaml").read_text())
    milestones = [step["to"] for step in parameters["milestones"]["list"]]
    table = pd.read_csv(checkout / "data" / "scaling" / "scores.csv")
    for agent in parameters["agents"]:
        rows = table[table["agent"] == agent].sort_values("env_steps")
        assert rows["env_steps"].tolist() == milestones
        for milestone in milestones:
            record = json.loads((checkout / f"data/scores/{agent}/0/{milestone}.json").read_text())
            row = rows[rows["env_steps"] == milestone].iloc[0]
            assert row["score"] == pytest.approx(record["mean_return"])
            assert len(record["episodes"]) == parameters["evaluation"]["episodes"]
            with Image.open(checkout / f"data/videos/{agent}/0/{milestone}.gif") as video:
                assert video.n_frames > 1
            assert (
                json.loads((checkout / f"data/runs/{agent}/0/{milestone}/manifest.json").read_text())["env_steps"]
                == milestone
            )
    with Image.open(checkout / "data" / "scaling" / "score_against_frames.png") as figure:
        assert figure.width > 600


def test_again_there_is_nothing_to_do(checkout):
    assert "Data and pipelines are up to date" in run(checkout, "dvc", "repro")


def test_a_second_clone_pulls_and_has_nothing_to_do(checkout, tmp_path):
    run(checkout, "git", "add", "-A")
    run(checkout, "git", "commit", "-qm", "run")
    run(checkout, "dvc", "remote", "add", "--local", "-d", "here", str(tmp_path / "remote"))
    run(checkout, "dvc", "push", "-q")
    run(tmp_path, "git", "clone", "-q", str(checkout), "second")
    second = tmp_path / "second"
    run(second, "dvc", "remote", "add", "--local", "-d", "here", str(tmp_path / "remote"))
    run(second, "dvc", "pull", "-q")
    assert "Data and pipelines are up to date" in run(second, "dvc", "repro")
    assert files(second / "data") == files(checkout / "data")


def test_a_doubled_budget_runs_only_the_new_milestone(checkout):
    kept = files(checkout / "data" / "runs" / "rainbow")
    told = run(checkout, "dvc", "exp", "run", *SMOKE, "-S", "agents=[rainbow]", "-S", "milestones.env_steps=400")
    stages = [line.split("'")[1] for line in told.splitlines() if line.startswith("Running stage")]
    assert sorted({stage.split("@")[0] for stage in stages}) == ["evaluate", "reanalyze", "scaling", "train"]
    assert all(stage.endswith("milestone2") for stage in stages if stage != "scaling") and len(stages) == 4
    now = files(checkout / "data" / "runs" / "rainbow")
    assert kept and all(now[name] == content for name, content in kept.items())


def test_a_smaller_budget_again_runs_only_the_analysis_and_leaves_nothing_over(checkout):
    told = run(checkout, "dvc", "exp", "run", *SMOKE)
    assert [line.split("'")[1] for line in told.splitlines() if line.startswith("Running stage")] in ([], ["scaling"])
    assert not list((checkout / "data" / "scores").glob("*/*/400.json"))
    assert "Data and pipelines are up to date" in run(checkout, "dvc", "status")


@pytest.mark.parametrize("stage", ["train", pytest.param("reanalyze", marks=pytest.mark.long)])
def test_a_killed_stage_gives_the_bytes_of_one_that_was_not(checkout, stage, tmp_path):
    """SIGKILL soon after a snapshot, again and again."""
    agent = "efficientzero"
    start, to, kind = (100, 200, "runs") if stage == "train" else (200, 200, "finished")
    arguments = ["--from", "100", "--milestone", "200"] if stage == "train" else ["--milestone", "200"]
    command = ["sh", "stages/run", stage, "--agent", agent, "--seed", "0", *arguments]
    parameters = yaml.safe_load((checkout / "params.yaml").read_text())
    parameters["snapshot_seconds"] = 0.05
    parameters["finishing"]["updates_fraction"] = 1.0  # work enough to be killed at
    outputs = {}
    for name in ("straight", "killed"):
        folder = tmp_path / name
        for part in ("src", "pyx", "stages", "setup.py", f"data/runs/{agent}/0/{start}"):
            source = checkout / part
            (folder / part).parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / part)
        (folder / "params.yaml").write_text(yaml.safe_dump(parameters))
        outputs[name] = folder / "data" / kind / agent / "0" / str(to)
    run(tmp_path / "straight", *command)

    partial = tmp_path / "killed" / ".partial"
    moments = random.Random(0)
    kills, resumed = 0, 0
    while not outputs["killed"].exists():
        process = subprocess.Popen(
            command,
            cwd=tmp_path / "killed",
            env={**ENVIRONMENT, "DVC_ROOT": str(tmp_path / "killed")},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        before = newest(partial)
        while process.poll() is None and newest(partial) == before:
            time.sleep(0.005)
        time.sleep(moments.random() * 0.1)
        if kills < 3 and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        told, _ = process.communicate()
        resumed += "from a snapshot" in told
        assert process.returncode in (0, -signal.SIGKILL)
    assert kills and resumed
    assert files(outputs["killed"]) == files(outputs["straight"])
    assert not list(partial.iterdir())


def newest(partial):
    return max((path.name for path in partial.glob("*/[0-9]*")), default=None)
