import numpy as np
import pytest

from efficientzero.agents.exploration import Repetition
from efficientzero.parameters import RepeatedActions


def settings(probability, exponent=2.0, longest=100):
    return RepeatedActions(probability=probability, duration_exponent=exponent, longest_env_steps=longest)


def taken(probability, steps, environments=50, actions=4, **more):
    """Actions where the agent always chooses -1, which is no action, ``[steps, environments]``."""
    random, repetition = np.random.default_rng(0), Repetition.none(environments)
    chosen = np.full(environments, -1)
    return np.array([repetition.override(chosen, actions, settings(probability, **more), random) for _ in range(steps)])


def runs(column):
    """Lengths of the stretches in which an environment does not act for its agent; the last may be cut off."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], column >= 0, [False]]).astype(int)))
    return (edges[1::2] - edges[::2]).tolist()


def test_without_probability_the_agent_acts():
    assert (taken(0.0, 200) == -1).all()


def test_each_repeats_one_action_for_a_zeta_distributed_time():
    actions = taken(0.02, 20000, longest=1000)
    lengths = np.concatenate([runs(column)[:-1] for column in actions.T])
    # Stretches that touch are rare at this probability. zeta(2): P(1) = 6 / pi^2, P(n) = P(1) / n^2.
    first = 6 / np.pi**2
    for n in (1, 2, 3, 5):
        assert (lengths == n).mean() == pytest.approx(first / n**2, abs=0.02)
    assert lengths.max() > 300
    begun = [column[np.flatnonzero((column >= 0) & (np.roll(column, 1) < 0))] for column in actions.T]
    assert np.bincount(np.concatenate(begun), minlength=4) / sum(map(len, begun)) == pytest.approx([0.25] * 4, abs=0.02)
    changes = (actions[1:] != actions[:-1]) & (actions[1:] >= 0) & (actions[:-1] >= 0)
    assert changes.mean() < 0.003  # only where one stretch touches the next


def test_probability_is_that_of_beginning():
    actions = taken(0.1, 4000, longest=1)
    assert (actions >= 0).mean() == pytest.approx(0.1, abs=0.005)


def test_what_would_last_longer_is_cut():
    random, repetition = np.random.default_rng(0), Repetition.none(2000)
    repetition.override(np.zeros(2000, int), 4, settings(1.0, exponent=1.5, longest=5), random)
    # zeta(1.5): P(1) = 1 / 2.612, P(n) = P(1) / n^1.5; all that is 5 or more is 5.
    shares = np.bincount(repetition.remaining, minlength=5) / 2000
    assert shares.tolist() == pytest.approx([0.383, 0.135, 0.074, 0.048, 0.36], abs=0.03)


def test_with_certainty_the_agent_never_acts():
    assert (taken(1.0, 100) >= 0).all()


def test_a_larger_exponent_is_a_shorter_repetition():
    share = [(taken(0.05, 4000, exponent=exponent) >= 0).mean() for exponent in (1.2, 1.5, 2.0, 3.0)]
    assert share == sorted(share, reverse=True) and share[0] > 2 * share[-1]
