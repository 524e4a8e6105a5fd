"""Promotion, stopping, counting, going on and running again, with made-up experiments in the place of DVC."""

import json
import threading
import time
import warnings
from dataclasses import replace

import optuna
import pytest
from experiments.checkouts import ROOT
from experiments.sweep.made_up_trials import MadeUpExperiments
from optuna.trial import TrialState

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.composition import flat
from efficientzero.experiments.sweep.definition import load_sweep
from efficientzero.experiments.sweep.study import begin, counted, number, open_storage, open_study, study_folder
from efficientzero.experiments.sweep.trial import Place, TrialError, run_trial
from efficientzero.experiments.sweep.workers import Workers, enough

warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
optuna.logging.set_verbosity(optuna.logging.ERROR)
MILESTONES = (100, 200, 400)


@pytest.fixture
def experiments(monkeypatch):
    return MadeUpExperiments().put_in_place(monkeypatch)


@pytest.fixture(scope="module")
def sweep():
    return load_sweep("smoke", ROOT)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "study").mkdir()
    return Place("made_up", ROOT, ROOT, tmp_path / "study" / "logs")


@pytest.fixture
def storage(tmp_path):
    return open_storage(f"sqlite:///{tmp_path}/study.db", heartbeat_seconds=1)


def work(sweep, storage, place, trials, jobs=1):
    Workers(sweep, storage, place, trials=trials, jobs=jobs).run(lambda: None)
    return open_study("made_up", sweep, storage, ROOT).get_trials()


