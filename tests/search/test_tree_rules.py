"""Rules of the tree that other implementations have broken."""

import numpy as np
import pytest
from random_predictions import make_tree, predictions, run

COMBINATIONS = [
    ("puct", "by_parent_and_siblings"),
    ("puct", "tree_min_max"),
    ("gumbel", "completed_by_mix_value"),
    ("gumbel", "tree_min_max"),
]


@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_the_first_descent_below_a_node_follows_the_prior(policy, q_transform):
    tree = make_tree(5, 7, 60, policy, q_transform=q_transform)
    made = run(tree, np.random.default_rng(0), 5)
    nodes = tree.nodes_so_far()
    checked = 0
    for row in range(5):
        seen = set()
        for node in range(1, 61):
            parent = int(nodes["parent"][row, node])
            if parent not in seen:
                seen.add(parent)
                assert nodes["action"][row, node] == made[parent][0][row].argmax()
                checked += parent > 0
    assert checked > 50


@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_a_continuation_of_one_is_none(policy, q_transform):
    made = []
    for continuation in (None, np.ones(5, np.float32)):
        tree, generator = make_tree(5, 7, 30, policy, q_transform=q_transform), np.random.default_rng(0)
        tree.reset(*predictions(generator, 5, 7)[:2])
        for _ in range(30):
            tree.select()
            tree.expand_and_backup(*predictions(generator, 5, 7), continuation)
        made.append(tree.nodes_so_far())
    assert all(made[0][name].tobytes() == made[1][name].tobytes() for name in made[0])


@pytest.mark.parametrize("horizon", [None, 1, 2, 3, 5])
def test_rewards_and_bounds_equal_a_recomputation_from_the_right_parents(horizon):
    batch, discount = 6, np.float32(0.97)
    tree = make_tree(
        batch, 3, 40, q_transform="tree_min_max", value_prefix_horizon=horizon, discount=float(discount), q_floor=0.01
    )
    generator = np.random.default_rng(3)
    made = [predictions(generator, batch, 3, 6.0)]
    tree.reset(*made[0][:2])
    low, high = np.full(batch, np.inf), np.full(batch, -np.inf)
    for simulation in range(40):
        parent_index, _, leaf_depth = (array.copy() for array in tree.select())
        made.append(predictions(generator, batch, 3, 6.0))
        tree.expand_and_backup(*made[-1])
        nodes = tree.nodes_so_far()
        for row in range(batch):
            parent, node = parent_index[row], simulation + 1
            depth = nodes["depth"][row, parent]
            assert leaf_depth[row] == depth + 1
            expected = made[-1][2][row]
            if horizon is not None and depth % horizon != 0:
                expected = expected - made[parent][2][row]
            assert nodes["reward"][row, node] == expected
            while node != 0:  # the edges of the path, from the leaf up
                q = nodes["reward"][row, node] + discount * nodes["value"][row, node]
                low[row], high[row] = min(low[row], q), max(high[row], q)
                node = nodes["parent"][row, node]
        np.testing.assert_array_equal(nodes["low"], low.astype(np.float32))
        np.testing.assert_array_equal(nodes["high"], high.astype(np.float32))
    assert len({int(depth.max()) for depth in nodes["depth"]}) > 1  # resets at different simulations, root by root


def test_visits_and_values_are_those_of_the_paths():
    tree = make_tree(4, 5, 30)
    run(tree, np.random.default_rng(1), 4)
    nodes = tree.nodes_so_far()
    for row in range(4):
        returns = {node: [float(nodes["network_value"][row, node])] for node in range(31)}
        for leaf in range(1, 31):
            node, total = leaf, returns[leaf][0]
            while node != 0:
                total = nodes["reward"][row, node] + 0.97 * total
                node = int(nodes["parent"][row, node])
                returns[node].append(total)
        assert [len(returns[node]) for node in range(31)] == nodes["visits"][row].tolist()
        np.testing.assert_allclose(nodes["value"][row], [np.mean(returns[node]) for node in range(31)], atol=1e-5)


@pytest.mark.parametrize("policy", ["puct", "gumbel"])
def test_the_same_input_gives_the_same_bytes_and_other_noise_other_visits(policy):
    def search(noise_seed):
        tree = make_tree(8, 6, 32, policy)
        noise = np.random.default_rng(noise_seed).gumbel(size=(8, 6)).astype(np.float32)
        generator = np.random.default_rng(0)
        logits, value, _ = predictions(generator, 8, 6)
        if policy == "puct":
            tree.reset(logits + noise, value)
        else:
            tree.reset(logits, value, gumbel=noise)
        for _ in range(32):
            tree.select()
            tree.expand_and_backup(*predictions(generator, 8, 6))
        return tree.summary()

    first, again, other = search(1), search(1), search(2)
    assert all(first[name].tobytes() == again[name].tobytes() for name in first)
    assert not np.array_equal(first["visit_counts"], other["visit_counts"])


@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_the_number_of_threads_changes_no_byte(policy, q_transform):
    results = []
    for threads in (1, 2, 3):
        tree = make_tree(401, 6, 20, policy, q_transform=q_transform, threads=threads)
        run(tree, np.random.default_rng(5), 401)
        results.append(tree.summary() | tree.nodes_so_far())
    for other in results[1:]:
        assert all(results[0][name].tobytes() == other[name].tobytes() for name in other)


