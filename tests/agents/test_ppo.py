import math

import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import RolloutBuffer

from efficientzero.agents import EnvironmentSpecification, RandomAgent
from efficientzero.agents.ppo import PPOAgent
from efficientzero.agents.rollouts import fill, rollout_of, rollout_rows
from efficientzero.parameters import PPOSettings
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Decision, Estimates, Memory, Priorities, Recording

ACTIONS = 4
SHAPE = (1, 10, 10)
ENVIRONMENTS = 3
STEPS = 8

SETTINGS = {
    "kind": "ppo",
    "discount": 0.9,
    "network": {"convolutions": [[4, 3, 2]], "grid_convolutions": [[8, 3, 1]], "hidden": 32},
    "rollout_steps": STEPS,
    "epochs": 3,
    "minibatch_size": 10,
    "learning_rate": 1e-3,
    "gae_lambda": 0.8,
    "clip_range": 0.2,
    "value_weight": 0.5,
    "entropy_weight": 0.01,
    "max_gradient_norm": 0.5,
}


def agent(seed=0, actions=ACTIONS, images=False, environments=ENVIRONMENTS, frame_stack=1, **changes):
    assert changes.keys() <= SETTINGS.keys()
    return PPOAgent(
        PPOSettings(**{**SETTINGS, **changes}),
        EnvironmentSpecification(SHAPE, frame_stack, actions, environments, images),
        seed=seed,
        device=torch.device("cpu"),
    )


def empty_memory(environments=ENVIRONMENTS, frame_stack=1, actions=ACTIONS):
    return Memory(Recording(SHAPE, environments, frame_stack), Estimates(actions), Priorities(0.0))


def screens(random, environments=ENVIRONMENTS):
    return random.integers(0, 256, (environments, *SHAPE)).astype(np.uint8)


def play(one, memory, rows, endings=None):
    """Records rows of an agent's own decisions on random frames, learning whenever that is due."""
    recording = memory.recording
    for row in range(recording.rows, recording.rows + rows):
        random = np.random.default_rng(row)
        frames = screens(random, recording.environments)
        decision = one.act(recording.newest_stacks(frames), random, env_steps=len(recording), mode="training")
        rewards = random.integers(-1, 2, recording.environments).astype(np.float32)
        ending = random.choice(3, recording.environments, p=[0.8, 0.1, 0.1]) if endings is None else endings[row]
        memory.record(frames, decision, rewards, ending.astype(np.uint8), one.updates)
        while one.updates < one.updates_due(len(recording)):
            one.learn(memory)


def warm_up(rows, endings=None):
    """A recording by the uniformly random policy."""
    memory = empty_memory()
    play(RandomAgent(ACTIONS), memory, rows, endings)
    return memory


def copy_of(memory):
    """Another memory of the same, as it is read again."""
    copied, recording, targets = empty_memory(), memory.recording, memory.estimates
    copied.recording.extend(recording.frames, recording.actions, recording.rewards, recording.endings)
    copied.estimates.append(targets.policy, targets.value, targets.made_at)
    return copied


def same_state(one, other):
    assert one.keys() == other.keys()
    return all(np.array_equal(one[name], other[name]) for name in one)


# Advantages


def slow_advantages(recording, rows, values, discount, decay):
    """Generalised advantages as the sum of discounted one-step errors, transition by transition."""
    advantages = np.zeros((len(rows), recording.environments))
    for environment in range(recording.environments):
        for start in rows:
            total, weight = 0.0, 1.0
            for row in range(start, rows.stop):
                ending = recording.endings[row, environment]
                if ending == TRUNCATED:
                    break  # what it led to was not seen: no error can be computed
                value = float(values[row - rows.start, environment])
                after = 0.0 if ending == TERMINATED else float(values[row + 1 - rows.start, environment])
                total += weight * (float(recording.rewards[row, environment]) + discount * after - value)
                weight *= discount * decay
                if ending == TERMINATED:
                    break
            advantages[start - rows.start, environment] = total
    return advantages


