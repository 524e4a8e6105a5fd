"""A stage that cannot run says why in one message and ends with code 2."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from runs import started
from tiny import tiny

from efficientzero.running.run import save_run

ROOT = Path(__file__).parents[1]


def run(folder, stage, *arguments):
    return subprocess.run(
        ["sh", str(ROOT / "stages" / "run"), stage, *arguments],
        cwd=folder,
        env=os.environ | {"VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "edit", "words"),
    [
        (["--agent", "eficientzero", "--seed", "0"], None, "did you mean efficientzero"),
        (["--agent", "efficientzero", "--seed", "0"], ("game: ", "game: x"), "there is no game called"),
        (["--agent", "efficientzero", "--seed", "0"], None, "data/runs/efficientzero/0/0: there is no manifest.json"),
    ],
)
def test_what_a_user_can_mend_is_one_message(tmp_path, arguments, edit, words):
    shutil.copy2(ROOT / "params.yaml", tmp_path)
    if edit:
        text = (tmp_path / "params.yaml").read_text()
        (tmp_path / "params.yaml").write_text(text.replace(*edit))
    result = run(tmp_path, "train", *arguments, "--from", "0", "--milestone", "750")
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("name", "quantities"),
    [("efficientzero", 11), ("model_free_muzero", 5), ("dqn", 0)],
)
def test_training_and_evaluation_write_how_sound_the_network_is(tmp_path, name, quantities):
    parameters = tiny()
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(parameters.model_dump(mode="json", by_alias=True)))
    save_run(started(parameters, name), tmp_path / "data" / "runs" / name / "0" / "0", earlier=None)
    result = run(tmp_path, "train", "--agent", name, "--seed", "0", "--from", "0", "--milestone", "80")
    assert result.returncode == 0, result.stderr
    (path,) = (tmp_path / "data" / "soundness").rglob("*.*")
    assert path == tmp_path / "data" / "soundness" / name / "0" / "80.csv"
    check_soundness(path, quantities)
    for stage in ("reanalyze", "evaluate"):
        result = run(tmp_path, stage, "--agent", name, "--seed", "0", "--milestone", "80")
        assert result.returncode == 0, result.stderr
    (path,) = (tmp_path / "data" / "generalisation").rglob("*.*")
    assert path == tmp_path / "data" / "generalisation" / name / "0" / "80.csv"
    check_soundness(path, quantities)


def check_soundness(path, quantities):
    head, *rows = path.read_text().splitlines()
    assert head == ("quantity,depth,mode,value,positions" if quantities else "")
    assert len({row.split(",")[0] for row in rows}) == quantities
    assert "nan" not in path.read_text().lower()
