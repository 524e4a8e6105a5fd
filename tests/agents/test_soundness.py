"""How sound a model is: against models whose predictions are known, and leaving everything as it was."""

from __future__ import annotations

import hashlib

import chain_world
import made_up
import numpy as np
import pytest
import test_model_free_muzero
import torch
from torch import nn

from efficientzero.agents import RandomAgent, make_agent
from efficientzero.agents.efficientzero.network import Prediction
from efficientzero.agents.efficientzero.soundness import (
    ENDS_SHARE,
    POSITIONS,
    SEARCHED,
    Predictions,
    Sample,
    correlation,
    draw_sample,
    model_soundness,
    normalised,
    predictions,
    value_soundness,
    values_along,
)
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Estimates, Memory, Priorities, Recording
from efficientzero.search import SearchResult

UNROLL, ACTIONS = 3, 2


def keyed(measured):
    found = {(each.quantity, each.depth, each.mode): each for each in measured}
    assert len(found) == len(measured)
    return found


def recorded(endings, rewards):
    """One environment; the action of row t is t % 2, and its frame shows t."""
    recording = Recording((1, 2, 2), 1, 1)
    rows = len(endings)
    recording.extend(
        np.arange(rows, dtype=np.uint8)[:, None, None, None, None].repeat(2, 3).repeat(2, 4),
        (np.arange(rows) % 2)[:, None],
        np.array(rewards, np.float32)[:, None],
        np.array(endings, np.uint8)[:, None],
    )
    return recording


