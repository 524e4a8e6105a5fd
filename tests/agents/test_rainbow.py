"""Rainbow and DQN: what they learn towards, by independent computation, and that they find the optimal values."""

from __future__ import annotations

from dataclasses import replace

import chain_world
import numpy as np
import pytest
import torch
from replay.recorded import slow_value

from efficientzero.agents import make_agent
from efficientzero.parameters import RainbowSettings
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED

COMPONENTS = ["distributional", "double", "dueling", "noisy", "multi_step", "prioritised"]
SETTINGS = {
    "kind": "rainbow",
    "discount": 0.9,
    "network": {"convolutions": [[8, 3, 1]], "grid_convolutions": [[8, 3, 1]], "hidden": 32},
    "distribution": {"atoms": 51, "maximum": 2.0},
    "initial_noise": 0.1,
    "exploration": {
        "first_epsilon": 1.0,
        "last_epsilon": 0.1,
        "decay_env_steps": 100,
        "evaluation_epsilon": 0.0,
    },
    "learning": {
        "updates_per_env_step": 1.0,
        "batch_size": 32,
        "td_steps": 1,
        "target_network_interval": 20,
        "average_decay": 0.0,
        "optimizer": "adamw",
        "learning_rate": 3e-3,
        "momentum": 0.9,
        "adam_epsilon": 1e-8,
        "weight_decay": 0.0,
        "warmup_updates": 0,
        "max_gradient_norm": 10.0,
        "priority_exponent": 0.5,
        "priority_correction": 0.4,
        "priority_correction_updates": 100,
        "recency": 0.0,
        "termination_fraction": 0.0,
        "reward_fraction": 0.0,
        "head_resets": {"first_env_steps": None, "hold_updates": 20},
        "augmentation_shift": 0,
        "grid_shift": 0,
        "augmentation_intensity": 0.0,
        "precision": "float32",
    },
}


def settings(*on, **changes):
    """``SETTINGS`` with the components named ``on``, and ``group__key=value`` changed."""
    values = {key: dict(value) if isinstance(value, dict) else value for key, value in SETTINGS.items()}
    values |= {component: component in on for component in COMPONENTS}
    for name, value in changes.items():
        *groups, key = name.split("__")
        (values[groups[0]] if groups else values)[key] = value
    return RainbowSettings(**values)


def agent(*on, seed=0, **changes):
    return make_agent(
        settings(*on, **changes),
        chain_world.SPECIFICATION,
        seed=seed,
        device=torch.device("cpu"),
    )


def values(one, observation):
    """The mean network's action values ``[batch, actions]``."""
    from efficientzero.networks import silence_noise

    silence_noise(one.network)
    with torch.no_grad():
        return one._means(one.network(torch.from_numpy(observation))).numpy()


@pytest.mark.parametrize(
    "on", [(), *[(component,) for component in COMPONENTS if component != "multi_step"], tuple(COMPONENTS)]
)
def test_it_finds_the_optimal_action_values(on):
    one, memory = agent(*on), chain_world.played(priority_exponent=0.5 if "prioritised" in on else 0.0)
    for update in range(700):
        one.learn(memory, learning_rate_factor=1.0 - update / 700)
    np.testing.assert_allclose(values(one, chain_world.every_state()), chain_world.OPTIMAL, atol=0.04)
    decision = one.act(chain_world.every_state(), np.random.default_rng(0), env_steps=0, mode="best")
    assert decision.action.tolist() == [1, 1, 1]
    np.testing.assert_allclose(decision.value, chain_world.OPTIMAL[:, 1], atol=0.04)


def test_without_the_bootstrap_it_would_not():
    """The optimal values need discount and bootstrap: a discount of nearly 0 leaves the bare rewards."""
    one, memory = agent(discount=1e-6), chain_world.played()
    for _ in range(300):
        one.learn(memory)
    np.testing.assert_allclose(values(one, chain_world.every_state()), [[0, 0], [0, 0], [0.25, 1]], atol=0.05)


