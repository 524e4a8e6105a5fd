"""Model-free MuZero: Q-learning with EfficientZero's network, replay and reanalysis."""

from __future__ import annotations

import chain_world
import numpy as np
import pytest
import torch
from made_up import SETTINGS

from efficientzero.agents import make_agent, model_free_muzero
from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.efficientzero import agent as agent_of_efficientzero
from efficientzero.agents.model_free_muzero import ModelFreeMuZeroAgent
from efficientzero.parameters import ModelFreeMuZeroSettings


class Silent:
    def update(self, units):
        pass


both_normalisations = pytest.mark.parametrize("normalisation", ["layer", "batch"])


def agent(seed=0, off_policy_correction=False, normalisation="layer", **changes):
    shared = ModelFreeMuZeroSettings.model_fields["learning"].annotation.model_fields
    learning = {name: value for name, value in SETTINGS["learning"].items() if name in shared}
    learning |= {"batch_size": 32, "td_steps": 1, "learning_rate": 3e-3, "priority_exponent": 0.0, "warmup_updates": 0}
    settings = ModelFreeMuZeroSettings(
        kind="model_free_muzero",
        off_policy_correction=off_policy_correction,
        discount=0.9,
        network={
            "size": "small",
            "normalisation": normalisation,
            "latent": "min_max",
            "grid_depth": "shallow",
            "reward_pooling": "none",
            "support_maximum": 2.0,
            "support_bins": 41,
        },
        exploration={"first_epsilon": 1.0, "last_epsilon": 0.1, "decay_env_steps": 100, "evaluation_epsilon": 0.0},
        learning=learning | changes,
    )
    return make_agent(
        settings,
        chain_world.SPECIFICATION,
        seed=seed,
        device=torch.device("cpu"),
    )


@both_normalisations
def test_it_finds_the_optimal_action_values(normalisation):
    # The largest error is .005; with a copy every four updates it was .012 on one kind of processor, .07 on another.
    one = agent(augmentation_intensity=0.0, normalisation=normalisation, target_network_interval=20)
    memory = chain_world.played()
    updates = 800
    for update in range(updates):
        one.learn(memory, learning_rate_factor=1.0 - update / updates)
    found = one._action_values(one.network, chain_world.every_state())
    np.testing.assert_allclose(found, chain_world.OPTIMAL, atol=0.05)
    decision = one.act(chain_world.every_state(), np.random.default_rng(0), env_steps=0, mode="best")
    assert decision.action.tolist() == [1, 1, 1] and decision.estimated


def test_targets_are_n_step_returns_with_the_target_networks_best_value():
    one, memory = agent(td_steps=3, augmentation_intensity=0.0, target_network_interval=40), chain_world.played(rows=80)
    for _ in range(60):  # so that the two networks differ
        one.learn(memory)
    recording = memory.recording
    best = one._action_values(one.target_network, chain_world.every_state()).max(axis=1)
    positions = np.arange(0, 240)
    batch = one._batch(memory, positions, np.ones(len(positions), np.float32))
    checked = 0
    for index, position in enumerate(positions):
        row, environment = divmod(int(position), chain_world.ENVIRONMENTS)
        if (recording.endings[row : row + 3, environment] == 0).all():
            state = int(recording.frames[row + 3, environment, 0, 0].argmax())
            expected = (recording.rewards[row : row + 3, environment] * 0.9 ** np.arange(3)).sum() + 0.9**3 * best[
                state
            ]
            assert float(batch.value[index]) == pytest.approx(expected, abs=1e-4)
            checked += 1
    assert checked > 50


def test_the_off_policy_switch_shortens_the_horizon_of_old_transitions():
    memory = chain_world.played(rows=80)
    batches = [
        agent(off_policy_correction=on, td_steps=3, off_policy_interval=100)._batch(
            memory, np.arange(300), np.ones(300, np.float32)
        )
        for on in (True, False)
    ]
    corrected, plain = (batch.value.numpy() for batch in batches)
    # A new network's values are 0, so that a target is its rewards; all but the newest 100 transitions lose steps.
    assert (corrected[:100] != plain[:100]).any() and (corrected[220:] == plain[220:]).all()
    one_step = memory.recording.rewards.reshape(-1)[:100]
    np.testing.assert_allclose(corrected[:100], one_step, atol=1e-6)


def test_reanalysis_estimates_everything_anew_and_reports_the_drift():
    one, memory = agent(), chain_world.played(rows=30)
    memory.estimates.replace(np.arange(120), np.full((120, 2), 0.5), np.full(120, 9.0), 0)
    for _ in range(20):
        one.learn(memory)
    drift = one.reanalyze(memory, Silent())
    values = one._action_values(one.network, chain_world.every_state())
    states = memory.recording.frames[:, :, 0, 0].argmax(axis=-1).reshape(-1)
    np.testing.assert_allclose(memory.estimates.value, values.max(axis=1)[states], rtol=1e-5)
    assert (memory.estimates.made_at == 20).all() and (drift.age == 20).all()
    np.testing.assert_allclose(drift.value_difference, np.abs(memory.estimates.value - 9.0), rtol=1e-5)
    np.testing.assert_allclose(drift.policy_distance, 0.5)  # from uniform to one action


@both_normalisations
def test_the_loss_is_weighted_by_importance(normalisation):
    one, memory = agent(augmentation_intensity=0.0, normalisation=normalisation), chain_world.played()
    one.network.eval()  # BatchNorm mixes a batch's rows

    def loss(weights):
        batch = one._batch(memory, np.arange(32), weights.astype(np.float32))
        return float(one._loss(batch)[0].detach())

    first, second = np.eye(32)[:2]
    assert loss(first + 3.0 * second) == pytest.approx(loss(first) + 3.0 * loss(second), rel=1e-5)
    assert loss(0.0 * first) == 0.0 < loss(first)


@both_normalisations
def test_what_acting_keeps_is_the_greedy_estimate(normalisation):
    one = agent(normalisation=normalisation)
    decision = one.act(chain_world.every_state(), np.random.default_rng(0), env_steps=0, mode="training")
    policy, _ = one._estimate(chain_world.every_state(), np.random.default_rng(0))
    np.testing.assert_array_equal(decision.policy, policy)
    assert decision.policy.max() == 1.0


def test_it_shares_efficientzeros_code_and_network():
    for shared in ("draw", "descend", "state", "restore"):
        assert getattr(ModelFreeMuZeroAgent, shared) is getattr(EfficientZeroAgent, shared)
    for shared in ("bootstrap_values", "reanalyze"):
        assert getattr(model_free_muzero, shared) is getattr(agent_of_efficientzero, shared)
    from made_up import agent as efficientzero

    ours, theirs = agent().network, efficientzero().network
    for part in ("representation", "trunk"):
        assert type(getattr(ours, part)) is type(getattr(theirs, part))


@both_normalisations
def test_saved_and_restored_it_goes_on_as_it_would_have(normalisation):
    memory = chain_world.played()
    straight, left, resumed = (agent(normalisation=normalisation) for _ in range(3))
    for _ in range(6):
        straight.learn(memory)
    for _ in range(2):
        left.learn(memory)
    resumed.restore(left.state())
    for _ in range(4):
        resumed.learn(memory)
    one, two = straight.state(), resumed.state()
    assert one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)
