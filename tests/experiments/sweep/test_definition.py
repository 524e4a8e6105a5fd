"""A sweep's file is checked whole, before any trial."""

import pytest
import yaml
from experiments.checkouts import ROOT

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.sweep.definition import list_sweeps, load_sweep
from efficientzero.experiments.sweep.search import CategoricalDimension, IntDimension
from efficientzero.parameters import ParameterError

SWEEP = {
    "agent": "dqn",
    "overrides": {"profile": "smoke", "milestones.env_steps": 400},
    "trials": 4,
    "space": {
        "agent.dqn.multi_step": {"type": "categorical", "choices": [True, False]},
        "agent.dqn.learning.td_steps": {"type": "int", "low": 2, "high": 20, "when": {"agent.dqn.multi_step": [True]}},
    },
}
LEARNING_RATE = "agent.dqn.learning.learning_rate"


@pytest.fixture
def repository(tmp_path):
    """conf/ and plugins/ of this checkout, with a folder of sweeps of its own."""
    (tmp_path / "conf" / "sweep").mkdir(parents=True)
    for name in ("config.yaml", "agent", "profile"):
        (tmp_path / "conf" / name).symlink_to(ROOT / "conf" / name)
    (tmp_path / "plugins").symlink_to(ROOT / "plugins")
    return tmp_path


def load(repository, **changes):
    values = {**SWEEP, **changes}
    (repository / "conf" / "sweep" / "made_up.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    return load_sweep("made_up", repository)


@pytest.mark.parametrize("name", list_sweeps(ROOT))
def test_each_sweep_here_can_be_run(name):
    sweep = load_sweep(name, ROOT)
    assert len(sweep.milestones) >= 3
    first = {key: dimension.extremes()[0] for key, dimension in sweep.definition.space.items()}
    assert sweep.trial_parameters(first).agents == [sweep.definition.agent]


def test_rungs_are_the_milestones(repository):
    sweep = load(repository)
    assert sweep.milestones == (100, 200, 400)
    assert sweep.overrides == {"profile": "smoke", "milestones.env_steps": 400, "agents": ["dqn"]}


def test_a_command_line_s_overrides_are_in_place_of_the_file_s(repository):
    load(repository)
    sweep = load_sweep("made_up", repository, {"milestones.env_steps": 800, "game": "minatar/breakout"})
    assert sweep.milestones == (100, 200, 400, 800)
    assert sweep.parameters["game"] == "minatar/breakout" and sweep.overrides["profile"] == "smoke"
    with pytest.raises(ExperimentError, match="game: there is no game called 'minatar/brakout'"):
        load_sweep("made_up", repository, {"game": "minatar/brakout"})


@pytest.mark.parametrize(
    ("dimension", "inside"),
    [
        ({"type": "float", "low": 1e-4, "high": 1e-3, "log": True}, True),
        ({"type": "float", "low": 1e-4, "high": 9e-4, "log": True}, False),
        ({"type": "float", "low": 0.0005, "high": 0.0015, "step": 0.00025}, True),
        ({"type": "float", "low": 0.0005, "high": 0.0015, "step": 0.0004}, False),
        ({"type": "categorical", "choices": [0.01, 0.001]}, True),
        ({"type": "categorical", "choices": [0.01, 0.1]}, False),
    ],
)
def test_what_stands_in_conf_is_in_the_space_where_the_first_trial_has_it(repository, dimension, inside):
    space = {LEARNING_RATE: dimension}  # of DQN: .001
    assert load(repository, space=space).parameters["agent"]["dqn"]["learning"]["learning_rate"] == 0.001
    if inside:
        assert load(repository, space=space, present_first=True).definition.present_first
    else:
        with pytest.raises(ExperimentError, match=f"space.{LEARNING_RATE}: 0.001 stands in conf/, which is not in the"):
            load(repository, space=space, present_first=True)


def test_what_the_first_trial_does_not_draw_need_not_stand_in_the_space(repository):
    space = {"agent.dqn.multi_step": SWEEP["space"]["agent.dqn.multi_step"]}  # in conf/ it is off, and td_steps 3
    dimension = {"type": "int", "low": 5, "high": 20}
    for wanted, refused in ((True, False), (False, True)):
        space["agent.dqn.learning.td_steps"] = dimension | {"when": {"agent.dqn.multi_step": [wanted]}}
        if refused:
            with pytest.raises(ExperimentError, match="td_steps: 3 stands in conf/"):
                load(repository, space=space, present_first=True)
        else:
            load(repository, space=space, present_first=True)


def test_a_whole_number_is_not_among_fractions_nor_among_switches():
    whole = IntDimension(type="int", low=0, high=4, step=2)
    assert [whole.contains(value) for value in (0, 2, 4, 1, 6, 2.0, True)] == [True] * 3 + [False] * 4
    switch = CategoricalDimension(type="categorical", choices=[True, 0])
    assert [switch.contains(value) for value in (True, 0, 1, False)] == [True, True, False, False]


def test_an_unknown_sweep(repository):
    load(repository)
    with pytest.raises(ExperimentError, match=r"madeup: there is no conf/sweep/madeup.yaml; did you mean made_up\?"):
        load_sweep("madeup", repository)


def test_outside_a_clone(tmp_path):
    with pytest.raises(ExperimentError, match=r"^smoke: there is no conf/sweep here; run from the root of a clone$"):
        load_sweep("smoke", tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trial": 3}, "trial: there is no such key; did you mean trials?"),
        ({"trials": "many"}, "trials: found 'many', expected a whole number"),
        ({"trials": 0}, "trials: found 0, expected a number above 0"),
        ({"objective": "loss"}, "objective: found 'loss', expected 'score', 'area' or 'exponent'"),
        ({"agent": "dqm"}, "agents: 'dqm' has no settings under agent; did you mean dqn?"),
        (
            {"overrides": {"game": "minatar/brakout"}},
            "  game: there is no game called 'minatar/brakout'; did you mean",
        ),
        ({"overrides": {"profil": "smoke"}}, "overrides or agent: conf/: profil: there is no such parameter"),
        (
            {"overrides": {"warmup_env_steps": float("nan")}},
            "overrides or agent: warmup_env_steps: found nan, expected",
        ),
        ({"overrides": {"agents": ["ppo"]}}, "overrides.agents: is the one agent of this file"),
        ({"overrides": {"++agents": ["ppo"]}}, "overrides.++agents: expected the name of a parameter that is there"),
        ({"overrides": {"milestones": 5}}, "overrides.milestones: milestones double from milestones.first to"),
        ({"overrides": {"milestones.list": []}}, "overrides.milestones.list: milestones double from"),
        ({"objective": "exponent"}, "an exponent needs a ceiling, and minatar/breakout has no human score"),
        ({"objective": "exponent"}, "an exponent needs 4 milestones and there are 3"),
        ({"sampler": {"name": "TPE"}}, "sampler.name: 'TPE' is no sampler of Optuna that can be used here"),
        ({"sampler": {"name": "TPESampler", "startup": 3}}, "sampler.startup: TPESampler has no such argument"),
        ({"sampler": {"name": "GridSampler"}}, "GridSampler needs lists of values; make space.agent.dqn.learning.td"),
        ({"pruner": {"name": "MedianPruner", "n_startup_trials": -1}}, "pruner: MedianPruner refuses its arguments"),
        ({"pruner": {"name": "PatientPruner"}}, "'PatientPruner' is no pruner of Optuna that can be used here"),
    ],
)
def test_faults_are_named(repository, changes, said):
    with pytest.raises(ExperimentError) as error:
        load(repository, **changes)
    assert said in str(error.value)
    assert str(error.value).startswith("conf/sweep/made_up.yaml: cannot be run\n")