def test_a_sample_ends_with_its_episodes():
    endings = [ONGOING, ONGOING, TERMINATED, ONGOING, TRUNCATED, ONGOING, ONGOING]
    recording = recorded(endings, [1.0, 0.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    sample = draw_sample(recording, np.random.default_rng(0), unroll_steps=UNROLL, actions=ACTIONS, discount=0.5)
    order = np.argsort(sample.observations[:, 0, 0, 0])
    assert sample.observations[order, 0, 0, 0].tolist() == list(range(7))  # each once
    real = sample.real[order]
    assert real.sum(axis=1).tolist() == [3, 2, 1, 2, 1, 2, 1]
    assert sample.rewards[order][0].tolist() == [1.0, 0.0, 2.0]
    assert sample.rewards[order][real].tolist() == [1, 0, 2, 0, 2, 2, 4, 8, 8, 16, 32, 32]
    assert sample.actions[order][real].tolist() == [0, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    assert sample.ended[order].tolist() == [True, True, True, False, False, False, False]
    assert sample.returns[order][:3].tolist() == [1.5, 1.0, 2.0]  # 1 + .5 * 0 + .25 * 2, ...


def test_ends_are_sampled_with_the_action_that_ended():
    endings = [ONGOING, ONGOING, TERMINATED, ONGOING, TRUNCATED, TERMINATED, ONGOING]
    recording = recorded(endings, [0.0] * 7)
    sample = draw_sample(recording, np.random.default_rng(0), unroll_steps=UNROLL, actions=ACTIONS, discount=0.5)
    assert sorted(sample.last_observations[:, 0, 0, 0].tolist()) == [2, 5] and sample.last_actions.shape == (2, UNROLL)
    assert (sample.last_actions[:, 0] == sample.last_observations[:, 0, 0, 0] % 2).all()
    many = recorded([TERMINATED] * 400, [0.0] * 400)
    many = draw_sample(many, np.random.default_rng(0), unroll_steps=0, actions=2, discount=1.0)
    assert many.last_actions.shape == (POSITIONS // ENDS_SHARE, 0)
    assert len({*many.last_observations[:, 0, 0, 0]}) > POSITIONS // ENDS_SHARE // 2


def test_the_same_positions_each_once():
    recording = recorded([ONGOING] * 400, [0.0] * 400)
    one, two = (
        draw_sample(recording, np.random.default_rng(3), unroll_steps=2, actions=2, discount=1.0) for _ in range(2)
    )
    assert one.observations.shape == (POSITIONS, 1, 2, 2)
    assert np.array_equal(one.observations, two.observations) and np.array_equal(one.actions, two.actions)
    assert not one.ended.any()


def test_correlations():
    true = np.array([0.0, 0.0, 1.0, 2.0])
    assert correlation(3.0 * true + 1.0, true) == pytest.approx(1.0)
    assert correlation(-true, true) == pytest.approx(-1.0)
    assert correlation(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])) == pytest.approx(0.0)
    assert correlation(true, np.ones(4)) is None  # nothing to predict
    assert correlation(np.ones(4) + 1e-9 * true[::-1], true) == 0.0  # rounding
    assert correlation(true[:1], true[:1]) is None and correlation(true[:0], true[:0]) is None
    assert correlation(np.array([0.0, np.nan, 1.0, 2.0]), true) is None


class Support:
    def decode(self, logits):
        return logits[..., 0].float()


class KnownModel:
    """Its latent is the observation; each step doubles it, and its reward state counts what it was given."""

    support = Support()

    def __init__(self, prefix, continuation=None):
        self.prefix, self.continuation = prefix, continuation

    def represent(self, observation):
        return observation.float()

    def initial_reward_state(self, batch, device):
        return torch.zeros(batch, 1)

    def predict(self, latent):
        goes_on = None if self.continuation is None else torch.full((len(latent),), self.continuation)
        return Prediction(None, latent.flatten(1)[:, :1] * 10.0, goes_on)

    def dynamics(self, latent, action):
        return 2.0 * latent

    def step(self, latent, state, action):
        reward = action[:, None].float() + latent.flatten(1)[:, :1]  # of the latent before the step
        state = state + reward
        return self.dynamics(latent, action), state, state if self.prefix else reward


@pytest.mark.parametrize("prefix", [False, True])
def test_the_model_is_unrolled_along_the_actions(prefix):
    """The increments of a prefix are the rewards of its steps."""
    observations = torch.tensor([1, 3], dtype=torch.uint8)[:, None, None, None].repeat(1, 1, 2, 2)
    actions = torch.tensor([[0, 1, 0], [1, 0, 1]])
    found = predictions(KnownModel(prefix), observations, actions, value_prefix=prefix)
    assert found.value.tolist() == [10.0, 30.0]
    assert values_along(KnownModel(prefix), observations, actions).tolist() == [
        [20.0, 40.0, 80.0],
        [60.0, 120.0, 240.0],
    ]
    over = values_along(KnownModel(prefix, continuation=-100.0), observations, actions)
    assert (over < 1e-20).all()  # nothing is to come where the episode does not go on
    halved = values_along(KnownModel(prefix, continuation=0.0), observations, actions)
    assert halved.tolist() == [[10.0, 10.0, 10.0], [30.0, 30.0, 30.0]]  # by half at each step
    assert found.reward.tolist() == [[1.0, 3.0, 4.0], [4.0, 6.0, 13.0]]
    assert found.norm.tolist() == [[2.0, 4.0, 8.0, 16.0], [6.0, 12.0, 24.0, 48.0]]  # of four equal numbers: twice one


def sampled(rewards, real, returns, ended):
    n = len(rewards)
    return Sample(
        observations=np.zeros((n, 1, 2, 2), np.uint8),
        actions=np.zeros(np.shape(rewards), np.int64),
        rewards=np.array(rewards, np.float32),
        real=np.array(real),
        returns=np.array(returns, np.float32),
        ended=np.array(ended),
        last_observations=np.zeros((0, 1, 2, 2), np.uint8),
        last_actions=np.zeros((0, np.shape(rewards)[1]), np.int64),
    )


def test_known_predictions_give_known_figures():
    sample = sampled(
        rewards=[[0, 0], [1, 1], [0, 9], [1, 0]],
        real=[[True, True], [True, True], [True, False], [True, True]],
        returns=[1.0, 3.0, 2.0, 99.0],
        ended=[True, True, True, False],
    )
    right = np.array([[0, 0], [1, 1], [0, -50], [1, 0]], np.float32)  # of what is past an end, anything
    wrong = right.copy()
    wrong[:, 1] = [1, 0, -50, 1]
    said = {
        "training": Predictions(np.array([1, 3, 2, 7], np.float32), right, np.ones((4, 3), np.float32)),
        "evaluation": Predictions(
            np.array([1, 2, 3, 6], np.float32),
            wrong,
            np.array([[1, 2, 4], [1, 2, 4], [3, 4, 1000], [3, 4, 4]], np.float32),
        ),
    }
    seen = []

    def search(observations):
        seen.append(len(observations))
        policy = np.array([[0.5, 0.5], [1, 0], [1, 0], [0.5, 0.5]], np.float32)
        none = np.zeros((4, 2), np.float32)
        return SearchResult(np.zeros(4, int), none, said["evaluation"].value + np.float32(0.25), policy, none)

    past_ends = np.array([[1.5, 0.0], [-0.3, 0.6]], np.float32)
    found = keyed(model_soundness(sample, said.__getitem__, past_ends, search))
    past = [found["value_past_end", depth, "evaluation"] for depth in (1, 2)]
    assert [each.value for each in past] == pytest.approx([0.3, 0.1]) and past[0].positions == 2
    assert seen == [4] and SEARCHED < POSITIONS
    assert found["reward_correlation", 1, "training"].value == pytest.approx(1.0)
    assert found["reward_correlation", 1, "evaluation"].value == pytest.approx(1.0)
    second = found["reward_correlation", 2, "training"]
    assert second.value == pytest.approx(1.0) and second.positions == 3
    assert found["reward_correlation", 2, "evaluation"].value == pytest.approx(-1.0)
    assert found["rewarded_positions", 1, "recorded"].value == 2
    assert found["rewarded_positions", 2, "recorded"].value == 1
    assert [found["latent_norm", depth, "evaluation"].value for depth in range(3)] == [2.0, 3.0, 4.0]
    assert found["search_minus_network_value", 0, "evaluation"].value == pytest.approx(0.25)
    assert found["search_policy_entropy", 0, "evaluation"].value == pytest.approx(0.5)
    assert found["value_bias", 0, "evaluation"].value == pytest.approx(0.0)
    assert found["value_correlation", 0, "evaluation"].value == pytest.approx(0.5)
    assert found["value_correlation", 0, "training"].value == pytest.approx(1.0)
    assert found["value_bias", 0, "training"].positions == 3
    assert found["return_mean", 0, "recorded"].value == pytest.approx(2.0)
    assert found["return_deviation", 0, "recorded"].value == pytest.approx(np.sqrt(2.0 / 3.0))
    assert found["value_difference_of_modes", 0, "training"].value == pytest.approx(0.75)


@pytest.mark.parametrize(("usual", "share"), [(6e-8, None), (0.5, 2.0)])
def test_a_share_of_nothing_is_not_measured(usual, share):
    """A new network's values are what rounding leaves of zero."""
    sample = sampled(rewards=[[0], [0]], real=[[True], [True]], returns=[0.0, 0.0], ended=[True, True])
    values = np.full(2, usual, np.float32)
    said = Predictions(values, np.zeros((2, 1), np.float32), np.ones((2, 2), np.float32))
    policy = np.full((2, 2), 0.5, np.float32)
    found = SearchResult(np.zeros(2, int), policy, values, policy, policy)
    measured = keyed(model_soundness(sample, lambda mode: said, 2.0 * values[:, None], lambda observations: found))
    assert measured["value_past_end", 1, "evaluation"].value == share


def test_without_known_ends_there_is_no_bias():
    sample = sampled(rewards=[[0], [0]], real=[[True], [True]], returns=[1.0, 2.0], ended=[False, False])
    values = np.array([1.0, 2.0], np.float32)
    found = keyed(value_soundness(sample, {"evaluation": values, "training": values}))
    for name, mode in (
        ("value_bias", "evaluation"),
        ("value_correlation", "training"),
        ("return_deviation", "recorded"),
    ):
        assert found[name, 0, mode].value is None and found[name, 0, mode].positions == 0
    assert found["value_difference_of_modes", 0, "training"].value == 0.0


def trained(updates, **changes):
    one, memory = made_up.agent(learning__priority_exponent=0.0, **changes), made_up.memory(rows=60)
    for _ in range(updates):
        one.learn(memory)
    return one, memory


def spoil(network):
    """BatchNorm's running statistics become those of nothing it ever saw."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.add_(torch.linspace(-3.0, 3.0, len(module.running_mean)))
            module.running_var.mul_(torch.linspace(0.1, 20.0, len(module.running_var)))


def test_spoiled_statistics_show_in_evaluation_mode_alone():
    settings = made_up.settings(
        network__normalisation="batch", network__latent="free",
        learning__batch_size=32, learning__max_target_age=50, learning__learning_rate=3e-3,
    )  # fmt: skip
    one = make_agent(settings, chain_world.SPECIFICATION, seed=0, device=torch.device("cpu"))
    memory = chain_world.played()
    for _ in range(80):
        one.learn(memory)
    before = keyed(one.soundness(memory.recording))
    spoil(one.network)
    after = keyed(one.soundness(memory.recording))
    assert before.keys() == after.keys()
    for key, measured in before.items():
        if key[2] in ("training", "recorded") and key[0] != "value_difference_of_modes":
            assert after[key] == measured  # exactly: batch statistics are the same
    assert after["reward_correlation", 1, "training"].value > 0.5
    for depth in (1, 2, 3):
        evaluation, training = (after["reward_correlation", depth, mode].value for mode in ("evaluation", "training"))
        assert evaluation < training - 0.1
        assert evaluation != before["reward_correlation", depth, "evaluation"].value
    assert after["value_difference_of_modes", 0, "training"].value > 0.0


@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("policy", ["gumbel", "puct"])
def test_everything_is_measured_of_a_real_agent(prefix, policy):
    transform = {"gumbel": "completed_by_mix_value", "puct": "tree_min_max"}[policy]
    changes = {"search__policy": policy, "search__q_transform": transform} if policy == "puct" else {}
    one, memory = trained(5, value_prefix=prefix, consistency=prefix, **changes)
    found = keyed(one.soundness(memory.recording))
    depths = [key[1] for key in found if key[0] == "reward_correlation" and key[2] == "evaluation"]
    assert depths == [1, 2, 3]
    assert [key[1] for key in found if key[0] == "latent_norm"] == [0, 1, 2, 3]
    assert 0.0 <= found["search_policy_entropy", 0, "evaluation"].value <= 1.0
    assert one.soundness(memory.recording) == list(found.values())  # the same again


def digest(agent, memory):
    """Of all that a run saves of them, of BatchNorm's buffers and modes, and of both global random states."""
    state = hashlib.sha256()
    for name, array in sorted(agent.state().items()):
        state.update(name.encode() + array.tobytes())
    for network in (agent.network, agent.target_network):
        for name, buffer in network.named_buffers():
            state.update(name.encode() + buffer.numpy().tobytes())
        state.update(
            str(
                [(module.training, getattr(module, "track_running_stats", None)) for module in network.modules()]
            ).encode()
        )
    recording, targets = memory.recording, memory.estimates
    for array in (recording.frames, recording.actions, recording.rewards, targets.policy, targets.value):
        state.update(array.tobytes())
    state.update(targets.made_at.tobytes() + memory.priorities.state()[0].tobytes())
    state.update(torch.get_rng_state().numpy().tobytes() + str(np.random.get_state()).encode())  # noqa: NPY002
    state.update(str((agent.flops, agent.updates, agent.flop_counter._per_unit)).encode())
    return state.hexdigest()


@pytest.mark.parametrize("normalisation", ["layer", "batch"])
@pytest.mark.parametrize("kind", ["efficientzero", "model_free_muzero"])
@pytest.mark.parametrize("updates", [0, 3])
def test_nothing_is_changed(kind, updates, normalisation):
    if kind == "efficientzero":
        measured, memory = trained(updates, network__normalisation=normalisation)
        other, same = trained(updates, network__normalisation=normalisation)
    else:
        (measured, memory), (other, same) = (
            (test_model_free_muzero.agent(normalisation=normalisation), chain_world.played(rows=60)) for _ in range(2)
        )
        for _ in range(updates):
            measured.learn(memory), other.learn(same)
    before = digest(measured, memory)
    assert measured.soundness(memory.recording)
    assert digest(measured, memory) == before
    for _ in range(2):  # and learning goes on to the same bits
        measured.learn(memory), other.learn(same)
    assert digest(measured, memory) == digest(other, same)


def test_a_mode_is_left_even_by_an_error():
    network = nn.Sequential(nn.BatchNorm1d(2)).eval()
    with pytest.raises(RuntimeError, match="within"), normalised(network, "training"):
        assert network.training and network[0].running_mean is None
        raise RuntimeError("within")
    assert not network.training and network[0].running_mean is not None


def test_model_free_muzero_has_values_and_nothing_else():
    found = keyed(test_model_free_muzero.agent().soundness(chain_world.played(rows=60).recording))
    assert {key[0] for key in found} == {
        "return_mean", "return_deviation", "value_bias", "value_correlation", "value_difference_of_modes",
    }  # fmt: skip
    assert {key[1] for key in found} == {0}
    # A new network says 0 of everything.
    assert found["value_bias", 0, "evaluation"].value == pytest.approx(-found["return_mean", 0, "recorded"].value)
    assert found["value_correlation", 0, "evaluation"].value == 0.0


def test_agents_without_a_model_have_no_rows():
    assert RandomAgent(4).soundness(made_up.memory().recording) == []


def test_an_empty_memory_has_no_rows():
    empty = Memory(Recording(made_up.SHAPE, 3, 2), Estimates(4), Priorities(0.0))
    assert made_up.agent().soundness(empty.recording) == []
