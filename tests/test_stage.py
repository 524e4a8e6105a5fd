"""A stage that cannot run says why in one message and ends with code 2."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


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
    result = subprocess.run(
        ["sh", str(ROOT / "stages" / "run"), "train", *arguments, "--from", "0", "--to", "750"],
        cwd=tmp_path,
        env=os.environ | {"VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert words in result.stderr and "Traceback" not in result.stderr
