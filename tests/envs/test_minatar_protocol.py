"""The MinAtar backend against the package's own wrapper."""

import os
import subprocess
import sys

import numpy as np
import pytest

from efficientzero.envs import GameEnvironments
from efficientzero.envs.environments import episode_seed
from efficientzero.games import find_game, suite


@pytest.mark.parametrize("name", suite("minatar"))
@pytest.mark.parametrize("sticky", ["standard", 0.4])
def test_step_for_step(name, sticky, protocol):
    minatar = pytest.importorskip("minatar")
    game = find_game(name)
    environments = GameEnvironments(game, protocol(sticky_actions=sticky), count=2, seed=5, training=False)
    probability = 0.1 if sticky == "standard" else sticky

    def start(index, episode):
        reference = minatar.Environment(game.rom, sticky_action_prob=probability)
        reference.seed(episode_seed(5, index, episode))
        reference.reset()
        return reference

    def planes(reference):
        return np.moveaxis(reference.state(), -1, 0).astype(np.uint8) * 255

    episodes = [0, 0]
    references = [start(index, 0) for index in range(2)]
    observation = environments.reset()
    assert (observation == [planes(reference) for reference in references]).all()
    assert observation.shape[1:] == environments.observation_shape == (references[0].n_channels, 10, 10)
    minimal = references[0].minimal_action_set()
    assert environments.num_actions == len(minimal)
    random = np.random.default_rng(0)
    for _ in range(2600 if game.rom == "freeway" else 700):
        actions = random.integers(len(minimal), size=2)
        step = environments.step(actions)
        for index, reference in enumerate(references):
            reward, terminated = reference.act(minimal[actions[index]])
            assert (step.reward[index], step.terminated[index]) == (reward, terminated)
            assert (step.last_observation[index] == planes(reference)).all()
            if terminated:
                episodes[index] += 1
                references[index] = start(index, episodes[index])
            assert (step.observation[index] == planes(references[index])).all()
        assert not step.life_lost.any()
        assert not step.truncated.any()
    assert min(episodes) >= 1


def test_the_parameters_of_the_ale_are_ignored(protocol):
    environments = GameEnvironments(
        find_game("minatar/breakout"), protocol(size=96, color="rgb", frame_skip=4), count=3, seed=0, training=True
    )
    assert environments.reset().shape == (3, 4, 10, 10)
    assert (environments.frame_skip, environments.frame_stack) == (1, 1)
    environments.step([0, 1, 2])
    assert (environments.env_steps, environments.frames, environments.emulator_frames) == (3, 3, 3)


def test_neither_matplotlib_nor_an_emulator_is_imported():
    code = (
        "import sys; from efficientzero.envs.minatar import _game_module; _game_module('breakout');"
        "print([name for name in ('matplotlib', 'seaborn', 'minatar', 'ale_py', 'torch') if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert answer.stdout.strip() == "[]"
