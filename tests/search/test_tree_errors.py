"""What the tree refuses, and how it says so."""

import numpy as np
import pytest
from random_predictions import make_tree, predictions, run

from efficientzero.compiled.tree import SearchTree


def started(batch=3, actions=4, simulations=5, **changes):
    tree = make_tree(batch, actions, simulations, **changes)
    generator = np.random.default_rng(0)
    logits, value, reward = predictions(generator, batch, actions)
    tree.reset(logits, value)
    return tree, logits, value, reward


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["policy_logits", "value", "reward", "continuation"])
@pytest.mark.parametrize("batch", [3, 300])
def test_a_prediction_that_is_not_finite_is_named(name, wrong, batch):
    tree, *prediction = started(batch=batch, threads=2)
    tree.select()
    prediction = dict(zip(("policy_logits", "value", "reward"), prediction, strict=True))
    prediction["continuation"] = np.ones(batch, np.float32)
    prediction[name] = prediction[name].copy()
    prediction[name][batch - 2] = wrong
    with pytest.raises(FloatingPointError, match=rf"{name}: .* root {batch - 2} in simulation 0 "):
        tree.expand_and_backup(**prediction)
    with pytest.raises(RuntimeError, match="reset"):
        tree.select()


@pytest.mark.parametrize("name", ["root policy_logits", "root value", "gumbel noise"])
def test_a_root_that_is_not_finite_is_named(name):
    tree = make_tree(2, 3, 4, "gumbel")
    arrays = {
        "root policy_logits": np.zeros((2, 3), np.float32),
        "root value": np.zeros(2, np.float32),
        "gumbel noise": np.zeros((2, 3), np.float32),
    }
    arrays[name].flat[1] = np.nan
    with pytest.raises(FloatingPointError, match=name):
        tree.reset(arrays["root policy_logits"], arrays["root value"], gumbel=arrays["gumbel noise"])


@pytest.mark.parametrize("name", ["policy_logits", "value", "reward", "continuation"])
@pytest.mark.parametrize(
    "change",
    [
        lambda array: array.astype(np.float64),
        lambda array: array.astype(np.int32),
        lambda array: array[:-1],
        lambda array: array[None],
        lambda array: array.astype(">f4"),
        lambda array: array.tolist(),
        lambda array: 0.5,
    ],
)
def test_wrong_predictions_are_refused_and_may_be_corrected(name, change):
    tree, *prediction = started()
    tree.select()
    prediction = dict(zip(("policy_logits", "value", "reward"), prediction, strict=True))
    prediction["continuation"] = np.ones(len(prediction["value"]), np.float32)
    with pytest.raises(ValueError, match=r"policy_logits|value|reward" if name != "continuation" else name):
        tree.expand_and_backup(**(prediction | {name: change(prediction[name])}))
    tree.expand_and_backup(**prediction)


def test_views_with_any_row_stride_are_read_and_columns_out_of_order_refused():
    tree, logits, value, reward = started()
    tree.select()
    with pytest.raises(ValueError, match="contiguous"):
        tree.expand_and_backup(np.asfortranarray(logits), value, reward)
    tree.expand_and_backup(logits, value, reward)
    packed = np.concatenate([logits, value[:, None], reward[:, None]], axis=1)
    other = started()[0]
    other.select()
    other.expand_and_backup(packed[:, :4], packed[:, 4], packed[:, 5])
    first, second = tree.nodes_so_far(), other.nodes_so_far()
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


def test_wrong_roots_are_refused():
    tree = make_tree(3, 4, 5, "gumbel")
    logits, value = np.zeros((3, 4), np.float32), np.zeros(3, np.float32)
    with pytest.raises(ValueError, match="root policy_logits: expected float32"):
        tree.reset(logits.astype(np.float64), value)
    with pytest.raises(ValueError, match="1 to 3 roots, got 4"):
        tree.reset(np.zeros((4, 4), np.float32), np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="1 to 3 roots, got 0"):
        tree.reset(logits[:0], value[:0])
    with pytest.raises(ValueError, match=r"root policy_logits: expected float32 \[3, 4\]"):
        tree.reset(logits[:, :3], value)
    with pytest.raises(ValueError, match="root value"):
        tree.reset(logits, value[:2])
    with pytest.raises(ValueError, match="legal_actions: expected bool"):
        tree.reset(logits, value, legal_actions=np.ones((3, 4)))
    legal = np.ones((3, 4), bool)
    legal[1] = False
    with pytest.raises(ValueError, match="root 1 has no legal action"):
        tree.reset(logits, value, legal_actions=legal)
    with pytest.raises(ValueError, match="gumbel noise"):
        tree.reset(logits, value, gumbel=np.zeros((3, 3), np.float32))
    with pytest.raises(ValueError, match="only the Gumbel policy"):
        make_tree(3, 4, 5, "puct").reset(logits, value, gumbel=np.zeros((3, 4), np.float32))


def test_more_simulations_than_allocated_raise():
    tree = make_tree(2, 3, 4)
    run(tree, np.random.default_rng(0), 2)
    with pytest.raises(RuntimeError, match="holds 4 simulations"):
        tree.select()


def test_calls_out_of_order_raise():
    tree = make_tree(3, 4, 5)
    _, logits, value, reward = started()
    with pytest.raises(RuntimeError, match="reset"):
        tree.select()
    tree.reset(logits, value)
    with pytest.raises(RuntimeError, match="select first"):
        tree.expand_and_backup(logits, value, reward)
    with pytest.raises(RuntimeError, match="whole simulation"):
        tree.summary()
    tree.select()
    with pytest.raises(RuntimeError, match="not been expanded"):
        tree.select()


@pytest.mark.parametrize(
    ("policy", "q_transform"), [("puct", "completed_by_mix_value"), ("gumbel", "by_parent_and_siblings")]
)
def test_meaningless_combinations_are_refused(policy, q_transform):
    with pytest.raises(ValueError, match=rf"{q_transform}.*{policy}"):
        make_tree(1, 2, 2, policy, q_transform=q_transform)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("discount", 1.01),
        ("discount", -0.1),
        ("discount", float("nan")),
        ("value_prefix_horizon", 0),
        ("threads", 0),
        ("considered_actions", 0),
        ("policy", "alphazero"),
        ("q_transform", "none"),
    ],
)
def test_impossible_arguments_are_named(name, value):
    arguments = {"policy": "puct", "q_transform": "tree_min_max", "discount": 0.99}
    with pytest.raises(ValueError, match=name):
        SearchTree(1, 2, 3, **(arguments | {name: value}))
