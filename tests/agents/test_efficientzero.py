from dataclasses import replace

import numpy as np
import pytest
import torch
from agents.made_up import ACTIONS, SHAPE, SPECIFICATION, agent, memory, settings

from efficientzero.agents import make_agent
from efficientzero.agents.efficientzero.agent import sampled_visits
from efficientzero.networks.heads import ShiftedCells

both_normalisations = pytest.mark.parametrize("normalisation", ["layer", "batch"])


class Silent:
    def update(self, units):
        pass


def observation(batch=5, seed=0):
    channels, height, width = SHAPE
    return np.random.default_rng(seed).integers(0, 255, (batch, 2 * channels, height, width)).astype(np.uint8)


def draws(seed=0):
    return np.random.default_rng(seed)


def same_state(one, other):
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


def test_the_same_seed_learns_the_same_bytes_and_another_does_not():
    states = []
    for seed in (0, 0, 1):
        one, filled = agent(seed=seed), memory()
        for _ in range(5):
            one.learn(filled)
        states.append(one.state())
    assert same_state(states[0], states[1])
    assert not same_state(states[0], states[2])


@both_normalisations  # running statistics are state too
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_restored_agent_goes_on_exactly(optimizer, normalisation):
    changes = {"learning__optimizer": optimizer, "network__normalisation": normalisation}
    one, filled = agent(**changes), memory()
    for _ in range(7):
        one.learn(filled)
    saved = {name: array.copy() for name, array in one.state().items()}
    other, copy = agent(seed=0, **changes), memory()
    other.restore(saved)
    copy.estimates.replace(np.arange(90), filled.estimates.policy, filled.estimates.value, 0)
    copy.estimates.made_at[:] = filled.estimates.made_at
    copy.priorities.restore(*filled.priorities.state())
    for _ in range(6):
        assert one.learn(filled) == other.learn(copy)
    assert same_state(one.state(), other.state())
    first, second = (a.act(observation(), draws(40), env_steps=40, mode="training") for a in (one, other))
    np.testing.assert_array_equal(first.action, second.action)
    np.testing.assert_array_equal(first.policy, second.policy)


def test_a_foreign_state_is_refused_by_name():
    saved = agent().state()
    with pytest.raises(ValueError, match=r"lacks network\.consistency"):
        agent().restore({name: array for name, array in saved.items() if "consistency" not in name})
    with pytest.raises(ValueError, match=r"unknown network\.consistency"):
        agent(consistency=False).restore(saved)
    with pytest.raises(ValueError, match=r"network\.reward"):
        agent(network__support_bins=31).restore(saved)


def test_muzero_reanalyze_is_the_same_agent_with_three_switches_off():
    efficientzero = agent()
    muzero = agent(consistency=False, value_prefix=False, off_policy_correction=False)
    assert type(muzero) is type(efficientzero)
    names = muzero.network_state().keys()
    assert not any("consistency" in name or "cell" in name for name in names)
    assert muzero.prefix_horizon is None and efficientzero.prefix_horizon == 3
    assert muzero.weight_count < efficientzero.weight_count
    metrics = muzero.learn(memory())
    assert "consistency_loss" not in metrics


def test_exploring_depends_on_the_draws_and_playing_its_best_does_not():
    one = agent()
    seen = observation()
    explored = {tuple(one.act(seen, draws(step), env_steps=0, mode="training").action) for step in range(12)}
    best = {tuple(one.act(seen, draws(step), env_steps=0, mode="best").action) for step in range(12)}
    assert len(explored) > 1 and len(best) == 1
    again = one.act(seen, draws(3), env_steps=0, mode="training")
    np.testing.assert_array_equal(again.action, one.act(seen, draws(3), env_steps=0, mode="training").action)
    np.testing.assert_allclose(again.policy.sum(1), 1.0, rtol=1e-5)


