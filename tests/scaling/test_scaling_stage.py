"""The stage `scaling`, in the tests' own process; and once as DVC runs it."""

import io
import json
import os
import runpy
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DRIFT = "age_from,age_to,positions,policy_distance,value_difference\n0,0,9,0.1,0.2\n2,3,9,0.2,0.4\n"
SOUNDNESS = "quantity,depth,mode,value,positions\nreward_correlation,1,evaluation,0.5,9\nvalue_bias,0,evaluation,,0\n"
FIGURES = ("score_against_frames", "score_against_compute", "frames_ratio", "exponents", "drift", "soundness")
TABLES = ("scores", "curve", "aggregates", "exponents", "frames_ratio", "drift", "soundness")


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
            for steps in (750, 1500, 3000, 6000):
                drift = tmp_path / "data" / "drift" / agent / str(seed) / f"{steps}.csv"
                drift.parent.mkdir(parents=True, exist_ok=True)
                drift.write_text(DRIFT if agent == "efficientzero" else "\n")
                for source in ("soundness", "generalisation"):
                    soundness = tmp_path / "data" / source / agent / str(seed) / f"{steps}.csv"
                    soundness.parent.mkdir(parents=True, exist_ok=True)
                    soundness.write_text(SOUNDNESS if agent == "efficientzero" else "\n")
    return tmp_path


def run(folder, *arguments):
    """What `sh stages/run scaling` does in a folder, in this process: a new one takes seconds to import all."""
    path, out, error, code = str(ROOT / "stages" / "scaling.py"), io.StringIO(), io.StringIO(), 0
    with chdir(folder), redirect_stdout(out), redirect_stderr(error), patch.object(sys, "argv", [path, *arguments]):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as ended:
            code = ended.code or 0
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=error.getvalue())


def run_as_dvc(folder):
    command = ["sh", str(ROOT / "stages" / "run"), "scaling"]
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_writes_what_dvc_yaml_declares(folder):
    result = run(folder)
    assert result.returncode == 0, result.stderr
    written = {path.name for path in (folder / "data" / "scaling").iterdir()}
    figures = {f"{name}.{suffix}" for name in FIGURES for suffix in ("png", "svg")}
    assert written == {f"{name}.csv" for name in TABLES} | {"verdict.json", "report.html"} | figures
    assert len({(folder / "data" / "scaling" / name).read_bytes() for name in figures}) == len(figures)
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    plots = declared["plots"]
    assert plots[1:] == [f"data/scaling/{name}.png" for name in FIGURES]
    assert declared["metrics"] == ["data/scaling/verdict.json"]
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
    drift = pd.read_csv(folder / "data" / "scaling" / "drift.csv")
    assert list(drift.agent.unique()) == ["efficientzero"] and list(drift.runs) == [2] * 8
    soundness = pd.read_csv(folder / "data" / "scaling" / "soundness.csv")
    assert list(soundness.runs) == [2, 0] * 8 and list(soundness.env_steps[::4]) == [750, 1500, 3000, 6000]
    assert (
        "efficientzero,750,replay,value_bias,0,evaluation,0,,0\n"
        in (folder / "data" / "scaling" / "soundness.csv").read_text()
    )
    assert "Is the model sound?" in (folder / "data" / "scaling" / "report.html").read_text()
    verdict = json.loads((folder / "data" / "scaling" / "verdict.json").read_text())
    assert list(verdict["against"]) == ["muzero_reanalyze"] and verdict["schema_version"] == 1
    assert (
        f"efficientzero against muzero_reanalyze: {verdict['against']['muzero_reanalyze']['verdict']}" in result.stdout
    )


def test_other_seconds_change_nothing_but_the_score_table(folder):
    output = folder / "data" / "scaling"
    written = []
    for run_once in (run, run_as_dvc):  # nothing may come from what a process has kept
        assert run_once(folder).returncode == 0
        written.append({path.name: path.read_bytes() for path in output.iterdir()})
        for path in (folder / "data" / "costs").glob("*/*/*.json"):
            path.write_text(path.read_text().replace('"wall_seconds": 0.5', '"wall_seconds": 0.75'))
    assert {name for name in written[0] if written[0][name] != written[1][name]} <= {"scores.csv", "report.html"}
    assert written[0]["scores.csv"] != written[1]["scores.csv"]
    assert len(written[0]) == len(TABLES) + 2 + 2 * len(FIGURES)