def range_of(low, high, kind="float", **more):
    return {"type": kind, "low": low, "high": high, **more}


@pytest.mark.parametrize(
    ("key", "dimension", "said"),
    [
        (LEARNING_RATE, range_of(0.0, 0.1), f"space.{LEARNING_RATE}: found 0.0, expected a number above 0.0"),
        (LEARNING_RATE, range_of(0.1, 0.01), f"space.{LEARNING_RATE}: low (0.1) must be less than high (0.01)"),
        (LEARNING_RATE, range_of(0.0, 0.1, log=True), "low (0) must be above 0 on a log scale"),
        (LEARNING_RATE, range_of(0.1, 0.2, log=True, step=0.1), "a log scale has no steps"),
        (LEARNING_RATE, {"type": "flot", "low": 0, "high": 1}, "found"),
        (LEARNING_RATE, {"type": "float", "low": 0.1}, f"space.{LEARNING_RATE}.high: is missing"),
        (LEARNING_RATE, range_of(0.1, 0.2, hihg=1), "there is no such key; did you mean high?"),
        ("agent.dqn.learning.batch_size", range_of(8.0, 64.0), "found 8.0, expected a whole number"),
        ("agent.dqn.learning.batch_size", range_of(1, 64, "int"), "found 1, expected a number of at least 2"),
        ("agent.dqn.learning.batch_siz", range_of(8, 64, "int"), "did you mean agent.dqn.learning.batch_size"),
        ("agent.rainbow.learning.batch_size", range_of(8, 64, "int"), "is another agent's; this sweep runs dqn alone"),
        ("evaluation.episodes", range_of(1, 3, "int"), "scores are measured with it, so trials could not be compared"),
        ("milestones.env_steps", range_of(1, 3, "int"), "scores are measured with it"),
        (
            "agent.dqn.learning.optimizer",
            {"type": "categorical", "choices": ["adamw", "adam"]},
            "found adam, expected 'adamw' or 'sgd'",
        ),
        (
            LEARNING_RATE,
            range_of(0.1, 0.2, when={"agent.dqn.double": [True]}),
            "agent.dqn.double is not searched above it",
        ),
        (LEARNING_RATE, range_of(0.1, 0.2, when={"agent.dqn.multi_step": ["on"]}), "on is none of its choices"),
    ],
)
def test_every_bound_and_key_is_checked_against_the_parameters(repository, key, dimension, said):
    with pytest.raises(ExperimentError) as error:
        load(repository, space={**SWEEP["space"], key: dimension})
    assert said in str(error.value)


def test_a_combination_that_is_impossible_fails_the_trial_not_the_sweep(repository):
    key = "warmup_env_steps"
    sweep = load(repository, space={key: range_of(50, 200, "int", step=50)})
    assert sweep.trial_parameters({key: 50}).warmup_env_steps == 50
    with pytest.raises(ParameterError, match=r"must be less than milestones\.first"):
        sweep.trial_parameters({key: 200})
