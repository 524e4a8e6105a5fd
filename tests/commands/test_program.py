"""The program: its one help, and whose code it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import efficientzero
from efficientzero.__main__ import COMMANDS, main, parsed


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_in_the_help_and_has_its_own_with_examples(name, capsys):
    for arguments in (["--help"], [name, "--help"]):
        with pytest.raises(SystemExit) as ended:
            parsed(arguments)
        assert ended.value.code == 0
    whole = capsys.readouterr().out
    assert f"\n    {name} " in whole and f"\nexamples:\n  efficientzero {name} " in whole


def test_the_code_is_that_of_the_checkout_it_is_started_in(tmp_path):
    own = tmp_path / "src" / "efficientzero"
    own.mkdir(parents=True)
    (own / "__init__.py").touch()
    (own / "__main__.py").write_text("import sys\nprint('its own', sys.argv[1:])\n")
    environment = {**os.environ, "PYTHONPATH": str(Path(efficientzero.__file__).parents[1])}
    command = [sys.executable, "-m", "efficientzero", "suite", "a b"]
    assert subprocess.check_output(command, cwd=tmp_path, env=environment, text=True) == "its own ['suite', 'a b']\n"


@pytest.mark.parametrize("name", ["repro", "suite", "sweep", "compare"])
def test_elsewhere_than_in_the_root_of_a_clone_nothing_is_begun(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    named = {"suite": ["minatar"], "sweep": ["smoke"], "compare": ["HEAD"]}.get(name, [])
    monkeypatch.setattr(sys, "argv", ["efficientzero", name, *named])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2 and "root of a clone" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path, monkeypatch, capsys):
    def full(arguments, repository):
        raise OSError(28, "No space left on device", "data/comparison/scores.csv")

    monkeypatch.setattr("efficientzero.commands.compare.run", full)
    monkeypatch.setattr(sys, "argv", ["efficientzero", "compare", "--published", "final_scores"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "data/comparison/scores.csv: No space left on device\n"
