"""Scores of several revisions of a real repository, some of them DVC's and some Git's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from efficientzero.__main__ import parsed
from efficientzero.scaling import ScalingInputError, gather
from efficientzero.scaling.sources import combine

AGENTS = ("efficientzero", "rainbow")


def command(folder, *words):
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
    result = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def commit(folder, name):
    command(folder, "git", "add", "-A")
    command(folder, "git", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", name)
    command(folder, "git", "tag", name)


def write(folder, game, seed=0, frame_skip=4, sticky="standard"):
    shutil.rmtree(folder / "data", ignore_errors=True)
    parameters = {
        "game": game, "agents": list(AGENTS), "seeds": [seed], "envs": {"sticky_actions": sticky, "count": 5},
        "milestones": {"list": [{"from": 0, "to": 750}, {"from": 750, "to": 1500}]},
    }  # fmt: skip
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters))
    for place, agent in enumerate(AGENTS):
        for steps in (0, 750, 1500):
            score = float(steps - 10 * place)
            content = {
                "schema_version": 2, "game": game, "agent": agent, "seed": seed, "env_steps": steps,
                "frames": steps * frame_skip, "frame_skip": frame_skip, "updates": 1, "parameters": 1,
                "training_flops": steps, "max_env_steps": None, "sample_actions": True, "mean_return": score,
                "episodes": [{"seed": 0, "return": score, "env_steps": 1, "truncated": False}],
            }  # fmt: skip
            path = folder / "data" / "scores" / agent / str(seed) / f"{steps}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content))
        for stage in ("collect", "train-750", "train-1500", "finish-750", "finish-1500"):
            path = folder / "data" / "costs" / agent / str(seed) / f"{stage}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"schema_version": 1, "cpu_seconds": 2.0, "wall_seconds": 1.0, "device": "cpu"}))


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    command(folder, "git", "init", "-q")
    command(folder, sys.executable, "-m", "dvc", "init", "-q")
    commit(folder, "empty")
    write(folder, "Pong")
    commit(folder, "pong")
    write(folder, "Pong", seed=1)
    commit(folder, "pong_again")
    write(folder, "Alien", frame_skip=2)
    commit(folder, "skips_two")
    write(folder, "Boxing", sticky="none")
    commit(folder, "not_sticky")
    write(folder, "Seaquest")
    (folder / "data" / "scores" / "rainbow" / "0" / "750.json").write_text("{")
    commit(folder, "damaged")
    write(folder, "Alien")
    (folder / "data" / "scores" / "rainbow" / "0" / "1500.json").unlink()
    commit(folder, "unfinished")
    write(folder, "Alien")
    command(folder, "git", "rm", "-q", "-r", "--cached", "data")
    command(folder, sys.executable, "-m", "dvc", "add", "-q", "data/scores", "data/costs")
    commit(folder, "alien")
    shutil.rmtree(folder / "data" / "scores")  # only DVC's cache has them now
    return folder


def test_the_scores_of_git_and_of_dvc_one_below_the_other(repository):
    before = {path: path.stat().st_mtime_ns for path in Path(repository).rglob("*") if ".dvc/tmp" not in str(path)}
    table = gather(["pong", "pong_again", "alien"], repository)
    assert list(table.groupby("revision", sort=False).game.first().items()) == [
        ("pong", "Pong"), ("pong_again", "Pong"), ("alien", "Alien"),
    ]  # fmt: skip
    assert len(table) == 3 * 2 * 2 and set(table.frames) == {3000, 6000} and set(table.frame_skip) == {4}
    assert list(table[table.agent == "rainbow"].score[:2]) == [740.0, 1490.0]
    assert set(table[table.game == "Pong"].seed) == {0, 1}
    assert list(table.cpu_seconds[:2]) == [6.0, 8.0]
    after = {path: path.stat().st_mtime_ns for path in Path(repository).rglob("*") if ".dvc/tmp" not in str(path)}
    assert {path for path in after if "data" in path.parts} == {path for path in before if "data" in path.parts}


@pytest.mark.parametrize(
    ("revisions", "sentence"),
    [
        ([], "no experiments were named"),
        (["pong", "pong"], "named twice"),
        (["pong", "nowhere"], "'nowhere': there is no such experiment or Git revision here"),
        (["empty"], r"empty: params\.yaml is not there"),
        (["unfinished"], r"unfinished: data/scores/rainbow/0/1500\.json is not there; `dvc pull` fetches"),
        (["damaged"], r"damaged: data/scores/rainbow/0/750\.json: damaged, or not a score file"),
        (["pong", "skips_two"], "pong has frame_skip 4 and skips_two has 2; their scores cannot be compared"),
        (["pong", "not_sticky"], "pong has sticky_actions standard and not_sticky has none"),
    ],
)
def test_bad_input_is_one_sentence(repository, revisions, sentence):
    with pytest.raises(ScalingInputError, match=sentence) as raised:
        gather(revisions, repository)
    assert "\n" not in str(raised.value) and "/tmp" not in str(raised.value)


def test_the_same_scores_in_two_experiments(repository):
    table = gather(["pong"], repository)
    sentence = "agent efficientzero, game Pong, seed 0, 750 env steps: its score stands in one and in two; leave one"
    with pytest.raises(ScalingInputError, match=sentence):
        combine({"one": table, "two": table})


def test_outside_a_git_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for where in (None, tmp_path):
        with pytest.raises(ScalingInputError, match="'main': there is no such experiment or Git revision here"):
            gather(["main"], where)


def test_without_dvc_it_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "dvc.api", None)
    with pytest.raises(ScalingInputError, match=r"DVC, which is not installed; `pip install"):
        gather(["main"])


def test_importing_the_analysis_loads_no_dvc():
    code = "import sys, efficientzero.scaling; print('dvc' in sys.modules, 'torch' in sys.modules)"
    assert command(Path(__file__).parents[2] / "src", sys.executable, "-c", code).split() == ["False", "False"]


def test_several_experiments_are_compared(repository, tmp_path, monkeypatch):
    monkeypatch.chdir(repository)
    output = tmp_path / "comparison"
    options = parsed(["compare", "pong", "alien", "--output", str(output)])
    assert options.run(options, Path()) == 0
    assert set(pd.read_csv(output / "scores.csv").revision) == {"pong", "alien"}
    assert (output / "score_against_frames.svg").exists() and not (output / "drift.csv").exists()
    assert not (output / "soundness.csv").exists()  # of revisions from before it was measured, too
    assert json.loads((output / "verdict.json").read_text())["against"]["rainbow"]["verdict"] == "not identified"
