"""Every wrong parameter is named, with what was found and what was expected."""

import copy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from efficientzero.parameters import (
    EfficientZeroSettings,
    ParameterError,
    check,
    doubling_list,
    load_parameters,
)

ROOT = Path(__file__).parents[1]
VALUES = yaml.safe_load((ROOT / "params.yaml").read_text())


def changed(changes):
    """The committed parameters with dotted names set to other values."""
    values = copy.deepcopy(VALUES)
    for name, value in changes.items():
        *path, last = name.split(".")
        section = values
        for part in path:
            section = section[part]
        section[last] = value
    return values


def faults(**changes):
    return faults_of(changed({name.replace("__", "."): value for name, value in changes.items()}))


def faults_of(values):
    with pytest.raises(ParameterError) as caught:
        check(values)
    heading, *lines = str(caught.value).splitlines()
    assert heading.startswith("params.yaml: ")
    assert all(line.startswith("  ") for line in lines)
    return [line.strip() for line in lines]


def test_the_committed_parameters_are_right():
    parameters = load_parameters(ROOT / "params.yaml")
    settings = parameters.agent["efficientzero"]
    assert isinstance(settings, EfficientZeroSettings)
    assert settings.learning.learning_rate == 0.001
    assert parameters.milestones.list[0].from_ == 0


def test_a_misspelt_game_is_recognised():
    (fault,) = faults(game="Alein")
    assert fault.startswith("game: ")
    assert "Alien" in fault and "did you mean" in fault


@pytest.mark.parametrize(
    ("name", "value", "found", "expected"),
    [
        ("envs.count", "many", "many", "a whole number"),
        ("envs.count", True, "true", "a whole number"),
        ("envs.count", "10", "'10'", "a whole number"),
        ("envs.count", 10.5, "10.5", "a whole number"),
        ("envs.count", 0, "0", "a number above 0"),
        ("envs.clip_rewards", 1, "1", "true or false"),
        ("envs.color", "gray", "gray", "'grey' or 'rgb'"),
        ("envs.sticky_actions", "never", "never", "'standard' or a number"),
        ("evaluation.max_env_steps", "none", "none", "a whole number or null"),
        ("game", 3, "3", "a word"),
        ("seeds", 0, "0", "a list"),
        ("agents", [], "[]", "a list of at least 1"),
        ("agent.efficientzero.learning.learning_rate", "fast", "fast", "a number"),
        ("agent.efficientzero.learning.learning_rate", False, "false", "a number"),
        ("agent.efficientzero.learning.priority_exponent", 1.5, "1.5", "a number of at most 1.0"),
        ("agent.efficientzero.kind", "alphazero", None, "'ppo', 'random' as kind"),
        ("envs", 3, "3", "a group of parameters"),
    ],
)
def test_a_wrong_value_is_shown_with_what_was_expected(name, value, found, expected):
    (fault,) = faults_of(changed({name: value}))
    assert fault.startswith(f"{name.removesuffix('.kind')}: found ")
    assert fault.endswith(expected) and ", expected " in fault
    if found:
        assert fault == f"{name}: found {found}, expected {expected}"


def test_whole_numbers_are_numbers():
    values = changed({"agent.efficientzero.learning.learning_rate": 1, "envs.sticky_actions": 0.25})
    settings = check(values).agent["efficientzero"]
    assert isinstance(settings, EfficientZeroSettings)
    assert settings.learning.learning_rate == 1.0


def test_unknown_and_missing_names():
    values = copy.deepcopy(VALUES)
    search = values["agent"]["efficientzero"]["search"]
    search["simulatons"] = search.pop("simulations")
    unknown, missing = sorted(faults_of(values), key=len, reverse=True)
    assert unknown == ("agent.efficientzero.search.simulatons: there is no such parameter; did you mean simulations?")
    assert missing == "agent.efficientzero.search.simulations: is missing"


def test_an_unknown_name_at_the_top_and_in_a_list():
    values = changed({"sedes": [0]})
    values["milestones"]["list"][1]["form"] = 750
    assert faults_of(values) == [
        "milestones.list.1.form: there is no such parameter; did you mean from?",
        "sedes: there is no such parameter; did you mean seeds?",
    ]


def test_an_agent_without_kind():
    values = copy.deepcopy(VALUES)
    del values["agent"]["random"]["kind"]
    assert faults_of(values) == ["agent.random.kind: is missing"]


def test_all_faults_come_at_once():
    found = faults(game="Alein", envs__count="many", device="gpu", agent__efficientzero__network__support_bins=60)
    assert {fault.split(":")[0] for fault in found} == {
        "game", "envs.count", "device", "agent.efficientzero.network.support_bins"
    }  # fmt: skip


