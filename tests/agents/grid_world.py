"""A game of 36 states with a known optimum: a walker among a goal, a pit and two coins.

    # # # # #      The goal G pays 1 and ends the episode, the pit P costs 1 and ends it; the coins C and c pay 0.5 and
    . . . G #      0.25 and vanish. A wall stops the walker; walking costs nothing. An episode begins in any state and
    . . C . #      is truncated after TIME_LIMIT env steps. Whether a coin is worth its detour depends on where the
    c P . . #      walker is, on what is left, and on the discount: with 0.7 the best action is another in 10 states,
    # # # # #      with 0.98 in 12.

Shown are three planes: the walker, and each coin while it is there; what never changes is not shown. Optimal values are
computed by value iteration. In no state is the second-best action worth almost as much as the best: it is as good, or
.066 worse.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from efficientzero.agents import EnvironmentSpecification
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Decision, Estimates, Memory, Priorities, Recording

DISCOUNT = 0.8
ACTIONS, MOVES = 4, ((-1, 0), (1, 0), (0, -1), (0, 1))
SHAPE = (3, 5, 5)
ENVIRONMENTS = 32
TIME_LIMIT = 12
SPECIFICATION = EnvironmentSpecification(SHAPE, 1, actions=ACTIONS, environments=ENVIRONMENTS, images=False)

FLOOR = tuple(product((1, 2, 3), (0, 1, 2, 3)))
GOAL, PIT = (1, 3), (3, 2)
COINS = {(1, 0): 0.5, (1, 2): 0.25}

# A state: the walker's cell, and the coins that are left.
STATES = [
    (cell, coins)
    for cell in FLOOR
    for coins in (frozenset(), *map(frozenset, product(COINS)), frozenset(COINS))
    if cell not in (GOAL, PIT) and cell not in coins
]
OVER = len(STATES)  # the number of the state after a termination, which nothing leaves


def _transition(state, move):
    """The number of the next state, and the reward."""
    (row, column), coins = state
    cell = (row + move[0], column + move[1])
    if cell not in FLOOR:
        cell = (row, column)
    if cell in (GOAL, PIT):
        return OVER, 1.0 if cell == GOAL else -1.0
    return STATES.index((cell, coins - {cell})), COINS[cell] if cell in coins else 0.0


def _tables():
    """The next state int64 ``[states + 1, actions]`` and the reward float32 of each action."""
    following = np.full((OVER + 1, ACTIONS), OVER)
    rewards = np.zeros((OVER + 1, ACTIONS), np.float32)
    for number, state in enumerate(STATES):
        for action, move in enumerate(MOVES):
            following[number, action], rewards[number, action] = _transition(state, move)
    return following, rewards


FOLLOWING, REWARDS = _tables()


def optimal_values(discount=DISCOUNT):
    """What each action of each state is worth, float64 ``[states, actions]``, by value iteration."""
    values = np.zeros(OVER + 1)
    for _ in range(1000):
        of_actions = REWARDS + discount * values[FOLLOWING]
        values = of_actions.max(axis=1)
    return of_actions[:OVER]


def frames(states):
    """uint8 ``[n, 3, 5, 5]``."""
    shown = np.zeros((len(states), *SHAPE), np.uint8)
    for picture, state in zip(shown, states, strict=True):
        cell, coins = STATES[state]
        picture[0, *cell] = 255
        for plane, coin in enumerate(COINS, start=1):
            picture[plane, *coin] = 255 * (coin in coins)
    return shown


def every_state():
    """The observation of each state, uint8 ``[36, 3, 5, 5]``."""
    return frames(np.arange(OVER))


class Play:
    """``ENVIRONMENTS`` games played side by side into a memory, first by chance and then by an agent."""

    def __init__(self, seed=0):
        self.random = np.random.default_rng(seed)
        self.memory = Memory(Recording(SHAPE, ENVIRONMENTS, 1), Estimates(ACTIONS), Priorities(0.0))
        self.states = self.random.integers(OVER, size=ENVIRONMENTS)
        self.lengths = np.zeros(ENVIRONMENTS, int)

    def at_random(self, rows):
        """Plays uniformly random actions."""
        policy, value = np.full((ENVIRONMENTS, ACTIONS), 1.0 / ACTIONS, np.float32), np.zeros(ENVIRONMENTS, np.float32)
        for _ in range(rows):
            self._step(Decision(self.random.integers(ACTIONS, size=ENVIRONMENTS), policy, value, False), 0)

    def by(self, agent):
        """One env step of each game by the agent, as it explores in training."""
        decision = agent.act(frames(self.states), self.random, env_steps=len(self.memory.recording), mode="training")
        self._step(decision, agent.updates)

    def _step(self, decision, updates):
        shown, rewards = frames(self.states), REWARDS[self.states, decision.action]
        self.states = FOLLOWING[self.states, decision.action]
        self.lengths += 1
        late = np.where(self.lengths == TIME_LIMIT, TRUNCATED, ONGOING)
        endings = np.where(self.states == OVER, TERMINATED, late).astype(np.uint8)
        self.memory.record(shown, decision, rewards, endings, updates)
        ended = endings != ONGOING
        self.states[ended] = self.random.integers(OVER, size=ended.sum())
        self.lengths[ended] = 0