@pytest.mark.parametrize("td_steps", [1, 3, 10])
def test_n_step_returns_end_at_terminations_and_are_cut_at_truncations(td_steps):
    one, memory = agent("multi_step", learning__td_steps=td_steps), chain_world.played(rows=60)
    recording = memory.recording
    positions = np.flatnonzero(memory.priorities.state()[0] > 0)
    batch = one._batch(memory, positions, np.ones(len(positions), np.float32))
    kinds = set()

    def worth(at, environment):
        """Each bootstrapped observation is worth a number of its own, by which it is recognised."""
        return 100.0 * (int(recording.frames[at, environment, 0, 0].argmax()) + 1)

    for index, position in enumerate(positions):
        row, environment = divmod(int(position), chain_world.ENVIRONMENTS)
        expected = slow_value(recording, row, environment, td_steps, 0.9, worth)
        bootstrapped = int(batch.next_observations[index, 0, 0].argmax())
        found = float(batch.rewards[index]) + float(batch.factor[index]) * 100.0 * (bootstrapped + 1)
        assert found == pytest.approx(expected, rel=1e-5)
        last = int(recording.last_row(np.array([row]), np.array([environment]))[0])
        kinds.add((int(recording.endings[last, environment]), row + td_steps > last, bool(batch.factor[index])))
    assert {(TERMINATED, True, False), (TRUNCATED, td_steps > 1, True)} <= kinds
    assert any(kind[0] == ONGOING and kind[2] for kind in kinds)


def test_switches_that_are_numbers():
    assert agent("multi_step", learning__td_steps=7).td_steps == 7 and agent(learning__td_steps=7).td_steps == 1
    assert agent("prioritised").priority_exponent == 0.5 and agent().priority_exponent == 0.0


def test_double_evaluates_the_online_networks_choice_by_the_target_network():
    """Both networks are made to prefer different actions; the targets are computed by hand."""
    memory = chain_world.played()
    for double in (True, False):
        one = agent(*(["double"] if double else []))
        last = one.network.action_stream[2], one.target_network.action_stream[2]
        for layer, bias in zip(last, ([1.0, 0.0], [0.3, 0.7]), strict=True):
            torch.nn.init.zeros_(layer.weight)
            with torch.no_grad():
                layer.bias.copy_(torch.tensor(bias))
        batch = one._batch(memory, np.arange(0, 200), np.ones(200, np.float32))
        _, _, errors = one._loss(batch)
        following = 0.3 if double else 0.7
        target = batch.rewards.numpy() + batch.factor.numpy() * following
        predicted = np.array([1.0, 0.0])[batch.actions.numpy()]
        np.testing.assert_allclose(errors, np.abs(predicted - target), atol=1e-6)


@pytest.mark.filterwarnings("ignore:No target network updater")
def test_the_distributional_loss_is_torchrls():
    """Cross-entropy with the projected target, and its priorities, against torchrl's loss on the same transitions."""
    torchrl = pytest.importorskip("torchrl.objectives")
    from tensordict import TensorDict
    from torchrl.data import OneHot
    from torchrl.modules import DistributionalQValueActor

    one, memory = agent("distributional", "double"), chain_world.played()
    for _ in range(30):
        one.learn(memory)
    positions = np.arange(0, 160)
    batch = one._batch(memory, positions, np.ones(len(positions), np.float32))
    loss, _, priorities = one._loss(batch)

    class Logits(torch.nn.Module):
        def __init__(self, network):
            super().__init__()
            self.network = network

        def forward(self, observation):
            return self.network(observation).transpose(1, 2).log_softmax(dim=-2)  # [batch, atoms, actions]

    support = torch.linspace(-2.0, 2.0, 51)
    actor = DistributionalQValueActor(Logits(one.network), support=support, spec=OneHot(2), in_keys=["observation"])
    peer = torchrl.DistributionalDQNLoss(actor, gamma=0.9, delay_value=True)
    with torch.no_grad():
        for name, weight in one.target_network.named_parameters():
            peer.target_value_network_params.get(("module", "0", "module", "network", *name.split("."))).copy_(weight)
    done = (batch.factor == 0.0).unsqueeze(1)
    transitions = TensorDict(
        {
            "observation": batch.observations,
            "action": torch.nn.functional.one_hot(batch.actions, 2),
            "next": {
                "observation": batch.next_observations,
                "reward": batch.rewards.unsqueeze(1),
                "done": done,
                "terminated": done,
            },
        },
        batch_size=[len(positions)],
    )
    expected = float(peer(transitions)["loss"].detach().mean())
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)
    assert (priorities >= -1e-6).all()