@pytest.mark.parametrize("values", [None, [], "game", 3, {}])
def test_anything_else_than_parameters_is_refused(values):
    with pytest.raises(ParameterError):
        check(values)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agents": ["efficientzero", "muzero"]}, "agents: 'muzero' has no settings under agent"),
        ({"agents": ["random", "random"]}, "agents: each may be listed once; twice: random"),
        ({"seeds": [1, 2, 1]}, "seeds: each may be listed once; twice: 1"),
        (
            {"envs.count": 4},
            "milestones.first: 625 must be a multiple of envs.count (4), which step together: 624 or 628",
        ),
        ({"warmup_env_steps": 253}, "warmup_env_steps: 253 must be a multiple of envs.count (5)"),
        ({"warmup_env_steps": 625}, "warmup_env_steps: 625 must be less than milestones.first (625)"),
        ({"milestones.env_steps": 3000}, "milestones.env_steps: must be milestones.first (625) doubled"),
        ({"milestones.list": [{"from": 0, "to": 6000}]}, "milestones.list: must be milestones.first doubled"),
        ({"agent.efficientzero.search.temperature": [1.0, 0.5]}, "temperature_until: 0 env steps for 2 temperatures"),
        ({"agent.efficientzero.search.considered_actions": 17}, "considered_actions: 17 is more than"),
        ({"agent.efficientzero.search.q_transform": "by_parent_and_siblings"}, "is for policy puct"),
        ({"agent.efficientzero.search.policy": "puct"}, "is for policy gumbel"),
        (
            {
                "agent.efficientzero.learning.least_td_steps": 0,
                "agent.efficientzero.learning.value_bootstrap": "network",
            },
            "agent.efficientzero.learning.least_td_steps: 0 takes the value that a search finds",
        ),
        ({"agent.Big-One": {"kind": "random"}}, "agent.Big-One: a name is lower-case"),
        (
            {"game": "Alien", "envs.size": 28, "agent.rainbow.network.convolutions": [[32, 5, 5], [64, 6, 5]]},
            "agent.rainbow.network.convolutions: convolution 2 has a 6x6 kernel, but only 5x5 is left of the 28x28",
        ),
        (
            {"game": "minatar/breakout", "agent.rainbow.network.grid_convolutions": [[16, 3, 2], [16, 5, 1]]},
            "agent.rainbow.network.grid_convolutions: convolution 2 has a 5x5 kernel, but only 4x4 is left",
        ),
        (
            {"agent.dqn.learning.termination_fraction": 0.5, "agent.dqn.learning.reward_fraction": 0.5},
            "agent.dqn.learning.reward_fraction: 0.5, with termination_fraction 0.5 leaves nothing",
        ),
        (
            {"agent.rainbow.learning.batch_size": 8, "agent.rainbow.learning.reward_fraction": 0.1},
            "reward_fraction: 0.1 of agent.rainbow.learning.batch_size (8) is less than one position",
        ),
        (
            {"agents": ["dqn"], "agent.dqn.learning.batch_size": 49, "agent.dqn.learning.termination_fraction": 1 / 49},
            "so none would be drawn; set it to 0 or at least 0.0205",
        ),
        ({"agent.rainbow.noisy": False}, "agent.rainbow.noisy: off, while agent.rainbow.exploration.last_epsilon is 0"),
        ({"envs.max_frames_per_episode": 4}, "envs.max_frames_per_episode: 4 must be more than envs.frame_skip (4)"),
        ({"agents": ["ppo"], "agent.ppo.rollout_steps": 160}, "agent.ppo.rollout_steps: 160 steps of 5 environments"),
        (
            {"agents": ["ppo"], "envs.repeated_actions.probability": 0.1},
            "envs.repeated_actions.probability: 0.1, and ppo, one of agents, learns from actions of its own policy",
        ),
    ],
)
def test_impossible_combinations(changes, words):
    assert any(words in fault for fault in faults_of(changed(changes)))


def test_what_only_an_agent_that_is_not_run_could_not_do_is_no_fault():
    check(changed({"agents": ["efficientzero"], "envs.size": 32}))  # too small for PPO's and DQN's convolutions
    check(changed({"agents": ["efficientzero"], "agent.dqn.learning.reward_fraction": 0.01}))  # less than one position


def test_a_convolution_is_three_numbers():
    for layer, words in (([32, 5], "a list of at least 3"), ([32, 5, 5, 1], "a list of at most 3")):
        (fault,) = faults_of(changed({"agent.rainbow.network.convolutions": [layer]}))
        assert fault == f"agent.rainbow.network.convolutions.0: found {layer}, expected {words}"


def test_temperatures_must_end_one_after_another():
    search = "agent.efficientzero.search."
    changes = {search + "temperature": [1.0, 0.5, 0.25], search + "temperature_until": [3000, 3000]}
    assert faults_of(changed(changes)) == [f"{search}temperature_until: [3000, 3000] must increase"]
    check(changed(changes | {search + "temperature_until": [3000, 4000]}))


@given(first=st.integers(1, 10**5), doublings=st.integers(0, 10))
def test_the_budgets_double_and_chain(first, doublings):
    steps = doubling_list(first, first * 2**doublings)
    assert steps[0] == {"from": 0, "to": first}
    assert [step["to"] for step in steps] == [first * 2**power for power in range(doublings + 1)]
    assert [step["from"] for step in steps[1:]] == [step["to"] for step in steps[:-1]]


@pytest.mark.parametrize(("env_steps", "nearest"), [(5000, "3000 or 6000"), (6001, "6000 or 12000"), (100, ": 750")])
def test_a_budget_off_the_list_is_refused_with_the_nearest(env_steps, nearest):
    with pytest.raises(ValueError, match=nearest):
        doubling_list(750, env_steps)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ParameterError, match="no such file"):
        load_parameters(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("game: [unclosed")
    with pytest.raises(ParameterError, match="is not YAML"):
        load_parameters(tmp_path / "params.yaml")


def test_checking_loads_no_torch():
    code = "import sys, efficientzero.parameters; sys.exit('torch' in sys.modules or 'ale_py' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "src")}).returncode == 0
