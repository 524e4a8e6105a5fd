"""The search agrees with DeepMind's mctx, node for node, on random models."""

from functools import partial

import jax
import jax.numpy as jnp
import mctx
import numpy as np
import pytest
from tabular_model import TabularModel, random_mask, search_settings

from efficientzero.search import search

jax.config.update("jax_disable_most_optimizations", True)  # compiling is most of the time

ROOTS = 8
SHAPES = [(2, 2), (3, 64), (5, 25), (9, 32), (18, 16), (18, 50)]  # actions, simulations
CASES = [  # discount, with rewards, scale of the logits, q_floor, value_scale, visit_offset, c1
    (0.997, True, 1.0, 0.0, 0.1, 50.0, 1.25),
    (0.9, False, 1.0, 0.0, 0.1, 50.0, 1.25),
    (1.0, False, 4.0, 0.5, 1.0, 50.0, 2.5),
    (0.95, True, 0.3, 0.1, 0.5, 5.0, 0.5),
    (0.98, True, 20.0, 0.0, 1.0, 100.0, 1.25),  # probabilities of very different sizes
    (0.99, True, 4.0, 0.01, 0.1, 50.0, 1.25),  # any step may be the last
]
ENDS = len(CASES) - 1  # the case in which the model says so


def recurrent(tables, key, action, state):
    next_state, policy_logits, value, reward, discount = tables
    following = next_state[state, action]
    output = mctx.RecurrentFnOutput(
        reward=reward[state, action],
        discount=discount[state, action],
        prior_logits=policy_logits[following],
        value=value[following],
    )
    return output, following


@partial(jax.jit, static_argnames=("simulations", "considered"))
def gumbel_policy(tables, key, root, invalid, floor, value_scale, visit_offset, *, simulations, considered):
    transform = partial(
        mctx.qtransform_completed_by_mix_value, value_scale=value_scale, maxvisit_init=visit_offset, epsilon=floor
    )
    output = mctx.gumbel_muzero_policy(
        tables,
        key,
        root,
        recurrent,
        simulations,
        invalid,
        qtransform=transform,
        max_num_considered_actions=considered,
    )
    return output.action, output.action_weights, output.search_tree.summary()


@partial(jax.jit, static_argnames=("simulations", "fraction"))
def puct_policy(tables, key, root, invalid, floor, c1, *, simulations, fraction):
    transform = partial(mctx.qtransform_by_parent_and_siblings, epsilon=floor)
    output = mctx.muzero_policy(
        tables,
        key,
        root,
        recurrent,
        simulations,
        invalid,
        qtransform=transform,
        dirichlet_fraction=fraction,
        pb_c_init=c1,
    )
    return output.action, output.action_weights, output.search_tree.summary()


def compare(policy, actions, simulations, number):
    discount, rewards, logit_scale, floor, value_scale, visit_offset, c1 = CASES[number]
    generator = np.random.default_rng([actions, simulations, number, policy == "puct"])
    model = TabularModel.random(generator, actions, rewards=rewards, logit_scale=logit_scale, ends=number == ENDS)
    states = generator.integers(len(model.value), size=ROOTS, dtype=np.int32)
    legal = random_mask(generator, ROOTS, actions) if number % 2 else np.ones((ROOTS, actions), bool)
    key = jax.random.PRNGKey(generator.integers(1 << 30))
    continuation = np.ones_like(model.reward) if model.continuation is None else model.continuation
    tables = (model.next_state, model.policy_logits, model.value, model.reward, np.float32(discount) * continuation)
    tables = tuple(jnp.asarray(table) for table in tables)
    root = mctx.RootFnOutput(
        prior_logits=tables[1][states], value=tables[2][states], embedding=jnp.asarray(states, jnp.int32)
    )
    invalid = jnp.asarray(~legal, jnp.float32)
    epsilon = np.float32(max(floor, 1e-8))
    considered = min(actions, 8)
    if policy == "gumbel":
        expected = gumbel_policy(
            tables,
            key,
            root,
            invalid,
            epsilon,
            np.float32(value_scale),
            np.float32(visit_offset),
            simulations=simulations,
            considered=considered,
        )
        noise = jax.random.gumbel(jax.random.split(key)[1], (ROOTS, actions), jnp.float32)
    else:
        expected = puct_policy(
            tables, key, root, invalid, epsilon, np.float32(c1), simulations=simulations, fraction=0.25
        )
        noise = jax.random.dirichlet(jax.random.split(key, 3)[1], jnp.full([actions], 0.3), (ROOTS,))
    settings = search_settings(
        policy,
        simulations=simulations,
        considered_actions=considered,
        q_floor=floor,
        value_scale=value_scale,
        visit_offset=visit_offset,
        exploration_init=c1,
    )
    found = search(
        model,
        model.root(states),
        settings,
        discount=discount,
        value_prefix_horizon=None,
        noise=np.array(noise, np.float32),
        legal_actions=legal,
    )
    return found, jax.tree.map(np.asarray, expected), legal


@pytest.mark.parametrize("number", range(len(CASES)))
@pytest.mark.parametrize(("actions", "simulations"), SHAPES)
@pytest.mark.parametrize("policy", ["gumbel", "puct"])
def test_visits_values_and_targets_are_those_of_mctx(policy, actions, simulations, number):
    found, (action, weights, summary), legal = compare(policy, actions, simulations, number)
    np.testing.assert_array_equal(found.visit_counts, summary.visit_counts)
    np.testing.assert_allclose(found.value, summary.value, atol=1e-4)
    visited = found.visit_counts > 0
    np.testing.assert_allclose(found.q_values[visited], summary.qvalues[visited], atol=1e-4)
    assert (found.q_values[~visited] == 0).all()
    np.testing.assert_allclose(found.policy, weights, atol=2e-4)
    assert not found.visit_counts[~legal].any()
    if policy == "gumbel":  # mctx's PUCT samples its action
        np.testing.assert_array_equal(found.action, action)