def test_priorities_are_divergences_or_errors():
    """Of a distribution: Kullback-Leibler, 0 where the prediction is the target; of a plain value: |error|."""
    one, memory = agent("distributional", "prioritised"), chain_world.played(priority_exponent=0.5)
    batch = one._batch(memory, np.arange(64), np.ones(64, np.float32))
    _, _, priorities = one._loss(batch)
    with torch.no_grad():
        following = one.target_network(batch.next_observations)
        best = following.softmax(-1) @ torch.linspace(-2, 2, 51)
        following = following[torch.arange(64), best.argmax(1)].softmax(-1)
        target = one.distribution.project(following, batch.rewards, batch.factor)
        predicted = one.network(batch.observations)[torch.arange(64), batch.actions].log_softmax(-1)
        divergence = torch.nn.functional.kl_div(predicted, target, reduction="none").sum(-1)
    np.testing.assert_allclose(priorities, divergence.numpy(), atol=1e-5)
    before, _ = memory.priorities.state()
    one.learn(memory)
    after, _ = memory.priorities.state()
    assert not np.array_equal(before, after)
    # What is stored is (priority + 1e-6) ** exponent.
    memory.priorities.update(np.arange(64), priorities)
    np.testing.assert_allclose(memory.priorities.state()[0][:64], (np.abs(priorities) + 1e-6) ** 0.5, rtol=1e-6)


def test_noise_is_drawn_anew_for_every_update_and_every_action():
    one, memory = agent("noisy"), chain_world.played()
    layer = one.network.action_stream[2]
    drawn = []
    for _ in range(3):
        one.learn(memory)
        drawn.append(noise_of(layer))
    assert not torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[1], drawn[2])
    target = one.target_network.action_stream[2]
    assert not target.silent and not torch.equal(noise_of(layer), noise_of(target))
    before = noise_of(target)
    one.learn(memory)
    assert not torch.equal(before, noise_of(target))
    seen = chain_world.every_state()
    sampled = {one.act(seen, np.random.default_rng(n), env_steps=0, mode="sampled").value.tobytes() for n in range(5)}
    best = {one.act(seen, np.random.default_rng(n), env_steps=0, mode="best").value.tobytes() for n in range(5)}
    assert len(sampled) == 5 and len(best) == 1


def noise_of(layer):
    """All buffers of a noisy layer, end to end."""
    return torch.cat([buffer.flatten() for buffer in layer.buffers()])


@pytest.mark.parametrize("on", [(), ("distributional",)])
def test_the_loss_is_weighted_by_importance(on):
    one, memory = agent(*on), chain_world.played()
    positions = np.arange(32)
    losses = []
    for place in range(3):
        weights = np.zeros(32, np.float32)
        weights[place] = 32.0
        batch = one._batch(memory, positions, weights)
        losses.append(float(one._loss(batch)[0].detach()))
    batch = one._batch(memory, positions, np.r_[1.0, 2.0, 4.0, np.zeros(29)].astype(np.float32) * 32.0)
    expected = losses[0] + 2.0 * losses[1] + 4.0 * losses[2]
    assert float(one._loss(batch)[0].detach()) == pytest.approx(expected, rel=1e-5)