@pytest.mark.parametrize("rollout", [0, 1, 2])
def test_advantages_and_returns_are_those_of_a_plain_loop(rollout):
    # In every rollout one environment terminates, one is truncated and one goes on; then ends at the rollouts' edges.
    endings = np.full((3 * STEPS, ENVIRONMENTS), ONGOING)
    endings[[3, 11, 19], 0], endings[[4, 12, 18], 1] = TERMINATED, TRUNCATED
    endings[6, 0], endings[14, 1], endings[7, 2], endings[15, 2] = TERMINATED, TRUNCATED, TRUNCATED, TERMINATED
    one, memory = agent(), warm_up(3 * STEPS, endings)
    memory.recording.rewards[:] += np.random.default_rng(1).normal(size=memory.recording.rewards.shape)
    rows = rollout_rows(rollout, STEPS)
    values = np.random.default_rng(2).normal(size=(len(rows) + 1, ENVIRONMENTS)).astype(np.float32)
    buffer = RolloutBuffer(
        len(rows), one.ppo.observation_space, one.ppo.action_space, "cpu", gae_lambda=0.8, gamma=0.9, n_envs=3
    )
    fill(buffer, memory, rows, values)
    expected = slow_advantages(memory.recording, rows, values, 0.9, 0.8)
    np.testing.assert_allclose(buffer.advantages, expected, atol=1e-5)
    np.testing.assert_allclose(buffer.returns, expected + values[:-1], atol=1e-5)
    truncated = memory.recording.endings[rows.start : rows.stop] == TRUNCATED
    assert truncated.any() and (buffer.advantages[truncated] == 0.0).all()
    np.testing.assert_array_equal(buffer.observations[:, 1], memory.recording.frames[rows.start : rows.stop, 1])
    np.testing.assert_array_equal(buffer.actions[..., 0], memory.recording.actions[rows.start : rows.stop])


