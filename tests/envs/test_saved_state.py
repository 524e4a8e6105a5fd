"""Restoring is exact, and nothing foreign or damaged is taken."""

import json

import numpy as np
import pytest

from efficientzero.envs import GameEnvironments
from efficientzero.games import find_game


def compare(name, parameters, *, before, after, count=3):
    """Plays straight through, and through a save and a restore; returns the state and the number of ends after it."""
    arguments = {"count": count, "seed": 21, "training": True}
    straight = GameEnvironments(find_game(name), parameters, **arguments)
    random = np.random.default_rng(0)
    observation = straight.reset()
    for _ in range(before):
        observation = straight.step(random.integers(straight.num_actions, size=count)).observation
    state = json.loads(json.dumps(straight.state()))
    observation[:] = 0  # the caller may do what it likes with its arrays
    assert straight.state() == state
    restored = GameEnvironments(find_game(name), parameters, **arguments, threads=2)
    restored.restore(state)
    ends = 0
    for _ in range(after):
        actions = random.integers(straight.num_actions, size=count)
        a, b = straight.step(actions), restored.step(actions)
        for field in ("observation", "last_observation", "reward", "terminated", "truncated", "life_lost"):
            assert getattr(a, field).tobytes() == getattr(b, field).tobytes(), field
        ends += int((a.terminated | a.truncated).sum())
        assert (straight.env_steps, straight.emulator_frames) == (restored.env_steps, restored.emulator_frames)
    assert straight.state() == restored.state()
    return state, ends


@pytest.mark.parametrize("changes", [{}, {"sticky_actions": 0.25, "color": "rgb"}])
def test_atari_goes_on_exactly(changes, protocol):
    parameters = protocol(max_frames_per_episode=1600, stagger_env_steps=150, **changes)
    state, ends = compare("Breakout", parameters, before=170, after=250)
    lengths = [len(environment["actions"]) for environment in state["environments"]]
    assert len(set(lengths)) == 3  # histories of different lengths
    assert all(environment["episode"] >= 1 for environment in state["environments"])
    assert ends >= 3


@pytest.mark.parametrize("name", ["minatar/asterix", "minatar/seaquest", "minatar/freeway"])
def test_minatar_goes_on_exactly(name, protocol):
    _, ends = compare(name, protocol(max_frames_per_episode=900, stagger_env_steps=700), before=500, after=700)
    assert ends >= 2


@pytest.mark.parametrize("name", ["Pong", "minatar/breakout"])
def test_directly_after_a_reset_and_after_an_end(name, protocol):
    parameters = protocol(max_frames_per_episode=12 if name == "Pong" else 3, stagger_env_steps=3)
    compare(name, parameters, before=0, after=4, count=2)
    state, _ = compare(name, parameters, before=3, after=4, count=2)
    assert [] in [environment["actions"] for environment in state["environments"]]


@pytest.mark.parametrize("name", ["Breakout", "minatar/breakout"])
def test_damaged_and_foreign_states_are_refused(name, protocol):
    def make(game=name, seed=3, count=2, training=True, **changes):
        return GameEnvironments(find_game(game), protocol(**changes), count=count, seed=seed, training=training)

    environments = make()
    environments.reset()
    for number in range(40):
        environments.step([number % 3, 1])
    text = json.dumps(environments.state())

    def changed(change):
        state = json.loads(text)
        change(state)
        return state

    def set_actions(actions):
        def change(state):
            state["environments"][1]["actions"] = actions

        return change

    recorded = json.loads(text)["environments"][1]["actions"]
    damaged = {
        "something else": [1, 2],
        "schema": changed(lambda state: state.update(schema=99)),
        "missing or unknown entries": changed(lambda state: state.pop("environments")),
        "expected 2 environments": changed(lambda state: state["environments"].pop()),
        "must have an episode": changed(lambda state: state["environments"][0].pop("episode")),
        "no valid episode number": changed(lambda state: state["environments"][0].update(episode=-1)),
        "actions outside 0 to": changed(set_actions([*recorded[:-1], 77])),
        "env_steps must be": changed(lambda state: state.update(env_steps="many")),
        "do not fit": changed(lambda state: state.update(env_steps=2)),
        "another observation": changed(set_actions([2] * len(recorded))),
        "saved with game": changed(lambda state: state.update(game="Pong")),
    }
    for message, state in damaged.items():
        with pytest.raises(ValueError, match=message):
            environments.restore(state)
    another_episode = changed(lambda state: state["environments"][0].update(episode=9))
    with pytest.raises(ValueError, match="damaged"):
        environments.restore(another_episode)
    with pytest.raises(RuntimeError, match="reset"):  # that was found in replaying
        environments.step([0, 0])
    for message, other in {
        "saved with seed": make(seed=4),
        "saved with count": make(count=3),
        "saved with training": make(training=False),
        "saved with parameters": make(sticky_actions=0.3),
    }.items():
        with pytest.raises(ValueError, match=message):
            other.restore(json.loads(text))
    environments.restore(json.loads(text))  # a refused state leaves the object usable
    environments.step([0, 0])


def test_actions_after_the_end_of_the_game_are_refused(protocol):
    environments = GameEnvironments(find_game("minatar/breakout"), protocol(), count=1, seed=0, training=False)
    environments.reset()
    for _ in range(5):
        environments.step([0])
    state = environments.state()
    state["environments"][0]["actions"] = [0] * 3000
    state["env_steps"] = 3000
    with pytest.raises(ValueError, match="over before its actions"):
        environments.restore(state)
    with pytest.raises(RuntimeError, match="reset"):
        environments.step([0])
