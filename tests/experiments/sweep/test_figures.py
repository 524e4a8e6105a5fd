"""The table, the lines and the figures of a study."""

import io
import json
from dataclasses import replace

import optuna
import pytest
from experiments.checkouts import ROOT
from experiments.sweep.made_up_trials import MadeUpExperiments
from PIL import Image
from rich.console import Console

from efficientzero.experiments.display import SweepDisplay, trial_table
from efficientzero.experiments.sweep.definition import load_sweep
from efficientzero.experiments.sweep.figures import at_first_rung, write_figures
from efficientzero.experiments.sweep.study import open_storage, open_study
from efficientzero.experiments.sweep.trial import Place
from efficientzero.experiments.sweep.workers import Workers


@pytest.fixture(scope="module")
def sweep():
    return load_sweep("smoke", ROOT)


@pytest.fixture
def run(monkeypatch, tmp_path, sweep):
    """Runs a number of made-up trials; returns the study and what was said."""
    MadeUpExperiments().put_in_place(monkeypatch)
    (tmp_path / "study").mkdir()
    place = Place("made_up", ROOT, ROOT, tmp_path / "study" / "logs")

    def trials(number):
        storage = open_storage(f"sqlite:///{tmp_path}/study.db", heartbeat_seconds=5)
        study = open_study("made_up", sweep, storage, ROOT)
        said = io.StringIO()
        with SweepDisplay(study, sweep, place, said) as display:
            Workers(sweep, storage, place, trials=number, jobs=1).run(display.show)
        return study, said.getvalue()

    return trials


def test_every_figure_is_drawn(run, sweep, tmp_path):
    study, _ = run(24)
    finished = [trial for trial in study.get_trials() if trial.state == optuna.trial.TrialState.COMPLETE]
    missing = write_figures(study, sweep, tmp_path)
    names = ["history", "rungs", "slices", "slices_first_rung", "importances_first_rung"]
    if len(finished) >= 8:
        names.append("importances")
    assert len(missing) == 6 - len(names)
    for name in names:
        with Image.open(tmp_path / f"{name}.png") as image:
            assert image.width > 600 and len(image.convert("L").getcolors(1 << 16)) > 10
        assert (tmp_path / f"{name}.svg").read_text().startswith("<?xml")
    first = at_first_rung(study, sweep).get_trials()
    assert [trial.value for trial in first] == [trial.intermediate_values[100] for trial in study.get_trials()]


def test_one_parameter_is_drawn_too(run, sweep, tmp_path):
    study, _ = run(9)
    key = "agent.dqn.multi_step"
    alone = optuna.create_study(direction="maximize")
    for trial in study.get_trials():
        kept = {"params": {key: trial.params[key]}, "distributions": {key: trial.distributions[key]}}
        alone.add_trial(optuna.create_trial(**kept, value=trial.intermediate_values[100], intermediate_values={100: 1}))
    assert write_figures(alone, sweep, tmp_path) == []


def test_figures_that_cannot_be_drawn_are_named_and_older_ones_removed(run, sweep, tmp_path):
    study, _ = run(1)
    (tmp_path / "importances.png").write_text("older")
    missing = write_figures(study, sweep, tmp_path)
    assert "importances: of finished trials it needs 8, and there are 1" in missing
    assert not (tmp_path / "importances.png").exists()


def test_without_trials_nothing_is_drawn_and_that_is_said(run, sweep, tmp_path):
    study, _ = run(0)
    missing = write_figures(study, sweep, tmp_path)
    assert "slices: of finished trials there are none" in missing
    assert "slices_first_rung: of all trials at 100 env steps there are none" in missing


def test_lines_say_once_what_happened(run):
    _, said = run(4)
    assert said.count("trial 0: runs with learning_rate=") == 1
    assert said.count("trial 0: score ") == said.count("trial 0: score 2.8") + 2  # at three rungs
    assert said.count(": finished\n") + said.count(": stopped\n") == 4
    _, again = run(5)
    assert "trial 3" not in again and "trial 4: runs with" in again


def test_the_table_holds_every_trial_and_marks_the_best(run, sweep):
    study, _ = run(6)
    output = io.StringIO()
    Console(file=output, width=200).print(trial_table(study.get_trials(), sweep))
    lines = output.getvalue().splitlines()
    assert lines[0].startswith("smoke: score of dqn") and lines[1].split()[-4:] == ["100", "200", "400", "state"]
    assert [line.split()[0] for line in lines[2:]] == list("012345")
    best = next(line for line in lines if "the best" in line)
    assert best.split()[0] == str(study.best_trial.number)
    assert json.loads(study.user_attrs["begun_with"])["objective"] == "score"


def test_names_are_as_short_as_they_can_be(sweep):
    space = sweep.definition.space
    one, other = list(space.values())[:2]
    changed = sweep.definition.model_copy(
        update={"space": {"agent.dqn.learning.momentum": one, "agent.dqn.other.momentum": other, "warmup": one}}
    )
    names = replace(sweep, definition=changed).short_names()
    assert list(names.values()) == ["learning.momentum", "other.momentum", "warmup"]