def test_a_rollout_has_the_present_networks_values_discount_and_decay():
    one = agent(frame_stack=2)
    memory = empty_memory(frame_stack=2)
    play(one, memory, 2 * STEPS)  # two updates, so that the recorded values are old
    rows = rollout_rows(1, STEPS)
    buffer = one._rollout(memory, rows)
    seen = np.arange(rows.start, rows.stop + 1)[:, None].repeat(ENVIRONMENTS, 1)
    stacks = memory.recording.stacks(seen, np.arange(ENVIRONMENTS)[None].repeat(len(seen), 0))
    now = one.act(stacks.reshape(-1, *stacks.shape[2:]), np.random.default_rng(0), env_steps=0, mode="best").value
    now = now.reshape(-1, ENVIRONMENTS)
    np.testing.assert_allclose(buffer.values, now[:-1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        buffer.advantages, slow_advantages(memory.recording, rows, now, 0.9, 0.8), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_array_equal(buffer.observations, stacks[:-1])


# Which rollout


@pytest.mark.parametrize("steps", [2, 5, 32])
def test_rollouts_hold_every_transition_once_but_those_of_the_newest_row(steps):
    for rollouts in range(1, 6):
        rows = [row for rollout in range(rollouts) for row in rollout_rows(rollout, steps)]
        assert rows == list(range(rollouts * steps - 1))


def test_an_update_is_due_with_every_whole_rollout():
    for steps in (2, 7, 49, 98, 1999):
        for environments in (1, 3, 10):
            one = agent(rollout_steps=2, environments=environments)
            one.settings = one.settings.model_copy(update={"rollout_steps": steps})
            for rollouts in (1, 2, 3, 10):
                rows = rollouts * steps
                assert one.updates_due((rows - 1) * environments) == rollouts - 1
                assert one.updates_due(rows * environments) == rollouts


def test_updates_take_rollouts_in_turn_then_go_back_from_the_newest():
    assert [rollout_of(update, 3) for update in range(11)] == [0, 1, 2, 2, 1, 0, 2, 1, 0, 2, 1]
    assert [rollout_of(update, 1) for update in range(3)] == [0, 0, 0]


def test_learning_takes_the_rollout_whose_turn_it_is(monkeypatch):
    one = agent()
    memory = warm_up(3 * STEPS + 2)
    learned = []
    rollout = one._rollout
    monkeypatch.setattr(one, "_rollout", lambda memory, rows: (learned.append(rows), rollout(memory, rows))[1])
    for _ in range(8):
        one.learn(memory)
    assert learned == [rollout_rows(rollout, STEPS) for rollout in (0, 1, 2, 2, 1, 0, 2, 1)]


def test_without_a_whole_rollout_there_is_nothing_to_learn():
    one = agent()
    with pytest.raises(ValueError, match="no whole rollout"):
        one.learn(warm_up(STEPS - 1))
    one.learn(warm_up(STEPS))
    assert one.updates == 1


# The policy that acted


def test_the_importance_ratio_of_the_warm_up_is_the_policy_over_the_uniform_one():
    one = agent()
    memory = warm_up(STEPS)
    buffer = one._rollout(memory, rollout_rows(0, STEPS))
    batch = next(buffer.get())
    _, log_probability, _ = one.ppo.policy.evaluate_actions(batch.observations, batch.actions.long().flatten())
    ratio = torch.exp(log_probability - batch.old_log_prob).detach().numpy()
    observation = batch.observations.numpy().astype(np.uint8)
    policy = one.act(observation, np.random.default_rng(0), env_steps=0, mode="best").policy
    taken = policy[np.arange(len(policy)), batch.actions.long().flatten().numpy()]
    np.testing.assert_allclose(ratio, taken * ACTIONS, rtol=1e-5)
    assert ratio.std() > 0


def test_the_importance_ratio_of_its_own_actions_is_one_until_it_learns():
    one, memory = agent(learning_rate=0.01), empty_memory()
    play(one, memory, 2 * STEPS - 1)  # one update made; of the next rollout only the first row is older than it
    assert one.updates == 1

    one.updates_due = lambda env_steps: 0  # the row that completes the rollout, without learning from it
    play(one, memory, 1)
    buffer = one._rollout(memory, rollout_rows(1, STEPS))
    observations = torch.from_numpy(buffer.observations.reshape(-1, *SHAPE))
    _, log_probability, _ = one.ppo.policy.evaluate_actions(observations, torch.from_numpy(buffer.actions.flatten()))
    ratio = np.exp(log_probability.detach().numpy().reshape(-1, ENVIRONMENTS) - buffer.log_probs)
    assert np.abs(ratio[0] - 1.0).min() > 1e-5
    np.testing.assert_allclose(ratio[1:], 1.0, rtol=1e-5)


# Acting


def test_a_new_policy_is_nearly_uniform():
    for seed in range(5):
        observation = screens(np.random.default_rng(seed), 50)
        decision = agent(seed=seed).act(observation, np.random.default_rng(0), env_steps=0, mode="best")
        np.testing.assert_allclose(decision.policy, 1 / ACTIONS, atol=0.02)
        np.testing.assert_allclose(decision.policy.sum(axis=1), 1.0, rtol=1e-5)


def test_best_is_the_likeliest_and_sampling_follows_the_policy():
    one = agent()
    with torch.no_grad():
        one.network["policy"].bias.copy_(torch.log(torch.tensor([0.5, 0.3, 0.2, 1e-30])))
    observation = np.repeat(screens(np.random.default_rng(0), 1), 20_000, axis=0)
    decisions = {mode: one.act(observation, np.random.default_rng(1), env_steps=0, mode=mode) for mode in
                 ("training", "sampled", "best")}  # fmt: skip
    assert (decisions["best"].action == decisions["best"].policy[0].argmax()).all()
    other = one.act(observation, np.random.default_rng(2), env_steps=0, mode="best")
    np.testing.assert_array_equal(decisions["best"].action, other.action)
    for mode in ("training", "sampled"):
        decision = decisions[mode]
        counts = np.bincount(decision.action, minlength=ACTIONS)
        assert counts[3] == 0
        deviation = np.sqrt(20_000 * decision.policy[0] * (1 - decision.policy[0])) + 1e-9
        assert (np.abs(counts - 20_000 * decision.policy[0]) < 4 * deviation).all()
        assert decision.action.dtype == np.int64 and not decision.estimated
        assert decision.policy.dtype == decision.value.dtype == np.float32


class OnlyZeros:
    """The lowest uniform numbers there are."""

    def random(self, shape):
        return np.zeros(shape)


def test_an_action_without_probability_is_never_drawn():
    one = agent()
    with torch.no_grad():
        one.network["policy"].bias.copy_(torch.tensor([0.0, 0.0, -1e4, -1e4]))
    observation = screens(np.random.default_rng(0), 1)
    assert one.act(observation, OnlyZeros(), env_steps=0, mode="sampled").action == 1
    with torch.no_grad():
        one.network["policy"].bias.copy_(torch.tensor([-1e4, 0.0, 0.0, 0.0]))
    assert one.act(observation, np.random.default_rng(0), env_steps=0, mode="sampled").policy[0, 0] == 0.0


def test_observations_reach_the_convolutions_between_zero_and_one():
    one = agent()
    seen = []
    one.network["features"].layers[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    observation = screens(np.random.default_rng(0))
    one.act(observation, np.random.default_rng(0), env_steps=0, mode="best")
    one.learn(warm_up(STEPS))
    torch.testing.assert_close(seen[0], torch.from_numpy(observation) / 255.0)
    assert all(float(inputs.min()) >= 0.0 and float(inputs.max()) <= 1.0 for inputs in seen)


def test_images_and_object_grids_have_their_own_convolutions():
    assert agent(images=True).network["features"].layers[0].layers[0].weight.shape == (4, 1, 3, 3)
    assert agent(images=False, frame_stack=2).network["features"].layers[0].layers[0].weight.shape == (8, 2, 3, 3)


# Learning


def test_the_settings_reach_stable_baselines3():
    one = agent(clip_range=0.15)
    ppo = one.ppo
    assert (ppo.n_epochs, ppo.batch_size, ppo.vf_coef, ppo.ent_coef, ppo.max_grad_norm) == (3, 10, 0.5, 0.01, 0.5)
    assert ppo.clip_range(0.3) == 0.15
    buffer = one._rollout(warm_up(STEPS), rollout_rows(0, STEPS))
    assert (buffer.gamma, buffer.gae_lambda) == (0.9, 0.8)


def test_the_learning_rate_takes_the_factor_it_is_given():
    one = agent()
    memory = warm_up(2 * STEPS)
    for factor in (1.0, 0.25, 1.0):
        one.learn(memory, learning_rate_factor=factor)
        assert one.ppo.policy.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 * factor)


def test_the_metrics_are_those_of_the_update():
    one = agent()
    metrics = one.learn(warm_up(STEPS))
    assert metrics["loss"] == pytest.approx(
        metrics["policy_loss"] + 0.5 * metrics["value_loss"] - 0.01 * metrics["entropy"]
    )
    assert metrics["entropy"] == pytest.approx(math.log(ACTIONS), abs=0.05)
    assert 0.0 <= metrics["clip_fraction"] <= 1.0 and metrics["approximate_kl"] >= -1e-6


@pytest.mark.parametrize("changes", [{}, {"epochs": 1, "minibatch_size": 100}])
def test_weights_that_are_not_finite_are_refused_at_once(changes):
    one = agent(**changes)
    memory = warm_up(STEPS)
    memory.recording.rewards[3] = np.nan
    with pytest.raises(FloatingPointError, match="update 0"):
        one.learn(memory)


def test_it_learns_which_action_each_frame_asks_for():
    random = np.random.default_rng(0)
    one = agent(environments=8, rollout_steps=16, minibatch_size=32, epochs=4, learning_rate=3e-3)
    memory = empty_memory(environments=8)
    asked = random.permutation(ACTIONS)

    def frames_of(contexts):
        frames = screens(random, len(contexts))
        frames[:, 0, :5, :5] = 0
        for index, context in enumerate(contexts):
            frames[index, 0, context, :5] = 255
        return frames

    for _ in range(40 * 16):
        contexts = random.integers(ACTIONS, size=8)
        frames = frames_of(contexts)
        decision = one.act(memory.recording.newest_stacks(frames), random, env_steps=0, mode="training")
        rewards = (decision.action == asked[contexts]).astype(np.float32)
        endings = np.where(random.random(8) < 0.2, TERMINATED, ONGOING).astype(np.uint8)
        memory.record(frames, decision, rewards, endings, one.updates)
        if one.updates < one.updates_due(len(memory.recording)):
            one.learn(memory)
    assert one.updates == 40
    contexts = random.integers(ACTIONS, size=400)
    decision = one.act(frames_of(contexts), random, env_steps=0, mode="best")
    assert (decision.action == asked[contexts]).mean() > 0.9


def test_the_value_learns_the_return():
    one = agent(learning_rate=3e-3, discount=0.5, epochs=10)
    memory = empty_memory()
    random = np.random.default_rng(0)
    decision = RandomAgent(ACTIONS).act(screens(random), random, env_steps=0, mode="training")
    for _ in range(4 * STEPS):
        decision = Decision(random.integers(ACTIONS, size=3), decision.policy, decision.value, False)
        memory.record(screens(random), decision, np.ones(3, np.float32), np.zeros(3, np.uint8), 0)
    for _ in range(20):
        one.learn(memory)
    values = one.act(screens(random, 50), random, env_steps=0, mode="best").value
    np.testing.assert_allclose(values.mean(), 2.0, rtol=0.1)  # 1 + 1/2 + 1/4 + ...


# Exactness


def test_the_same_seed_learns_the_same_bytes_and_another_does_not():
    states = []
    for seed in (0, 0, 1):
        one = agent(seed=seed)
        play(one, empty_memory(), 3 * STEPS)
        states.append(one.state())
    assert same_state(states[0], states[1])
    assert not same_state(states[0], states[2])


@pytest.mark.parametrize("rows", [3, STEPS, 2 * STEPS + 3])
def test_a_restored_agent_goes_on_exactly(rows):
    one, memory = agent(), empty_memory()
    play(one, memory, rows)
    saved, copied = {name: array.copy() for name, array in one.state().items()}, copy_of(memory)
    other = agent(seed=0)
    other.restore(saved)
    assert same_state(other.state(), saved) and other.updates == rows // STEPS
    np.random.seed(5)  # noqa: NPY002  # nothing may depend on the state of the global generators
    torch.manual_seed(5)
    for each, its_memory in ((one, memory), (other, copied)):
        play(each, its_memory, 4 * STEPS - rows)
        for _ in range(3):  # without new frames
            each.learn(its_memory, learning_rate_factor=0.5)
    np.testing.assert_array_equal(memory.recording.actions, copied.recording.actions)
    np.testing.assert_array_equal(memory.estimates.policy, copied.estimates.policy)
    assert one.updates == 7 and same_state(one.state(), other.state())


def test_a_finished_agent_acts_as_the_one_that_was_trained():
    one = agent()
    play(one, empty_memory(), STEPS)
    finished = agent(seed=1)
    finished.restore_network(one.network_state())
    observation = screens(np.random.default_rng(0), 20)
    decisions = [
        each.act(observation, np.random.default_rng(0), env_steps=0, mode="sampled") for each in (one, finished)
    ]
    np.testing.assert_array_equal(decisions[0].action, decisions[1].action)
    np.testing.assert_array_equal(decisions[0].policy, decisions[1].policy)
    np.testing.assert_array_equal(decisions[0].value, decisions[1].value)


def test_every_update_and_every_epoch_shuffles_anew_by_the_seed_alone(monkeypatch):
    permutation, orders = np.random.permutation, []
    monkeypatch.setattr(np.random, "permutation", lambda size: (orders.append(permutation(size)), orders[-1])[1])

    def orders_of(seed, global_seed):
        np.random.seed(global_seed)  # noqa: NPY002
        orders.clear()
        one, memory = agent(seed=seed), warm_up(3 * STEPS)
        one.updates = 1
        one.learn(memory)
        one.learn(memory)
        return [tuple(order) for order in orders]

    first = orders_of(0, global_seed=0)
    assert len(first) == len(set(first)) == 6  # two updates of three epochs
    assert orders_of(0, global_seed=1) == first
    assert not set(orders_of(1, global_seed=0)) & set(first)


def test_the_global_generators_are_left_as_they_were():
    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)
    expected = np.random.random(), float(torch.rand(1))  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    torch.manual_seed(3)
    one = agent()
    play(one, empty_memory(), 2 * STEPS)
    assert (np.random.random(), float(torch.rand(1))) == expected  # noqa: NPY002


def test_every_weight_has_one_name_and_moves():
    one = agent()
    before = {name: array.copy() for name, array in one.network_state().items()}
    assert sum(array.size for array in before.values()) == one.weight_count
    assert one.weight_count == sum(weight.numel() for weight in one.ppo.policy.parameters())
    one.learn(warm_up(STEPS))
    for name, array in one.network_state().items():
        assert (array != before[name]).any(), name


def test_a_foreign_state_is_refused_by_name():
    one = agent()
    one.learn(warm_up(STEPS))
    saved = one.state()
    for missing in ("updates", "flops", "network.value.bias", "optimizer.policy.weight.exp_avg"):
        with pytest.raises(ValueError, match=f"lacks {missing}"):
            agent().restore({name: array for name, array in saved.items() if name != missing})
    for unknown in ("network.dynamics", "target_network.value.bias", "optimizer.dynamics.exp_avg"):
        with pytest.raises(ValueError, match=f"unknown {unknown}|{unknown} .* belongs to no weight"):
            agent().restore({**saved, unknown: np.zeros(1, np.float32)})
    with pytest.raises(ValueError, match=r"network\.policy\.bias is \(4,\)"):
        agent(actions=5).restore(saved)


# Cost


def test_operations_are_counted_for_acting_and_for_learning():
    convolution, hidden, heads = 2 * 8 * 9 * 8 * 8, 2 * 512 * 32, 2 * 32 * (ACTIONS + 1)
    forward = convolution + hidden + heads
    update = forward + convolution + 2 * (hidden + heads)  # no gradient of the observation is needed
    one, memory = agent(), empty_memory()
    expected = 0
    for rollout in range(3):
        play(one, memory, STEPS)
        rows = STEPS - 1 if rollout == 0 else STEPS  # 21 positions in 3 minibatches, then 24
        expected += forward * ENVIRONMENTS * STEPS  # acting
        expected += forward * ENVIRONMENTS * (rows + 1)  # the rollout's values
        expected += update * ENVIRONMENTS * rows * 3  # epochs
        assert one.flops == expected
    assert int(one.state()["flops"]) == expected and one.state()["flops"].dtype == np.int64
    other = agent()
    other.restore(one.state())
    for each, its_memory in ((one, memory), (other, copy_of(memory))):
        play(each, its_memory, STEPS)
    assert one.flops == other.flops > expected