def test_a_share_of_the_actions_in_training_is_random_and_none_elsewhere():
    seen = np.repeat(observation(1), 2000, axis=0)
    modes = ("training", "sampled", "best")
    always, some, never = (
        {mode: agent(exploration__first_epsilon=epsilon).act(seen, draws(), env_steps=0, mode=mode) for mode in modes}
        for epsilon in (1.0, 0.3, 0.0)
    )
    shares = np.bincount(always["training"].action, minlength=ACTIONS) / 2000
    assert shares == pytest.approx([1 / ACTIONS] * ACTIONS, abs=0.04)
    changed = some["training"].action != never["training"].action
    assert changed.mean() == pytest.approx(0.3 * (1 - 1 / ACTIONS), abs=0.04)
    for decisions in (always, some):  # the search, what is learned from it and play elsewhere stay as they are
        assert same_state({"policy": decisions["training"].policy}, {"policy": never["training"].policy})
        for mode in ("sampled", "best"):
            np.testing.assert_array_equal(decisions[mode].action, never[mode].action)
    falling = agent(exploration__first_epsilon=1.0, exploration__last_epsilon=0.3, exploration__evaluation_epsilon=0.3)
    for env_steps, share in ((0, 1.0), (50, 0.65), (200, 0.3)):
        action = falling.act(seen, draws(), env_steps=env_steps, mode="training").action
        assert (action != never["training"].action).mean() == pytest.approx(share * (1 - 1 / ACTIONS), abs=0.04)
    changed = falling.act(seen, draws(), env_steps=0, mode="best").action != never["best"].action
    assert changed.mean() == pytest.approx(0.3 * (1 - 1 / ACTIONS), abs=0.04)


@both_normalisations
def test_acting_leaves_no_trace_in_the_network(normalisation):
    one = agent(network__normalisation=normalisation)
    before = {name: array.copy() for name, array in one.state().items()}
    one.act(observation(), draws(), env_steps=0, mode="training")
    after = one.state()
    assert after.pop("flops") > before.pop("flops") == 0
    assert same_state(before, after)


def test_puct_acts_by_visits_and_its_temperature():
    changes = {"search__policy": "puct", "search__q_transform": "tree_min_max", "search__simulations": 24}
    seen = np.repeat(observation(1), 400, axis=0)
    spreads = []
    for temperature in (1.0, 0.1):
        one = agent(**changes, search__temperature=[temperature], search__dirichlet_fraction=0.0)
        decision = one.act(seen, draws(), env_steps=0, mode="training")
        shares = np.bincount(decision.action, minlength=ACTIONS) / 400
        expected = decision.policy[0] ** (1 / temperature)
        np.testing.assert_allclose(shares, expected / expected.sum(), atol=0.09)
        spreads.append(shares.max())
    scheduled = agent(**changes, search__temperature=[1.0, 0.1], search__temperature_until=[100])
    visits = np.tile(np.array([[1, 2, 3, 18]]), (400, 1))
    for env_steps, frequent in ((99, 18 / 24), (100, 1.0)):
        chosen = sampled_visits(visits, scheduled._temperature(env_steps), np.random.default_rng(0))
        assert (chosen == 3).mean() == pytest.approx(frequent, abs=0.06)


@pytest.mark.parametrize(("mode", "temperature"), [("training", 1.0), ("training", 0.5), ("sampled", 0.5)])
def test_gumbel_acts_by_its_policy_and_the_temperature(mode, temperature):
    one = agent(search__temperature=[8.0, temperature], search__temperature_until=[100])
    logits = torch.linspace(0.0, 1.5, ACTIONS)
    with torch.no_grad():
        one.network.policy.layers[-1].bias.copy_(logits)
    decision = one.act(np.repeat(observation(1), 1000, axis=0), draws(), env_steps=100, mode=mode)
    np.testing.assert_allclose(decision.policy, torch.softmax(logits, 0)[None].expand(1000, -1), atol=1e-6)
    shares = np.bincount(decision.action, minlength=ACTIONS) / 1000
    np.testing.assert_allclose(shares, torch.softmax(logits / temperature, 0), atol=0.05)
    best = one.act(np.repeat(observation(1), 100, axis=0), draws(), env_steps=100, mode="best")
    assert (best.action == ACTIONS - 1).all()


@pytest.mark.parametrize(("max_age", "expected"), [(0, "all"), (None, "missing"), (2, "some")])
def test_one_knob_decides_what_is_searched_again(max_age, expected):
    one, filled = agent(learning__max_target_age=max_age), memory()
    searched = []
    refresh = one._refresh
    one._refresh = lambda kept, positions: (searched.append(positions.copy()), refresh(kept, positions))
    one.learn(filled)
    assert len(searched[0])  # nothing had ever been searched
    aged: list[int] = []
    for _ in range(4):
        ages = one.updates - filled.estimates.made_at
        never = filled.estimates.made_at < 0
        one.learn(filled)
        again = searched[-1]
        if expected == "all":
            assert len(again) > 8
        elif expected == "missing":
            assert never[again].all()
        else:
            assert (never[again] | (ages[again] > 1)).all()  # half of the limit, to fill a batch of the search
            aged.extend(again[~never[again]])
    assert (filled.estimates.made_at[searched[-1]] == one.updates - 1).all()
    assert bool(aged) == (expected == "some")


