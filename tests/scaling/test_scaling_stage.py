"""The stage `scaling`, run as DVC runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    """A folder with the committed params.yaml for two agents, two seeds and four budgets, and all their results."""
    parameters = yaml.safe_load((ROOT / "params.yaml").read_text())
    parameters |= {"game": "Assault", "seeds": [0, 1], "agents": ["efficientzero", "muzero_reanalyze"]}
    steps = [{"from": start, "to": to} for start, to in ((0, 750), (750, 1500), (1500, 3000), (3000, 6000))]
    parameters["milestones"] = {"first": 750, "env_steps": 6000, "list": steps}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(parameters))
    for agent in parameters["agents"]:
        for seed in (0, 1, 2):  # seed 2 is left over from a longer list
            for steps in (0, 750, 1500, 3000, 6000):
                content = {
                    "schema_version": 2, "game": "Assault", "agent": agent, "seed": seed, "env_steps": steps,
                    "frames": steps * 4, "frame_skip": 4, "updates": 1, "parameters": 1,
                    "training_flops": 10**9 * steps, "max_env_steps": None, "sample_actions": True,
                    "episodes": [{"seed": 0, "return": float(steps + seed), "env_steps": 1, "truncated": False}],
                    "mean_return": float(steps + seed),
                }  # fmt: skip
                path = tmp_path / "data" / "scores" / agent / str(seed) / f"{steps}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(content))
            stages = [f"{stage}-{steps}" for stage in ("train", "finish") for steps in (750, 1500, 3000, 6000)]
            for number, stage in enumerate(("collect", *stages)):  # 0, then train 1 to 4, finish 5 to 8
                content = {"schema_version": 1, "cpu_seconds": 2.0**number, "wall_seconds": 0.5, "device": "cpu"}
                path = tmp_path / "data" / "costs" / agent / str(seed) / f"{stage}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(content))
    return tmp_path


def run(folder, *arguments):
    command = ["sh", str(ROOT / "stages" / "run"), "scaling", *arguments]
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_writes_what_dvc_yaml_declares(folder):
    result = run(folder)
    assert result.returncode == 0, result.stderr
    written = {path.name for path in (folder / "data" / "scaling").iterdir()}
    figures = {f"score_against_{x}.{suffix}" for x in ("frames", "compute") for suffix in ("png", "svg")}
    assert written == {"scores.csv", "curve.csv"} | figures
    assert len({(folder / "data" / "scaling" / name).read_bytes() for name in figures}) == 4
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
    assert plots[1:] == ["data/scaling/score_against_frames.png", "data/scaling/score_against_compute.png"]
    (curve_path,) = plots[0]["score against frames"]["y"]
    curve = pd.read_csv(folder / curve_path)
    assert {"agent", plots[0]["score against frames"]["x"], "score"} <= set(curve.columns)
    assert list(curve.score[:4]) == [750.5, 1500.5, 3000.5, 6000.5]
    assert list(curve.training_flops[:2]) == [750 * 10**9, 1500 * 10**9]
    scores = pd.read_csv(folder / "data" / "scaling" / "scores.csv")
    assert list(scores.cpu_seconds[:4]) == [1 + 2 + 32, 1 + 2 + 4 + 64, 1 + 2 + 4 + 8 + 128, 1 + 2 + 4 + 8 + 16 + 256]
    assert list(scores.wall_seconds[:4]) == [1.5, 2.0, 2.5, 3.0]
    assert list(scores.columns[-2:]) == ["cpu_seconds", "wall_seconds"]
    assert "CPU-seconds" in result.stdout and "750.5" in result.stdout


def test_other_seconds_change_nothing_but_the_score_table(folder):
    output = folder / "data" / "scaling"
    written = []
    for _ in range(2):
        assert run(folder).returncode == 0
        written.append({path.name: path.read_bytes() for path in output.iterdir()})
        for path in (folder / "data" / "costs").glob("*/*/*.json"):
            path.write_text(path.read_text().replace('"wall_seconds": 0.5', '"wall_seconds": 0.75'))
    assert {name for name in written[0] if written[0][name] != written[1][name]} == {"scores.csv"}


def test_reads_what_the_parameters_list_and_not_what_the_folder_holds(folder):
    assert run(folder).returncode == 0
    scores = pd.read_csv(folder / "data" / "scaling" / "scores.csv")
    assert set(scores.seed) == {0, 1}
    assert len(scores) == 2 * 2 * 4
    # Nor does DVC see what is left over, when it takes the folder for an input.
    for results in ("scores", "costs"):
        kept = {path.parent.name for path in (folder / "data" / results).glob("*/*/*.json")}
        assert kept == {"0", "1"}, results


@pytest.mark.parametrize("name", ["scores/efficientzero/1/3000.json", "costs/efficientzero/1/finish-3000.json"])
def test_a_missing_file_is_named_without_a_traceback(folder, name):
    missing = Path("data", name)
    (folder / missing).unlink()
    result = run(folder)
    assert result.returncode == 2
    assert result.stderr.startswith(f"{missing}: ") and result.stderr.count("\n") == 1
    assert not (folder / "data" / "scaling").exists()


def test_a_wrong_parameter_ends_the_stage_without_a_traceback(folder):
    text = (folder / "params.yaml").read_text()
    (folder / "params.yaml").write_text(text.replace("game: Assault", "game: Asault"))
    result = run(folder)
    assert result.returncode == 2
    assert "Assault" in result.stderr and "Traceback" not in result.stderr


def test_the_checkouts_own_python_comes_before_an_activated_one(tmp_path):
    places = {"checkout": tmp_path / ".venv", "dvc": tmp_path / "root" / ".venv", "activated": tmp_path / "other"}
    for name, place in places.items():
        (place / "bin").mkdir(parents=True)
        (place / "bin" / "python").write_text(f"#!/bin/sh\necho {name}\n")
        (place / "bin" / "python").chmod(0o755)
    (tmp_path / "stages").mkdir()
    shutil.copy2(ROOT / "stages" / "run", tmp_path / "stages")
    environment = os.environ | {"VIRTUAL_ENV": str(places["activated"]), "DVC_ROOT": str(tmp_path / "root")}
    for name, place in places.items():
        told = subprocess.check_output(["sh", "stages/run", "train"], cwd=tmp_path, env=environment, text=True)
        assert told.strip() == name
        shutil.rmtree(place)


def test_help():
    result = run(ROOT, "--help")
    assert result.returncode == 0
    assert "curve.csv" in result.stdout
