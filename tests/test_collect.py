"""The stage `collect` says beforehand what was to be expected, once, and never fails for it."""

import runpy
from pathlib import Path

import pytest
from tiny import tiny

from efficientzero.published import table_file
from efficientzero.records.paths import RunIdentity

STAGE = Path(__file__).parents[1] / "stages" / "collect.py"


@pytest.fixture(scope="module")
def say():
    return runpy.run_path(str(STAGE), run_name="collect")["say_what_was_to_be_expected"]


def test_it_is_said_of_the_largest_milestone_once_for_all_agents_and_seeds(say, capsys):
    parameters = tiny(game="Pong", seeds=[3, 4], agents=["dqn", "efficientzero"], milestones__env_steps=160)
    for agent in parameters.agents:
        for seed in parameters.seeds:
            say(RunIdentity(parameters, agent, seed))
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 1
    assert said[0].startswith("What was to be expected: Published EfficientZero") and "at 640 frames" in said[0]


def test_where_there_is_no_curve_it_says_so_and_of_minatar_nothing(say, capsys):
    say(RunIdentity(tiny(game="SpaceInvaders", agents=["efficientzero"]), "efficientzero", 0))
    assert "No learning curve of EfficientZero is published for SpaceInvaders" in capsys.readouterr().out
    say(RunIdentity(tiny(agents=["efficientzero"]), "efficientzero", 0))
    assert capsys.readouterr() == ("", "")


def test_missing_figures_do_not_stop_a_run(say, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(table_file, "FOLDER", tmp_path / "none")
    say(RunIdentity(tiny(game="Pong", agents=["efficientzero"]), "efficientzero", 0))
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("What was to be expected cannot be told: ")