def test_targets_are_searched_with_the_target_network_and_acting_uses_the_present_one():
    one, filled = agent(learning__target_network_interval=1000, learning__reanalysis_simulations=6), memory()
    for _ in range(5):
        one.learn(filled)
    used, visits = [], []
    search = one._search

    def recorded(network, *arguments, **settings):
        result = search(network, *arguments, **settings)
        used.append(network)
        visits.append(result.visit_counts.sum(axis=1))
        return result

    one._search = recorded
    one._refresh(filled, np.arange(3))
    one.act(observation(), draws(), env_steps=0, mode="best")
    assert used[0] is one.target_network and used[1] is one.network
    assert (visits[0] == 6).all() and (visits[1] == 4).all()  # reanalysis has a number of simulations of its own
    assert not torch.equal(next(iter(one.target_network.parameters())), next(iter(one.network.parameters())))


@both_normalisations
def test_the_target_network_is_renewed_at_its_interval(normalisation):
    one, filled = agent(network__normalisation=normalisation), memory()  # every 4 updates
    for update in range(1, 10):
        one.learn(filled)
        equal = all(
            torch.equal(a, b)
            for a, b in zip(one.network.state_dict().values(), one.target_network.state_dict().values(), strict=True)
        )
        assert equal == (update % 4 == 0)


@both_normalisations  # the target network's values are those of evaluation mode
@pytest.mark.parametrize("bootstrap", ["search", "network"])
def test_value_targets_bootstrap_from_what_is_asked_for(bootstrap, normalisation):
    one = agent(learning__value_bootstrap=bootstrap, off_policy_correction=False, network__normalisation=normalisation)
    filled = memory()
    for _ in range(6):
        one.learn(filled)
    positions = np.array([3, 10, 20])
    batch, _ = one._batch(filled, positions, np.ones(3, np.float32))
    recording = filled.recording
    with torch.inference_mode():
        stacks = torch.from_numpy(recording.stacks(*recording.locate(np.arange(90))))
        logits = one.target_network.predict(one.target_network.represent(stacks)).value
        network_values = one.target_network.support.decode(logits).numpy()
    source = network_values if bootstrap == "network" else filled.estimates.value
    checked = 0
    for index, position in enumerate(positions):
        row, environment = divmod(int(position), 3)
        if (recording.endings[row : row + 3, environment] == 0).all():
            rewards = recording.rewards[row : row + 3, environment]
            expected = (rewards * 0.9 ** np.arange(3)).sum() + 0.9**3 * source[position + 9]
            assert float(batch.value[index, 0]) == pytest.approx(expected, abs=1e-4)
            checked += 1
    assert checked


def test_reanalysis_searches_everything_and_reports_how_far_targets_had_drifted():
    one, filled = agent(), memory()
    for _ in range(6):
        one.learn(filled)
    old_value, made_at = filled.estimates.value.copy(), filled.estimates.made_at.copy()
    drift = one.reanalyze(filled, Silent())
    had = made_at >= 0
    assert (filled.estimates.made_at == 6).all()
    np.testing.assert_array_equal(drift.age, 6 - made_at[had])
    np.testing.assert_allclose(drift.value_difference, np.abs(filled.estimates.value - old_value)[had], rtol=1e-6)
    assert (drift.policy_distance >= 0).all() and 0 < drift.policy_distance.max() <= 1


def test_priorities_follow_the_errors_unless_sampling_is_uniform():
    for exponent in (0.6, 0.0):
        one, filled = agent(learning__priority_exponent=exponent), memory(priority_exponent=exponent)
        before, _ = filled.priorities.state()
        one.learn(filled)
        after, _ = filled.priorities.state()
        assert np.array_equal(before, after) == (exponent == 0.0)


def test_a_gradient_that_is_not_finite_stops_the_run():
    one, filled = agent(), memory()
    with torch.no_grad():
        one.network.policy.layers[-1].bias[0] = float("nan")
    with pytest.raises(FloatingPointError, match="update 0"):
        one.learn(filled)


