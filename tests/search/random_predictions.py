"""Drives the compiled tree with random predictions, without a model."""

from __future__ import annotations

import numpy as np

from efficientzero.compiled.tree import SearchTree

Q_TRANSFORM = {"puct": "by_parent_and_siblings", "gumbel": "completed_by_mix_value"}


def make_tree(batch, actions, simulations, policy="puct", **changes):
    settings = {"q_transform": Q_TRANSFORM[policy], "discount": 0.97, "considered_actions": 8} | changes
    return SearchTree(batch, actions, simulations, policy=policy, **settings)


def predictions(generator, batch, actions, scale=2.0):
    """policy_logits, value and reward of one simulation."""
    logits = (scale * generator.standard_normal((batch, actions))).astype(np.float32)
    return logits, *generator.standard_normal((2, batch)).astype(np.float32)


def run(tree, generator, batch, simulations=None, *, noise=None, legal=None, scale=2.0):
    """Whole searches; returns the predictions made, the root's first."""
    logits, value, reward = predictions(generator, batch, tree.actions, scale)
    made = [(logits, value, reward)]
    tree.reset(logits, value, gumbel=noise, legal_actions=legal)
    for _ in range(simulations or tree.simulations):
        tree.select()
        made.append(predictions(generator, batch, tree.actions, scale))
        tree.expand_and_backup(*made[-1])
    return made
