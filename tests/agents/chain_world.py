"""A world of three states and two actions whose optimal action values are computed by hand.

State k shows a white column k. Action 0 leads back to state 0, with reward 0.25 from state 2 and none otherwise; action
1 leads on to the next state, from state 2 to the end with reward 1. Discount 0.9, so going on is worth 0.81, 0.9 and 1.
"""

from __future__ import annotations

import numpy as np

from efficientzero.agents import EnvironmentSpecification
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Decision, Estimates, Memory, Priorities, Recording

DISCOUNT = 0.9
OPTIMAL = np.array([[0.9 * 0.81, 0.81], [0.9 * 0.81, 0.9], [0.25 + 0.9 * 0.81, 1.0]])
SHAPE = (1, 3, 3)
ENVIRONMENTS = 4
TIME_LIMIT = 7
SPECIFICATION = EnvironmentSpecification(SHAPE, frame_stack=1, actions=2, environments=ENVIRONMENTS, images=False)


def frames(states):
    """uint8 ``[n, 1, 3, 3]``."""
    shown = np.zeros((len(states), *SHAPE), np.uint8)
    shown[np.arange(len(states)), 0, :, states] = 255
    return shown


def every_state():
    """The observation of each of the three states, uint8 ``[3, 1, 3, 3]``."""
    return frames(np.arange(3))


def played(rows=250, seed=0, priority_exponent=0.0):
    """A memory of uniformly random play; episodes are truncated after ``TIME_LIMIT`` env steps."""
    random = np.random.default_rng(seed)
    memory = Memory(Recording(SHAPE, ENVIRONMENTS, 1), Estimates(2), Priorities(priority_exponent))
    state, length = np.zeros(ENVIRONMENTS, int), np.zeros(ENVIRONMENTS, int)
    for _ in range(rows):
        action = random.integers(0, 2, ENVIRONMENTS)
        on, last = action == 1, state == 2
        rewards = np.where(last, np.where(on, 1.0, 0.25), 0.0).astype(np.float32)
        length += 1
        ending = np.where(on & last, TERMINATED, np.where(length == TIME_LIMIT, TRUNCATED, ONGOING)).astype(np.uint8)
        decision = Decision(action, np.full((ENVIRONMENTS, 2), 0.5, np.float32), np.zeros(ENVIRONMENTS), False)
        memory.record(frames(state), decision, rewards, ending, updates=0)
        state = np.where(on & ~last, state + 1, 0)
        state[ending != ONGOING], length[ending != ONGOING] = 0, 0
    return memory