@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_a_root_does_not_depend_on_the_others_nor_on_earlier_searches(policy, q_transform):
    generator = np.random.default_rng(6)
    made = [predictions(generator, 7, 5) for _ in range(21)]
    tree = make_tree(7, 5, 20, policy, q_transform=q_transform)

    def search(rows):
        tree.reset(made[0][0][rows], made[0][1][rows])
        for simulation in range(20):
            tree.select()
            tree.expand_and_backup(*(np.ascontiguousarray(part[rows]) for part in made[simulation + 1]))
        return tree.summary()

    together = search(np.arange(7))
    some = search(np.array([4, 1]))
    again = search(np.arange(7))
    for name in together:
        assert together[name][[4, 1]].tobytes() == some[name].tobytes()
        assert together[name].tobytes() == again[name].tobytes()


@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_illegal_actions_are_never_visited_at_the_root_and_freely_below(policy, q_transform):
    generator = np.random.default_rng(7)
    legal = np.zeros((6, 9), bool)
    for row in range(6):
        legal[row, generator.choice(9, size=row + 1, replace=False)] = True
    tree = make_tree(6, 9, 60, policy, q_transform=q_transform)
    run(tree, generator, 6, legal=legal)
    result = tree.summary()
    assert not result["visit_counts"][~legal].any()
    assert not result["policy"][~legal].any()
    np.testing.assert_allclose(result["policy"].sum(axis=1), 1.0, atol=1e-5)
    assert legal[np.arange(6), result["action"]].all()
    assert (result["visit_counts"].sum(axis=1) == 60).all()
    nodes = tree.nodes_so_far()
    below = nodes["parent"] > 0
    rows = np.nonzero(below)[0]
    assert (~legal[rows, nodes["action"][below]]).any()


@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_ties_go_to_the_lowest_action(policy, q_transform):
    """Where everything is equal, the actions take turns, at every node."""
    tree = make_tree(1, 3, 40, policy, q_transform=q_transform, considered_actions=2)
    flat = np.zeros((1, 3), np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32)
    tree.reset(*flat[:2])
    for _ in range(39):  # odd, so that the first in turn is seen
        tree.select()
        tree.expand_and_backup(*flat)
    nodes = tree.nodes_so_far()
    considered = 2 if policy == "gumbel" else 3
    for node in range(40):
        visits = np.zeros(3, int)
        children = nodes["parent"][0] == node
        visits[nodes["action"][0, children]] = nodes["visits"][0, children]
        total = int(visits.sum())
        among = considered if node == 0 else 3
        turns = [total // among + (action < total % among) for action in range(among)]
        assert visits.tolist() == turns + [0] * (3 - among)


def test_a_wide_value_floor_leaves_small_differences_small():
    generator = np.random.default_rng(8)
    logits, value, _ = predictions(generator, 1, 4)
    for floor, expected in ((0.0, 1.0), (10.0, 0.02)):
        tree = make_tree(1, 4, 16, "gumbel", q_floor=floor, visit_offset=0.0, value_scale=1.0)
        tree.reset(np.zeros_like(logits), np.zeros_like(value))
        for _ in range(16):
            _, action, depth = tree.select()
            better = np.float32([0.1 if action[0] == 3 and depth[0] == 1 else 0.0])
            tree.expand_and_backup(np.zeros_like(logits), np.zeros_like(value), better)
        policy = tree.summary()["policy"][0]
        most = tree.summary()["visit_counts"].max()
        np.testing.assert_allclose(
            np.log(policy[3] / policy[0]), most * expected * (1 if floor == 0 else 0.5), rtol=1e-3
        )


@pytest.mark.parametrize(("policy", "q_transform"), COMBINATIONS)
def test_a_floor_that_is_a_share_of_the_value_is_blind_to_the_scale_of_rewards(policy, q_transform):
    def actions(scale, **floors):
        tree, generator = make_tree(5, 7, 30, policy, q_transform=q_transform, **floors), np.random.default_rng(0)
        logits, value, _ = predictions(generator, 5, 7)
        tree.reset(logits, value * scale)
        for _ in range(30):
            tree.select()
            logits, value, reward = predictions(generator, 5, 7)
            tree.expand_and_backup(logits, value * scale, reward * scale)
        return tree.nodes_so_far()["action"].tolist()

    one, eighth = np.float32([1.0, 0.125])  # a power of two: no rounding
    assert actions(one, q_floor_share=8.0) == actions(eighth, q_floor_share=8.0)
    assert actions(one, q_floor_share=8.0) != actions(one)
    assert actions(one, q_floor=8.0) != actions(eighth, q_floor=8.0)


@pytest.mark.parametrize(("network_value", "clipped"), [(1000.0, 1.0), (-1000.0, 0.0)])
def test_an_unvisited_action_is_not_valued_beyond_what_the_tree_has_seen(network_value, clipped):
    tree = make_tree(1, 6, 4, "gumbel", q_transform="tree_min_max", considered_actions=2)
    generator = np.random.default_rng(9)
    tree.reset(np.zeros((1, 6), np.float32), np.float32([network_value]))
    for _ in range(4):
        tree.select()
        tree.expand_and_backup(*predictions(generator, 1, 6))
    result, nodes = tree.summary(), tree.nodes_so_far()
    visits, policy = result["visit_counts"][0], np.log(result["policy"][0])
    scale = 0.1 * (50.0 + visits.max())
    normalized = (result["q_values"][0] - nodes["low"]) / (nodes["high"] - nodes["low"])
    visited = visits > 0
    np.testing.assert_allclose(
        policy[visited] - policy[~visited][0], scale * (normalized[visited] - clipped), atol=1e-3
    )
