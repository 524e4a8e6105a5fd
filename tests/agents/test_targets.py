import numpy as np
import pytest
from replay.recorded import made_up_recording, slow_episode, slow_value

from efficientzero.agents import targets
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Recording

DISCOUNT = 0.9


def recording_of(rewards, ending):
    """One environment, one episode that ends as said after its last reward."""
    recording = Recording((1, 2, 2), 1, 1)
    for row, reward in enumerate(rewards):
        last = row == len(rewards) - 1
        recording.append(
            np.zeros((1, 1, 2, 2), np.uint8),
            np.zeros(1),
            np.array([reward], np.float32),
            np.array([ending if last else ONGOING], np.uint8),
        )
    return recording


@pytest.mark.parametrize("td_steps", [1, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_every_target_is_the_one_found_by_walking(td_steps, seed):
    recording = made_up_recording(rows=60, seed=seed)
    value_table = np.random.default_rng(9).normal(size=(60, 3)).astype(np.float32)
    positions = np.arange(len(recording))
    unrolled = targets.unroll(recording, positions, 5, td_steps)
    values = targets.n_step_values(
        recording, unrolled, value_table[unrolled.bootstrap_rows, unrolled.environments], DISCOUNT
    )
    rewards, reward_mask = targets.rewards(recording, unrolled)
    for position in positions:
        row, environment = divmod(int(position), 3)
        _, last, ending = slow_episode(recording, row, environment)
        for step in range(6):
            real = row + step <= last
            absorbing = not real and ending == TERMINATED
            assert unrolled.real[position, step] == real
            assert unrolled.absorbing[position, step] == absorbing
            expected = (
                slow_value(recording, row + step, environment, td_steps, DISCOUNT, lambda r, e: value_table[r, e])
                if real
                else 0.0
                if absorbing
                else None
            )
            assert unrolled.value_mask[position, step] == (expected is not None)
            if expected is not None:
                assert values[position, step] == pytest.approx(expected, abs=1e-5)
            if step:
                known = row + step - 1 <= last
                assert reward_mask[position, step - 1] == (known or ending == TERMINATED)
                assert rewards[position, step - 1] == (recording.rewards[row + step - 1, environment] if known else 0.0)


def test_bootstraps_through_truncation_and_never_through_termination():
    for ending, expected in (
        (TRUNCATED, [1 + 0.9 * 1 + 0.81 * 100, 1 + 0.9 * 100]),
        (TERMINATED, [1 + 0.9 + 0.81, 1.9]),
    ):
        recording = recording_of([1.0, 1.0, 1.0], ending)
        unrolled = targets.unroll(recording, np.arange(2), 0, 5)
        values = targets.n_step_values(recording, unrolled, 100.0 * np.ones((2, 1), np.float32), DISCOUNT)
        np.testing.assert_allclose(values[:, 0], expected, rtol=1e-6)


def test_where_a_recording_happens_to_end_is_no_termination():
    recording = recording_of([0.0, 0.0], ONGOING)
    unrolled = targets.unroll(recording, np.array([0]), 3, 5)
    assert unrolled.real[0].tolist() == [True, True, False, False]
    assert not unrolled.absorbing.any()
    assert unrolled.value_mask[0].tolist() == [True, False, False, False]
    values = targets.n_step_values(recording, unrolled, np.full((1, 4), 10.0, np.float32), DISCOUNT)
    assert values[0, 0] == pytest.approx(9.0)


def test_needed_positions_are_those_with_a_policy_and_those_bootstrapped_from():
    recording = made_up_recording(rows=60, seed=4)
    positions = np.arange(0, 170, 7)
    unrolled = targets.unroll(recording, positions, 2, 4)
    needed = set(unrolled.positions(recording, bootstraps=True).tolist())
    expected = set()
    for position in positions:
        row, environment = divmod(int(position), 3)
        _, last, ending = slow_episode(recording, row, environment)
        for at in range(row, min(row + 2, last) + 1):
            expected.add(at * 3 + environment)
            bootstrap = at + 4 if ending == TERMINATED else min(at + 4, last)
            if bootstrap <= last and bootstrap > at:
                expected.add(bootstrap * 3 + environment)
    assert needed == expected
    assert set(unrolled.positions(recording, bootstraps=False).tolist()) < needed


@pytest.mark.parametrize("ending", [ONGOING, TRUNCATED, TERMINATED])
def test_with_no_steps_a_position_has_the_value_of_its_own_search(ending):
    recording, found = recording_of([1.0, 1.0, 1.0], ending), np.array([10.0, 20.0, 30.0], np.float32)
    unrolled = targets.unroll(recording, np.arange(3), 1, np.array([0, 1, 0]))
    values = targets.n_step_values(recording, unrolled, found[unrolled.bootstrap_rows], DISCOUNT)
    ended = ending == TERMINATED
    assert unrolled.value_mask.tolist() == [[True, True], [True, ended], [True, ended]]
    np.testing.assert_allclose(values[0], [10.0, 20.0])
    np.testing.assert_allclose(values[1], [1.0 + 0.9 * 30.0, 1.0 if ended else 0.0])
    np.testing.assert_allclose(values[2], [30.0, 0.0])
    assert set(unrolled.positions(recording, bootstraps=True).tolist()) == {0, 1, 2}


def test_off_policy_correction_shortens_the_horizon_of_old_data():
    ages = np.array([0, 29_999, 30_000, 60_000, 119_999, 120_000, 10**7])
    assert targets.off_policy_steps(5, ages, 30_000).tolist() == [5, 5, 4, 3, 2, 1, 1]
    assert targets.off_policy_steps(1, ages, 30_000, least=0).tolist() == [1, 1, 0, 0, 0, 0, 0]
    recording = recording_of([1.0] * 10, TERMINATED)
    unrolled = targets.unroll(recording, np.array([0, 0]), 0, np.array([5, 1]))
    assert unrolled.horizon[:, 0].tolist() == [5, 1]


def test_value_prefixes_are_undiscounted_sums_since_the_root():
    reward = np.array([[1.0, 2.0, 4.0, 8.0, 16.0], [0.0, -1.0, 0.0, 1.0, 0.0]], np.float32)
    assert targets.value_prefixes(reward).tolist() == [[1, 3, 7, 15, 31], [0, -1, -1, 0, 0]]