def test_large_errors_count_in_proportion():
    """The Huber loss of an error of 10 is 9.5, of an error of 0.5 it is 0.125."""
    one, memory = agent(), chain_world.played()
    batch = one._batch(memory, np.arange(32), np.ones(32, np.float32))
    for error, loss in ((10.0, 9.5), (0.5, 0.125)):
        with torch.no_grad():
            predicted = one.network(batch.observations)[torch.arange(32), batch.actions, 0]
        shifted = replace(batch, rewards=predicted + error, factor=torch.zeros(32))
        assert float(one._loss(shifted)[0].detach()) == pytest.approx(loss, rel=1e-4)


def test_images_and_grids_have_convolutions_of_their_own():
    images = replace(chain_world.SPECIFICATION, images=True)
    own = settings(network={"convolutions": [[8, 2, 1]], "grid_convolutions": [[8, 3, 1]], "hidden": 32})
    for specification, kernel in ((images, 2), (chain_world.SPECIFICATION, 3)):
        one = make_agent(own, specification, seed=0, device=torch.device("cpu"))
        assert next(one.network.convolutions.parameters()).shape[-1] == kernel


def test_epsilon_falls_while_training_and_is_its_own_in_evaluation():
    one = agent(exploration__evaluation_epsilon=0.5)
    seen = np.repeat(chain_world.every_state()[:1], 4000, axis=0)
    greedy = one.act(seen[:1], np.random.default_rng(0), env_steps=0, mode="best").policy.argmax()

    def share(env_steps, mode):
        decision = one.act(seen, np.random.default_rng(1), env_steps=env_steps, mode=mode)
        np.testing.assert_allclose(decision.policy.sum(axis=1), 1.0, rtol=1e-6)
        assert decision.policy[0, greedy] == pytest.approx((decision.action == greedy).mean(), abs=0.03)
        return decision.policy[0, greedy]

    assert share(0, "training") == pytest.approx(0.5)
    assert share(50, "training") == pytest.approx(1 - 0.55 / 2)
    assert share(100, "training") == share(100_000, "training") == pytest.approx(0.95)
    assert share(0, "sampled") == share(0, "best") == pytest.approx(0.75)


@pytest.mark.parametrize("on", [(), tuple(COMPONENTS)])
def test_saved_and_restored_it_goes_on_as_it_would_have(on):
    exponent = 0.5 if on else 0.0
    straight, memory = agent(*on), chain_world.played(priority_exponent=exponent)
    for _ in range(10):
        straight.learn(memory)
    left, other = agent(*on), chain_world.played(priority_exponent=exponent)
    for _ in range(4):
        left.learn(other)
    resumed = agent(*on, seed=0)
    resumed.restore(left.state())
    for _ in range(6):
        resumed.learn(other)
    one, two = straight.state(), resumed.state()
    assert one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)
    assert straight.updates == 10 and straight.flops == resumed.flops > 0


def test_a_foreign_or_incomplete_state_is_refused():
    with pytest.raises(ValueError, match="saved agent"):
        agent("dueling").restore(agent().state())
    one = agent()
    one.learn(chain_world.played())
    state = one.state()
    for missing in (
        "updates",
        "flops",
        "optimizer.action_stream.0.weight.exp_avg",
        "target_network.action_stream.0.bias",
    ):
        with pytest.raises(ValueError, match=f"lacks {missing}"):
            agent().restore({name: array for name, array in state.items() if name != missing})
    with pytest.raises(ValueError, match="has an unknown surprise"):
        agent().restore(state | {"surprise": np.zeros(1)})


def test_rewards_are_drawn_as_asked_but_none_of_which_nothing_later_is_known():
    one, memory = agent(learning__reward_fraction=0.5), chain_world.played(rows=60)
    recording = memory.recording
    rewarded = recording.rewards.ravel() != 0
    assert (rewarded & ~recording.followed.ravel()).any()
    drawn = []
    for one.updates in range(40):
        positions, weights = one.draw(memory)
        assert len(positions) == len(weights) == one.learning.batch_size
        drawn.append(positions[-(one.learning.batch_size // 2) :])
    drawn = np.concatenate(drawn)
    assert rewarded[drawn].all() and recording.followed.ravel()[drawn].all()
    assert len(np.unique(drawn)) > 0.8 * (rewarded & recording.followed.ravel()).sum()
