import numpy as np
import pytest

from efficientzero.envs import GameEnvironments, rgb_frames
from efficientzero.games import find_game, suite


def record(name, parameters, steps):
    """Environment 0's first episode beside another one: its actions and observations."""
    environments = GameEnvironments(find_game(name), parameters, count=2, seed=6, training=False)
    random = np.random.default_rng(1)
    observations, actions = [environments.reset()[0]], []
    for _ in range(steps):
        chosen = random.integers(environments.num_actions, size=2)
        step = environments.step(chosen)
        actions.append(int(chosen[0]))
        observations.append(step.last_observation[0])
        if step.terminated[0] or step.truncated[0]:
            break
    return np.array(observations), actions


def test_atari_frames_are_those_of_the_evaluated_episode(protocol):
    parameters = protocol(sticky_actions=0.25, color="rgb", size=105)
    observations, actions = record("Breakout", parameters, 60)
    frames = rgb_frames(find_game("Breakout"), parameters, 6, actions)
    assert frames.shape == (61, 210, 160, 3)
    assert frames.dtype == np.uint8
    # Rows are halved exactly from 210 to 105; columns are compared by their mean.
    halved = frames.reshape(61, 105, 2, 160, 3).mean(axis=(2, 3))
    assert np.abs(halved - observations.mean(axis=3).transpose(0, 2, 1)).max() < 1


@pytest.mark.parametrize("name", suite("minatar"))
def test_minatar_frames_show_every_object(name, protocol):
    observations, actions = record(name, protocol(), 40)
    frames = rgb_frames(find_game(name), protocol(), 6, actions)
    assert frames.shape == (len(actions) + 1, 160, 160, 3)
    assert (frames[:, ::16, ::16] == frames[:, 15::16, 15::16]).all()
    occupied = (observations > 0).any(axis=1)
    assert ((frames[:, ::16, ::16] > 0).any(axis=-1) == occupied).all()
    colors = np.unique(frames.reshape(-1, 3), axis=0)
    assert len(colors) >= 3


def test_actions_that_cannot_be_played(protocol):
    game = find_game("minatar/breakout")
    with pytest.raises(ValueError, match="actions: expected 0 to 2, got 3"):
        rgb_frames(game, protocol(), 0, [0, 3])
    with pytest.raises(ValueError, match="the episode is over after"):
        rgb_frames(game, protocol(), 0, [0] * 2000)
    assert rgb_frames(game, protocol(), 0, []).shape == (1, 160, 160, 3)
