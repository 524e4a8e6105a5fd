import numpy as np
import pytest
from replay.recorded import made_up_recording, slow_episode

from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Recording


def test_episodes_are_found_as_by_walking_row_by_row():
    recording = made_up_recording(rows=300)  # more rows than are reserved at first
    for row in range(recording.rows):
        for environment in range(3):
            first, last, ending = slow_episode(recording, row, environment)
            here = np.array([row]), np.array([environment])
            assert recording.episode_start[row, environment] == first
            assert recording.last_row(*here)[0] == last
            assert recording.terminated(*here)[0] == (ending == TERMINATED)


def test_stacks_repeat_the_first_frame_and_never_look_into_another_episode():
    recording = made_up_recording(rows=60)
    for row in range(recording.rows):
        for environment in range(3):
            first, _, _ = slow_episode(recording, row, environment)
            stack = recording.stacks(np.array([row]), np.array([environment]))[0]
            assert stack.shape == (4, 4, 4)
            assert stack[:, 0, 0].tolist() == [max(row - back, first) for back in (3, 2, 1, 0)]
            assert (stack[:, 0, 1] == environment).all()


def test_the_stack_acted_on_is_the_one_found_later_in_the_recording():
    recording = made_up_recording(rows=50, seed=3)
    again = Recording((1, 4, 4), 3, 4)
    everyone = np.arange(3)
    for row in range(recording.rows):
        acted_on = again.newest_stacks(recording.frames[row])
        again.append(recording.frames[row], recording.actions[row], recording.rewards[row], recording.endings[row])
        np.testing.assert_array_equal(acted_on, again.stacks(np.full(3, row), everyone))


def test_positions_before_events_are_as_near_as_asked_and_of_the_same_episode():
    recording = made_up_recording(rows=60)
    positions = recording.before(recording.endings == TERMINATED, 20_000, 3, np.random.default_rng(0))
    drawn = np.zeros(recording.rows * 3)
    np.add.at(drawn, positions, 1 / len(positions))
    expected = np.zeros_like(drawn)
    terminal = [(row, at) for row, at in np.argwhere(recording.endings == TERMINATED)]
    for row, environment in terminal:
        first, _, _ = slow_episode(recording, row, environment)
        for back in range(3):
            expected[max(row - back, first) * 3 + environment] += 1 / (3 * len(terminal))
    np.testing.assert_allclose(drawn, expected, atol=0.005)
    empty = Recording((1, 4, 4), 3, 4)
    assert not len(empty.before(empty.endings == TERMINATED, 5, 3, np.random.default_rng(0)))
    followed = recording.followed
    assert followed[recording.endings == TERMINATED].all() and not followed[recording.endings == TRUNCATED].any()
    ongoing = recording.endings == ONGOING
    assert followed[:-1][ongoing[:-1]].all() and not followed[-1][ongoing[-1]].any()
    assert ongoing[-1].any() and (recording.endings == TRUNCATED).any()
    unended = made_up_recording(rows=10, end_probability=0.0)
    assert not len(unended.before(unended.endings == TERMINATED, 5, 3, np.random.default_rng(0)))


def test_frames_of_another_shape_or_type_are_refused():
    recording = Recording((1, 4, 4), 2, 4)
    with pytest.raises(ValueError, match="uint8"):
        recording.append(
            np.zeros((2, 1, 4, 4), np.float32), np.zeros(2), np.zeros(2, np.float32), np.zeros(2, np.uint8)
        )
    with pytest.raises(ValueError, match="uint8"):
        recording.append(np.zeros((3, 1, 4, 4), np.uint8), np.zeros(2), np.zeros(2, np.float32), np.zeros(2, np.uint8))
