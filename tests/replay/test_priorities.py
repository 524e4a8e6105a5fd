import numpy as np
import pytest

from efficientzero.compiled.sum_tree import SumTree
from efficientzero.replay import Priorities


def test_sum_tree_draws_what_a_cumulative_sum_draws():
    random = np.random.default_rng(0)
    for leaves in (1, 2, 5, 64, 1000):
        priorities = random.random(leaves) * (random.random(leaves) < 0.7)
        priorities[random.integers(leaves)] = 1.0
        tree = SumTree(leaves)
        for index in random.permutation(leaves):
            tree.update(np.array([index]), priorities[[index]])
        uniforms = random.random(2000)
        expected = np.searchsorted(np.cumsum(priorities), uniforms * priorities.sum(), side="right")
        drawn = tree.sample(uniforms)
        assert (drawn == expected).mean() > 0.999  # sums are rounded in another order
        assert (priorities[drawn] > 0).all()
        assert tree.total == pytest.approx(priorities.sum())


def test_a_zero_priority_is_never_drawn_even_at_the_edges():
    tree = SumTree(8)
    tree.update(np.array([2, 5]), np.array([0.1, 0.3]))
    drawn = tree.sample(np.array([0.0, np.nextafter(0.25, 0), 0.25, np.nextafter(1.0, 0)]))
    assert set(drawn) == {2, 5}


def test_the_tree_is_a_function_of_its_leaves_alone():
    random = np.random.default_rng(1)
    grown = SumTree(100)
    for _ in range(500):
        grown.update(random.integers(0, 100, 7), random.random(7) * 10.0 ** random.integers(-8, 8))
    rebuilt = SumTree(100)
    rebuilt.update(np.arange(128), np.array(grown.priorities))
    uniforms = random.random(4000)
    np.testing.assert_array_equal(grown.sample(uniforms), rebuilt.sample(uniforms))
    assert grown.total == rebuilt.total


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_bad_priorities_and_indices_are_refused(bad):
    tree = SumTree(4)
    with pytest.raises(ValueError, match="priorities"):
        tree.update(np.array([1]), np.array([bad]))
    with pytest.raises(IndexError, match="outside"):
        tree.update(np.array([4]), np.array([1.0]))
    with pytest.raises(ValueError, match="nothing to sample"):
        tree.sample(np.array([0.5]))


def test_sampling_and_weights_follow_the_exponents():
    priorities = Priorities(0.6)
    positions = np.arange(50)
    priorities.add(positions)
    errors = np.linspace(0.1, 3.0, 50)
    priorities.update(positions, errors)
    counts = np.zeros(50)
    for seed in range(400):
        drawn, weights = priorities.sample(64, 0.4, np.random.default_rng(seed))
        np.add.at(counts, drawn, 1)
    probabilities = (errors + 1e-6) ** 0.6 / ((errors + 1e-6) ** 0.6).sum()
    np.testing.assert_allclose(counts / counts.sum(), probabilities, atol=0.003)
    expected = (50 * probabilities[drawn]) ** -0.4
    np.testing.assert_allclose(weights, expected / expected.max(), rtol=1e-5)


def test_exponent_zero_is_uniform_and_new_positions_get_the_highest_priority():
    uniform = Priorities(0.0)
    uniform.add(np.arange(10))
    uniform.update(np.arange(10), np.linspace(0, 100, 10))
    drawn, weights = uniform.sample(1000, 0.4, np.random.default_rng(0))
    assert (np.bincount(drawn) == 100).all() and (weights == 1.0).all()
    ranked = Priorities(1.0)
    ranked.add(np.array([0]))
    ranked.update(np.array([0]), np.array([7.0]))
    ranked.add(np.array([3000]))  # grows the tree
    state, highest = ranked.state()
    assert highest == pytest.approx(7.0) and state[3000] == pytest.approx(7.0) and state[1:3000].sum() == 0.0


@pytest.mark.parametrize("recency", [0.0, 1.0, 3.0])
def test_recency_draws_in_proportion_to_a_power_of_the_rank_and_leaves_weights_alone(recency):
    uniform = Priorities(0.0)
    uniform.add(np.arange(8))
    drawn, weights = uniform.sample(8000, 0.4, np.random.default_rng(0), recency=recency)
    # The share of the k oldest of n is (k / n) ** (1 + recency).
    expected = np.diff((np.arange(9) / 8) ** (1 + recency))
    np.testing.assert_allclose(np.bincount(drawn, minlength=8) / 8000, expected, atol=2e-4)
    assert (weights == 1.0).all()


def test_a_restored_object_samples_the_same():
    priorities = Priorities(0.6)
    priorities.add(np.arange(2500))
    priorities.update(np.arange(0, 2500, 3), np.random.default_rng(0).random(834))
    again = Priorities(0.6)
    again.restore(*priorities.state())
    for one, other in zip(*(p.sample(64, 0.7, np.random.default_rng(5)) for p in (priorities, again)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert again.highest == priorities.highest