def test_the_better_half_is_promoted_and_every_trial_keeps_its_last_experiment(experiments, sweep, storage, place):
    trials = work(sweep, storage, place, 12)
    assert len(trials) == 12 and {trial.state for trial in trials} == {TrialState.COMPLETE, TrialState.PRUNED}
    for trial in trials:
        last = max(trial.intermediate_values)
        assert sorted(trial.intermediate_values) == [budget for budget in MILESTONES if budget <= last]
        assert (trial.state == TrialState.COMPLETE) == (last == 400)
        assert trial.user_attrs["experiment"] == f"made_up-t{trial.number}-{last}"
        assert {key: experiments.there[f"made_up-t{trial.number}-{last}"][key] for key in trial.params} == trial.params
    assert len(experiments.there) == 12
    assert len(experiments.ran) == sum(len(trial.intermediate_values) for trial in trials)
    # Of the trials that were stopped at the first rung, none was better there than the best half of those before it.
    for trial in trials:
        before = sorted(other.intermediate_values[100] for other in trials[: trial.number + 1])
        half = before[-max(len(before) // 2, 1)]
        assert (max(trial.intermediate_values) > 100) == (trial.intermediate_values[100] >= half)


def test_a_trial_is_run_with_what_is_drawn_and_what_the_sweep_fixes(experiments, sweep, storage, place):
    trial = work(sweep, storage, place, 1)[0]
    overrides = experiments.there["made_up-t0-400"]
    assert overrides == {**sweep.definition.overrides, "agents": ["dqn"], **trial.params, "milestones.env_steps": 400}
    td_steps = "agent.dqn.learning.td_steps"
    assert (td_steps in trial.params) == trial.params["agent.dqn.multi_step"]


def test_a_study_goes_on_to_the_number_of_trials_in_all(experiments, sweep, storage, place):
    first = work(sweep, storage, place, 3)
    second = work(sweep, storage, place, 8)
    assert [trial.params for trial in second[:3]] == [trial.params for trial in first]
    assert len(second) == 8 and work(sweep, storage, place, 5) == second
    assert len({json.dumps(trial.params) for trial in second}) == 8  # the random numbers do not begin again


def test_the_first_trial_may_have_the_values_of_conf(experiments, sweep, storage, place):
    wanted = replace(sweep, definition=sweep.definition.model_copy(update={"present_first": True}))
    begin(open_study("made_up", wanted, storage, ROOT), wanted)
    trials = work(wanted, storage, place, 4, jobs=2)
    assert len(work(wanted, storage, place, 6)) == 6
    present = {key: flat(sweep.parameters)[key] for key in trials[0].params}
    assert len(present) >= 3  # td_steps only where multi_step is on, which in conf/ it is not
    assert [trial.params == present for trial in trials] == [True, False, False, False]


def test_several_workers_run_each_trial_once(experiments, sweep, storage, place):
    trials = work(sweep, storage, place, 10, jobs=4)
    assert len(trials) == 10 and all(trial.state.is_finished() for trial in trials)
    assert len(set(experiments.ran)) == len(experiments.ran)


def test_workers_do_not_both_take_the_last_trial(experiments, sweep, storage, place, monkeypatch):
    def slowly(study, trials):
        found = enough(study, trials)
        time.sleep(0.5)  # time for another worker to find the same
        return found

    monkeypatch.setattr("efficientzero.experiments.sweep.workers.enough", slowly)
    assert len(work(sweep, storage, place, 1, jobs=3)) == 1


def test_a_killed_trial_is_run_again_with_its_parameters_and_goes_on_at_its_rung(experiments, sweep, storage, place):
    work(sweep, storage, place, 2)
    study = open_study("made_up", sweep, storage, ROOT)
    killed = study.ask()  # a process that takes a trial, ...
    storage.record_heartbeat(killed._trial_id)

    def interrupted(*arguments):  # ... finishes its first rung, and is killed
        raise SystemExit

    report, killed.report = killed.report, interrupted
    with pytest.raises(SystemExit):
        run_trial(killed, sweep, place)
    assert report and "made_up-t2-100" in experiments.there

    trials = work(sweep, storage, place, 6)
    assert trials[2].state == TrialState.FAIL and len(counted(trials)) == 6
    retried = [trial for trial in trials if number(trial) == 2 and trial.number != 2]
    assert len(retried) == 1 and retried[0].params == trials[2].params and retried[0].state.is_finished()
    assert experiments.ran.count("made_up-t2-100") == 1
    names = sorted({name.rsplit("-", 1)[0] for name in experiments.there})
    assert names == sorted({f"made_up-t{number(trial)}" for trial in counted(trials)}) and len(experiments.there) == 6


def test_a_failed_trial_says_why_and_the_others_go_on(experiments, sweep, storage, place, monkeypatch):
    work(sweep, storage, place, 1)
    run = experiments.run

    def fails(experiment, *arguments, **options):
        if experiment.name == "made_up-t1-100":
            raise ExperimentError("made_up-t1-100: the experiment failed")
        return run(experiment, *arguments, **options)

    monkeypatch.setattr("efficientzero.experiments.sweep.trial.run_experiment", fails)
    trials = work(sweep, storage, place, 4)
    assert [trial.state == TrialState.FAIL for trial in trials] == [False, True, False, False]
    assert trials[1].user_attrs["error"] == "made_up-t1-100: the experiment failed"


def test_a_sweep_that_can_only_fail_stops(experiments, sweep, storage, place, monkeypatch):
    def fails(experiment, *arguments, **options):
        raise ExperimentError("no disk")

    monkeypatch.setattr("efficientzero.experiments.sweep.trial.run_experiment", fails)
    workers = Workers(sweep, storage, place, trials=12, jobs=1)
    workers.run(lambda: None)
    assert len(open_study("made_up", sweep, storage, ROOT).get_trials()) == 3
    assert workers.gave_up == (
        "the first 3 trials all failed, so the sweep was stopped; mend the cause; --trials 15 replaces them"
    )
    experiments.put_in_place(monkeypatch)  # the disk is there again
    trials = work(sweep, storage, place, 12)
    assert [trial.state == TrialState.FAIL for trial in trials] == [True] * 3 + [False] * 9


def test_a_sweep_that_ends_has_not_given_up(experiments, sweep, storage, place, monkeypatch):
    def fails(experiment, *arguments, **options):
        raise ExperimentError("no disk")

    monkeypatch.setattr("efficientzero.experiments.sweep.trial.run_experiment", fails)
    workers = Workers(sweep, storage, place, trials=3, jobs=1)
    workers.run(lambda: None)
    assert workers.gave_up is None


def test_a_trial_that_is_always_killed_is_given_up_after_three_more_times(sweep, storage, experiments):
    study = open_study("made_up", sweep, storage, ROOT)
    for _ in range(4):
        trial = study.ask()
        assert number(study.get_trials()[trial.number]) == 0
        killed = study.tell(trial, state=TrialState.FAIL)
        storage.get_heartbeat_stale_trial_callback()(study, killed)
    assert [trial.state for trial in study.get_trials()] == [TrialState.FAIL] * 4
    assert counted(study.get_trials()) == []


def test_what_a_worker_cannot_mend_ends_the_sweep(experiments, sweep, storage, place, monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("efficientzero.experiments.sweep.trial.gather", broken)
    with pytest.raises(ZeroDivisionError):
        work(sweep, storage, place, 12)
    assert threading.active_count() < 10


def test_an_impossible_combination_is_not_run(experiments, sweep, storage, place):
    study = open_study("made_up", sweep, storage, ROOT)
    trial = study.ask()
    fixed = sweep.parameters | {"warmup_env_steps": 500}
    with pytest.raises(TrialError, match=r"must be less than milestones\.first"):
        run_trial(trial, type(sweep)(sweep.name, sweep.definition, fixed, sweep.milestones), place)
    assert experiments.ran == []


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("definition", {"objective": "area"}, "begun with objective score, and it is area now"),
        ("parameters", {"warmup_env_steps": 60}, "begun with warmup_env_steps 50, and it is 60 now"),
        ("parameters", {"game": "minatar/freeway"}, "begun with game minatar/breakout, and it is minatar/freeway now"),
    ],
)
def test_a_study_is_not_continued_with_another_sweep(experiments, sweep, storage, place, part, change, said):
    work(sweep, storage, place, 1)
    definition, parameters = sweep.definition, sweep.parameters
    if part == "definition":
        definition = definition.model_copy(update=change)
    else:
        parameters = parameters | change
    with pytest.raises(ExperimentError, match=said):
        open_study("made_up", type(sweep)(sweep.name, definition, parameters, sweep.milestones), storage, ROOT)
    more = type(sweep)(sweep.name, definition.model_copy(update={"trials": 50}), sweep.parameters, sweep.milestones)
    if part == "parameters":
        open_study("made_up", more, storage, ROOT)


def test_a_study_begins_with_its_first_trial(experiments, sweep, storage, place):
    other = type(sweep)(sweep.name, sweep.definition, sweep.parameters | {"warmup_env_steps": 60}, sweep.milestones)
    open_study("made_up", other, storage, ROOT)  # shown, or refused at the start
    assert len(work(sweep, storage, place, 1)) == 1
    with pytest.raises(ExperimentError, match="begun with warmup_env_steps 50, and it is 60 now"):
        open_study("made_up", other, storage, ROOT)


@pytest.mark.parametrize("name", ["../../x", "a b", "", ".hidden", "a/b"])
def test_a_name_that_is_none_for_a_folder(name):
    with pytest.raises(ExperimentError, match="a name is letters, digits"):
        study_folder(name)
    assert str(study_folder("tiny-2")) == "data/sweeps/tiny-2"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:studies?mode=memory&uri=true"])
def test_a_database_in_memory(url):
    with pytest.raises(ExperimentError, match=r"is in memory and would be lost at the end; expected sqlite:///FILE$"):
        open_storage(url, 1)


def test_experiments_of_an_older_study_are_not_taken_for_its_own(experiments, sweep, storage, place):
    experiments.there["made_up-t0-100"] = {}
    with pytest.raises(ExperimentError, match="dvc exp remove made_up-t0-100"):
        open_study("made_up", sweep, storage, ROOT)


def test_a_database_that_is_not_there():
    with pytest.raises(ExperimentError, match="the database cannot be opened"):
        open_storage("sqlite:////nowhere/at/all/study.db", 1)
    with pytest.raises(ExperimentError, match="the database cannot be opened"):
        open_storage("no url", 1)


def test_a_score_that_is_no_number_fails_its_trial(experiments, sweep, storage, place, monkeypatch):
    gather = experiments.gather

    def without(names, repository):
        table = gather(names, repository)
        return table.assign(score=float("nan")) if names == ["made_up-t1-100"] else table

    monkeypatch.setattr("efficientzero.experiments.sweep.trial.gather", without)
    trials = work(sweep, storage, place, 3)
    assert len(trials) == 3 and "no number" in trials[1].user_attrs["error"]
