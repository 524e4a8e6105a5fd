import numpy as np

from efficientzero.replay import Estimates


def targets_made_at(ages, updates=100):
    targets = Estimates(3)
    count = len(ages)
    made_at = np.array([-1 if age is None else updates - age for age in ages])
    targets.append(np.full((count, 3), 1 / 3, np.float32), np.zeros(count, np.float32), made_at)
    return targets


def test_stale_are_the_missing_and_those_older_than_the_limit_each_once():
    targets = targets_made_at([0, 1, 50, 51, None, 99])
    asked = np.array([5, 3, 3, 2, 1, 0, 4, 5])
    assert targets.stale(asked, 100, 50, batch=1).tolist() == [3, 4, 5]
    assert targets.stale(asked, 100, None, batch=8).tolist() == [4]
    assert targets.stale(asked, 100, 0, batch=8).tolist() == [0, 1, 2, 3, 4, 5]
    assert targets.stale(np.array([0, 2]), 100, 50, batch=8).tolist() == []


def test_a_begun_batch_is_filled_with_the_oldest_that_have_passed_half_of_the_limit():
    targets = targets_made_at([0, 1, 50, 51, 30, 40, 26, 25])
    assert targets.stale(np.array([3]), 100, 50, batch=4).tolist() == [3, 2, 5, 4]
    assert targets.stale(np.array([3]), 100, 50, batch=16).tolist() == [3, 2, 5, 4, 6]
    assert targets.stale(np.array([2]), 100, 50, batch=4).tolist() == []  # nothing is begun for what is fresh
    assert sorted(targets.stale(np.array([3, 7]), 100, 20, batch=2)) == [3, 7]  # already whole


def test_growing_keeps_what_was_there():
    targets = Estimates(2)
    random = np.random.default_rng(0)
    policies, values = random.random((3000, 2)).astype(np.float32), random.random(3000).astype(np.float32)
    for start in range(0, 3000, 10):
        targets.append(policies[start : start + 10], values[start : start + 10], start)
    np.testing.assert_array_equal(targets.policy, policies)
    np.testing.assert_array_equal(targets.value, values)
    np.testing.assert_array_equal(targets.made_at, np.arange(3000) // 10 * 10)
