import numpy as np
from agents.made_up import memory
from replay.recorded import slow_episode

from efficientzero.replay import TERMINATED


def test_a_transition_can_be_sampled_just_when_something_after_it_is_known():
    for rows in range(1, 25):
        filled = memory(rows=rows, seed=rows)
        priorities, _ = filled.priorities.state()
        available = np.zeros(len(filled.recording), bool)
        available[: len(priorities)] = priorities > 0
        for position in range(len(filled.recording)):
            row, environment = divmod(position, 3)
            _, last, ending = slow_episode(filled.recording, row, environment)
            assert available[position] == (row < last or ending == TERMINATED)