def set_parameters(folder, **values):
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values))


def verdict_of(folder):
    return json.loads((folder / "data" / "scaling" / "verdict.json").read_text())


def test_one_seed_gives_every_file_and_no_verdict_in_little_time(folder):
    set_parameters(folder, seeds=[0])
    before = os.times()
    assert run(folder).returncode == 0
    after = os.times()
    assert 0 < after.user - before.user < 10
    assert len(list((folder / "data" / "scaling").iterdir())) == len(TABLES) + 2 + 2 * len(FIGURES)
    assert verdict_of(folder)["against"]["muzero_reanalyze"]["verdict"] == "not identified"
    assert "one seed only" in verdict_of(folder)["against"]["muzero_reanalyze"]["reason"]
    exponents = pd.read_csv(folder / "data" / "scaling" / "exponents.csv")
    assert len(exponents) and exponents.estimate.isna().all() and exponents.refused.notna().all()


def test_an_experiment_of_one_agent_is_sound(folder):
    set_parameters(folder, agents=["efficientzero"])
    result = run(folder)
    assert result.returncode == 0, result.stderr
    assert verdict_of(folder)["against"] == {} and "only one agent" in verdict_of(folder)["reason"]
    assert len(list((folder / "data" / "scaling").iterdir())) == len(TABLES) + 2 + 2 * len(FIGURES)


def of_game(folder, name, frame_skip):
    set_parameters(folder, game=name)
    for path in (folder / "data" / "scores").glob("*/*/*.json"):
        content = json.loads(path.read_text())
        content |= {"game": name, "frames": content["env_steps"] * frame_skip, "frame_skip": frame_skip}
        path.write_text(json.dumps(content))


def test_minatar_is_placed_up_to_the_published_score_of_dqn_and_says_so(folder):
    of_game(folder, "minatar/breakout", 1)
    result = run(folder)
    assert result.returncode == 0, result.stderr
    assert verdict_of(folder)["against"]["muzero_reanalyze"]["ceiling"] == "published DQN"
    aggregates = pd.read_csv(folder / "data" / "scaling" / "aggregates.csv")
    assert set(aggregates.ceiling) == {"published DQN", "best published"}
    page = (folder / "data" / "scaling" / "report.html").read_text()
    assert "1 the published score of DQN" in page and "Wu and Ren 2026" in page
    assert "above the human" not in page and "1 the human score" not in page


def test_a_game_without_a_ceiling_has_its_scores_and_reasons(folder):
    of_game(folder, "AirRaid", 4)
    result = run(folder)
    assert result.returncode == 0, result.stderr
    reason = verdict_of(folder)["against"]["muzero_reanalyze"]["reason"]
    assert "no random and human score" in reason
    assert pd.read_csv(folder / "data" / "scaling" / "aggregates.csv").empty


def test_reads_what_the_parameters_list_and_not_what_the_folder_holds(folder):
    assert run(folder).returncode == 0
    scores = pd.read_csv(folder / "data" / "scaling" / "scores.csv")
    assert set(scores.seed) == {0, 1}
    assert len(scores) == 2 * 2 * 4
    # Nor does DVC see what is left over, when it takes the folder for an input.
    for results in ("scores", "costs", "drift", "soundness", "generalisation"):
        kept = {path.parent.name for path in (folder / "data" / results).glob("*/*/*")}
        assert kept == {"0", "1"}, results


@pytest.mark.parametrize(
    "name",
    [
        "scores/efficientzero/1/3000.json",
        "costs/efficientzero/1/finish-3000.json",
        "drift/efficientzero/1/3000.csv",
        "soundness/efficientzero/1/3000.csv",
        "generalisation/efficientzero/1/3000.csv",
    ],
)
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
