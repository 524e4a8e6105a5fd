import numpy as np
from agents.made_up import memory


def test_a_transition_can_be_sampled_just_when_something_after_it_is_known():
    for rows in range(1, 25):
        filled = memory(rows=rows, seed=rows)
        priorities, _ = filled.priorities.state()
        available = np.zeros(len(filled.recording), bool)
        available[: len(priorities)] = priorities > 0
        np.testing.assert_array_equal(available, filled.recording.learnable(np.arange(len(filled.recording))))