def test_it_learns_to_predict_a_reward_that_the_action_decides():
    """One step after action 2 the reward is 1, else 0: values, policy and prefix must find that out."""
    from efficientzero.replay import Decision, Estimates, Memory, Priorities, Recording

    random = np.random.default_rng(0)
    for on in (True, False):
        one = agent(
            consistency=on, value_prefix=on, off_policy_correction=on, learning__batch_size=32,
            learning__learning_rate=3e-3, learning__augmentation_shift=0, search__simulations=8, discount=0.5,
        )  # fmt: skip
        filled = Memory(Recording(SHAPE, 4, 2), Estimates(ACTIONS), Priorities(0.6))
        for row in range(60):
            action = random.integers(0, ACTIONS, 4)
            decision = Decision(action, np.full((4, ACTIONS), 0.25, np.float32), np.zeros(4, np.float32), False)
            frames = random.integers(0, 255, (4, *SHAPE)).astype(np.uint8)
            endings = np.full(4, 1 if row % 6 == 5 else 0, np.uint8)
            filled.record(frames, decision, (action == 2).astype(np.float32), endings, 0)
        for _ in range(80):
            metrics = one.learn(filled)
        decision = one.act(filled.recording.stacks(np.arange(8), np.zeros(8, int)), draws(), env_steps=0, mode="best")
        assert (decision.action == 2).mean() >= 0.8
        assert metrics["reward_loss"] < 0.8


@both_normalisations
def test_bfloat16_trains_and_stays_close_to_float32(normalisation):
    losses = []
    for precision in ("float32", "bfloat16"):
        one, filled = agent(learning__precision=precision, network__normalisation=normalisation), memory()
        for _ in range(3):
            metrics = one.learn(filled)
        losses.append(metrics["loss"])
    assert losses[1] == pytest.approx(losses[0], rel=0.05) and losses[0] != losses[1]


def test_images_are_shifted_and_of_object_grids_the_cells_before_policy_and_value():
    objects = replace(SPECIFICATION, images=False)
    grid = make_agent(settings(), objects, seed=0, device=torch.device("cpu"))
    pictures = agent()
    assert (grid.shift, pictures.shift) == (0, 1)
    for one, cells in ((grid, 1), (pictures, 0)):
        shifts = {
            name.split(".")[0]: module.shift
            for name, module in one.network.named_modules()
            if isinstance(module, ShiftedCells)
        }
        assert shifts == {"reward": 0, "policy": cells, "value": cells, "continuation": 0}


def learning_rate(one):
    return one.optimizer.param_groups[0]["lr"]


def test_the_learning_rate_warms_up_and_takes_the_factor_it_is_given():
    one, filled = agent(), memory()  # 1e-3 after 10 updates
    for update in range(12):
        one.learn(filled)
        assert learning_rate(one) == pytest.approx(1e-3 * min(1.0, (update + 1) / 10))
    one.learn(filled, learning_rate_factor=0.25)
    assert learning_rate(one) == pytest.approx(0.25e-3)


def test_the_gradient_is_clipped():
    moved = []
    for limit in (1e9, 0.05):
        one = agent(learning__optimizer="sgd", learning__momentum=0.0, learning__weight_decay=0.0,
                    learning__max_gradient_norm=limit, learning__warmup_updates=0)  # fmt: skip
        before = [weight.detach().clone() for weight in one.network.parameters()]
        metrics = one.learn(memory())
        after = one.network.parameters()
        norm = torch.sqrt(sum(((a.detach() - b) ** 2).sum() for a, b in zip(after, before, strict=True)))
        moved.append(float(norm) / 1e-3)  # the learning rate
        assert moved[-1] == pytest.approx(min(metrics["gradient_norm"], limit), rel=1e-2)
    assert moved[0] > 4 * moved[1]


def test_the_off_policy_switch_shortens_the_horizon_of_old_positions_only():
    values = {}
    for on in (True, False):
        one, filled = agent(off_policy_correction=on, learning__off_policy_interval=15), memory(rows=30)
        filled.estimates.replace(np.arange(90), np.full((90, ACTIONS), 0.25), np.full(90, 50.0), 0)
        filled.recording.rewards[:] = 0.0
        filled.recording.endings[:] = 0
        filled.recording.episode_start[:] = 0
        filled.recording._last_row[0] = 29
        positions = np.array([0, 80])  # recorded 90 and 10 env steps ago
        batch, _ = one._batch(filled, positions, np.ones(2, np.float32))
        values[on] = batch.value[:, 0].numpy()
    np.testing.assert_allclose(values[False], 50.0 * 0.9**3, rtol=1e-5)
    np.testing.assert_allclose(values[True], [50.0 * 0.9, 50.0 * 0.9**3], rtol=1e-5)


