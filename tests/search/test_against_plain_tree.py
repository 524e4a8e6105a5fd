"""The search agrees with a plain recursive tree: all Q-transforms, both policies, value prefixes."""

import numpy as np
import pytest
from plain_tree import PlainSearch
from tabular_model import TabularModel, random_mask, search_settings

from efficientzero.search import search

COMBINATIONS = [
    ("puct", "by_parent_and_siblings"),
    ("puct", "tree_min_max"),
    ("gumbel", "completed_by_mix_value"),
    ("gumbel", "tree_min_max"),
]
ROOTS = 6


def both(
    policy,
    q_transform,
    generator,
    *,
    horizon=None,
    actions=None,
    simulations=None,
    logit_scale=1.5,
    visit_offset=None,
    root_value="mean",
    ends=False,
):
    actions = actions or int(generator.integers(1, 19))
    settings = search_settings(
        policy,
        q_transform=q_transform,
        simulations=simulations or int(generator.integers(2, 51)),
        considered_actions=int(generator.integers(1, 17)),
        q_floor=float(generator.choice([0.0, 0.01, 2.0])),
        q_floor_share=float(generator.choice([0.0, 0.1, 1.0])),
        value_scale=float(generator.choice([0.1, 1.0])),
        visit_offset=visit_offset or float(generator.choice([0.0, 50.0])),
        root_value=root_value,
    )
    discount = float(generator.uniform(0.9, 1.0))
    model = TabularModel.random(generator, actions, prefixes=horizon is not None, logit_scale=logit_scale, ends=ends)
    states = generator.integers(len(model.value), size=ROOTS, dtype=np.int32)
    legal = random_mask(generator, ROOTS, actions)
    noise = generator.gumbel(size=(ROOTS, actions)).astype(np.float32)
    found = search(
        model,
        model.root(states),
        settings,
        discount=discount,
        value_prefix_horizon=horizon,
        noise=noise if policy == "gumbel" else None,
        legal_actions=legal,
    )
    plain = [
        PlainSearch(
            model,
            int(states[row]),
            settings,
            discount=discount,
            legal=legal[row],
            noise=noise[row],
            horizon=horizon,
            prefix_model=model.prefixes,
        )
        for row in range(ROOTS)
    ]
    return found, plain


def agree(found, plain):
    for row, tree in enumerate(plain):
        np.testing.assert_array_equal(found.visit_counts[row], tree.visit_counts())
        np.testing.assert_allclose(found.value[row], tree.root.value, atol=1e-4)
        for action, child in tree.root.children.items():
            np.testing.assert_allclose(found.q_values[row, action], tree.q(child), atol=1e-4)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_rewards(policy, q_transform, seed):
    agree(*both(policy, q_transform, np.random.default_rng(seed)))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("horizon", [None, 3])
@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_what_is_behind_an_end_counts_less_however_deep(policy, q_transform, horizon, seed):
    found, plain = both(policy, q_transform, np.random.default_rng(seed), horizon=horizon, ends=True, simulations=40)
    agree(found, plain)
    without, _ = both(policy, q_transform, np.random.default_rng(seed), horizon=horizon, simulations=40)
    assert not np.allclose(found.value, without.value, atol=1e-3)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_priors_that_underflow_but_for_the_values(policy, q_transform, seed):
    generator = np.random.default_rng(seed)
    agree(*both(policy, q_transform, generator, actions=4, simulations=50, logit_scale=20.0, visit_offset=300.0))


@pytest.mark.parametrize("horizon", range(1, 7))
@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_value_prefixes(policy, q_transform, horizon):
    agree(*both(policy, q_transform, np.random.default_rng(horizon), horizon=horizon))


@pytest.mark.parametrize("horizon", [2, 3, 5])
@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_value_prefixes_in_deep_trees_of_different_depths(policy, q_transform, horizon):
    generator = np.random.default_rng(horizon)
    found, plain = both(policy, q_transform, generator, horizon=horizon, actions=3, simulations=40, logit_scale=8.0)
    agree(found, plain)
    depths = {tree.deepest() for tree in plain}
    assert max(depths) > 2 * horizon
    assert len(depths) > 1


@pytest.mark.parametrize("horizon", range(1, 7))
@pytest.mark.parametrize("policy", ["puct", "gumbel"])
def test_value_prefixes_give_the_search_of_the_rewards_they_sum(policy, horizon):
    generator = np.random.default_rng(horizon)
    settings = search_settings(policy, simulations=40)
    model = TabularModel.random(generator, 4, logit_scale=6.0)
    states = generator.integers(len(model.value), size=ROOTS, dtype=np.int32)
    arguments = {"discount": 0.97, "noise": None}
    rewards = search(model, model.root(states), settings, value_prefix_horizon=None, **arguments)
    model.prefixes = True
    prefixes = search(model, model.root(states), settings, value_prefix_horizon=horizon, **arguments)
    assert rewards.visit_counts.tobytes() == prefixes.visit_counts.tobytes()
    assert rewards.value.tobytes() == prefixes.value.tobytes()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_the_value_of_the_policy_is_the_mean_of_its_actions(policy, q_transform, seed):
    """Below a root with more actions than are tried, so that the unvisited ones count too."""
    found, plain = both(
        policy,
        q_transform,
        np.random.default_rng(seed),
        actions=12,
        simulations=9,
        visit_offset=5.0,
        root_value="policy",
    )
    for row, tree in enumerate(plain):
        visited = tree.root.children
        values = [tree.q(visited[action]) if action in visited else tree.mixed_value(tree.root) for action in range(12)]
        assert found.value[row] == pytest.approx(found.policy[row] @ np.array(values), abs=1e-4)
        assert len(visited) < 12 and found.value[row] != pytest.approx(tree.root.value, abs=1e-4)