def test_what_is_bootstrapped_from_is_fresh_too():
    one, filled = agent(learning__max_target_age=None, off_policy_correction=False), memory(rows=30)
    for position in range(0, 40, 3):
        row, environment = divmod(position, 3)
        if (filled.recording.endings[row : row + 7, environment] == 0).all():
            break
    one._batch(filled, np.array([position]), np.ones(1, np.float32))
    searched = np.flatnonzero(filled.estimates.made_at >= 0)
    assert searched.tolist() == [position + 3 * step for step in range(7)]  # 3 unrolled, 3 more to bootstrap from


def test_reanalysis_searches_with_the_present_network_and_draws_anew_for_every_batch(monkeypatch):
    one, filled = agent(learning__target_network_interval=1000), memory(rows=200)
    for _ in range(3):
        one.learn(filled)
    networks, noises = [], []
    search = one._search

    def recorded(network, seen, random, settings):
        networks.append({name: tensor.clone() for name, tensor in network.state_dict().items()})
        noises.append(random.bit_generator.state["state"]["state"])
        return search(network, seen, random, settings)

    monkeypatch.setattr(one, "_search", recorded)
    one.reanalyze(filled, Silent())
    assert len(networks) == 3 and len(set(noises)) == 3
    for name, tensor in one.network.state_dict().items():
        assert all(torch.equal(network[name], tensor) for network in networks)


def test_refreshing_has_root_noise(monkeypatch):
    one, filled = agent(), memory()
    randoms = []
    search = one._search
    monkeypatch.setattr(
        one,
        "_search",
        lambda network, seen, random, *more: (randoms.append(random), search(network, seen, random, *more))[1],
    )
    one.learn(filled)
    assert randoms and all(random is not None for random in randoms)


def test_importance_weights_are_annealed_and_recency_is_asked_for():
    one, filled = agent(learning__priority_correction_updates=10, learning__recency=1.5), memory()
    asked = []
    sample = filled.priorities.sample
    filled.priorities.sample = lambda size, correction, random, *, recency: (
        asked.append((correction, recency)),
        sample(size, correction, random, recency=recency),
    )[1]
    for _ in range(13):
        one.learn(filled)
    corrections, recencies = zip(*asked, strict=True)
    np.testing.assert_allclose(corrections, np.minimum(0.4 + 0.06 * np.arange(13), 1.0))
    assert set(recencies) == {1.5}


def test_shares_of_a_batch_lead_to_terminations_and_to_rewards(monkeypatch):
    one, filled = agent(learning__termination_fraction=0.5, learning__reward_fraction=0.25), memory()
    recording, size, steps = filled.recording, one.learning.batch_size, one.learning.unroll_steps
    recording.rewards[:] *= np.random.default_rng(1).random(recording.rewards.shape) < 0.3
    rewarded = (recording.rewards != 0) & recording.followed
    assert 0.0 < rewarded.mean() < 0.15
    drawn = []
    make = one._batch
    monkeypatch.setattr(
        one, "_batch", lambda memory, positions, weights: (drawn.append(positions), make(memory, positions, weights))[1]
    )
    for _ in range(3):
        one.learn(filled)
    assert len({tuple(positions) for positions in drawn}) == 3
    for positions in drawn:
        assert len(positions) == size
        rows, environments = recording.locate(positions[size // 4 : size // 4 + size // 2])
        assert recording.terminated(rows, environments).all()
        assert (recording.last_row(rows, environments) - rows < steps).all()
        for row, environment in zip(*recording.locate(positions[size // 4 + size // 2 :]), strict=True):
            last = min(row + steps, recording.last_row(np.array([row]), np.array([environment]))[0] + 1)
            assert rewarded[row:last, environment].any()


def test_observations_are_augmented_as_asked():
    for shift, intensity in ((1, 0.0), (0, 0.05), (0, 0.0)):
        one, filled = agent(learning__augmentation_shift=shift, learning__augmentation_intensity=intensity), memory()
        batch, _ = one._batch(filled, np.arange(8), np.ones(8, np.float32))
        raw = torch.from_numpy(filled.recording.stacks(np.arange(8) // 3, np.arange(8) % 3)) / 255.0
        assert torch.equal(batch.observations[:, 0], raw) == (shift == 0 and intensity == 0.0)
