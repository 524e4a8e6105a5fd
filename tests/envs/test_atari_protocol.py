"""The ALE backend against an independent stack: gymnasium's single environment and its AtariPreprocessing."""

import sys
import types

import numpy as np
import pytest
from ale_py import ALEInterface, LoggerMode, roms
from ale_py.env import AtariEnv
from gymnasium.wrappers import AtariPreprocessing

from efficientzero.envs import GameEnvironments
from efficientzero.envs.environments import episode_seed
from efficientzero.games import find_game, suite


def area_weights(source: int, target: int) -> np.ndarray:
    """[target, source]: how much of each target pixel's extent each source pixel covers."""
    edges = np.arange(target + 1) * source / target
    left, right = np.maximum(edges[:-1, None], np.arange(source)), np.minimum(edges[1:, None], np.arange(source) + 1)
    return np.maximum(right - left, 0) * target / source


def resize_area(image: np.ndarray, size: tuple[int, int], interpolation: int) -> np.ndarray:
    """What cv2.resize(..., INTER_AREA) computes, for the one use that AtariPreprocessing makes of it."""
    assert interpolation == 3
    rows, columns = area_weights(image.shape[0], size[1]), area_weights(image.shape[1], size[0])
    return np.rint(np.einsum("ih,hw...,jw->ij...", rows, image.astype(np.float64), columns, optimize=True))


@pytest.fixture(autouse=True)
def stand_in_for_cv2(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", types.SimpleNamespace(resize=resize_area, INTER_AREA=3))


class SeededAtariEnv(AtariEnv):
    """Takes the ALE's own seed instead of deriving one."""

    def seed_game(self, seed=None):
        if seed is not None:
            self.ale.setInt("random_seed", seed)
        return (0, 0)


class Reference:
    """One environment with one episode at a time: seed, no-ops, frames."""

    def __init__(self, rom, parameters):
        sticky = 0.0 if parameters.sticky_actions == "standard" else parameters.sticky_actions
        self.game = SeededAtariEnv(
            rom, frameskip=1, repeat_action_probability=sticky, max_num_frames_per_episode=None, full_action_space=False
        )
        self.env = AtariPreprocessing(
            self.game,
            noop_max=0,
            frame_skip=parameters.frame_skip,
            screen_size=parameters.size,
            grayscale_obs=parameters.color == "grey",
        )

    def reset(self, seed, noops):
        observation, _ = self.env.reset(seed=seed)
        for _ in range(noops):
            self.game.step(0)
        if noops:
            if self.env.grayscale_obs:
                self.game.ale.getScreenGrayscale(self.env.obs_buffer[0])
            else:
                self.game.ale.getScreenRGB(self.env.obs_buffer[0])
            observation = self.env._get_obs()
        return self.planes(observation)

    def step(self, action):
        lives = self.game.ale.lives()
        observation, reward, terminated, _, info = self.env.step(action)
        life_lost = 0 < info["lives"] < lives and not terminated
        return self.planes(observation), reward, terminated, life_lost

    def planes(self, observation):
        return observation[None] if observation.ndim == 2 else np.moveaxis(observation, -1, 0)


def assert_same_picture(ours, theirs):
    # The two area interpolations round a few pixels differently, by one grey level.
    difference = np.abs(ours.astype(int) - theirs.astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.05


@pytest.mark.parametrize(
    ("game", "steps", "changes"),
    [
        ("Breakout", 450, {}),
        ("Breakout", 300, {"noop_max": 0, "sticky_actions": 0.25, "color": "rgb", "size": 96}),
        ("BankHeist", 600, {"noop_max": 0}),  # plays on at 0 lives
        ("Qbert", 450, {"noop_max": 5, "size": 84}),
        ("Asterix", 300, {"frame_skip": 3}),
    ],
)
def test_frame_for_frame_over_several_episodes(game, steps, changes, protocol):
    parameters = protocol(**changes)
    environments = GameEnvironments(find_game(game), parameters, count=2, seed=7, training=False)
    references = [Reference(find_game(game).rom, parameters) for _ in range(2)]
    episodes = [0, 0]
    seen = {"ends": 0, "lives": 0, "rewards": 0.0}

    def reset_reference(index):
        noops = int(environments._emulators.episode_frames[index])
        assert 0 <= noops <= parameters.noop_max
        return references[index].reset(episode_seed(7, index, episodes[index]), noops)

    observation = environments.reset()
    for index in range(2):
        assert_same_picture(observation[index], reset_reference(index))
    random = np.random.default_rng(3)
    for _ in range(steps):
        actions = random.integers(environments.num_actions, size=2)
        step = environments.step(actions)
        for index in range(2):
            picture, reward, terminated, life_lost = references[index].step(actions[index])
            assert step.reward[index] == reward
            assert step.terminated[index] == terminated
            assert step.life_lost[index] == life_lost
            assert not step.truncated[index]
            assert_same_picture(step.last_observation[index], picture)
            if terminated:
                episodes[index] += 1
                picture = reset_reference(index)
            assert_same_picture(step.observation[index], picture)
            seen = {
                "ends": seen["ends"] + terminated,
                "lives": seen["lives"] + life_lost,
                "rewards": seen["rewards"] + abs(reward),
            }
    assert seen["ends"] >= 1
    assert seen["lives"] >= 2
    assert seen["rewards"] >= 1


def test_rewards_and_screens_against_the_bare_emulator(protocol):
    game = find_game("Seaquest")
    parameters = protocol(noop_max=0, sticky_actions=0.25)
    environments = GameEnvironments(game, parameters, count=1, seed=11, training=False)
    ALEInterface.setLoggerMode(LoggerMode.Error)
    bare = ALEInterface()
    bare.setInt("random_seed", episode_seed(11, 0, 0))
    bare.setFloat("repeat_action_probability", 0.25)
    bare.loadROM(roms.get_rom_path(game.rom))
    bare.reset_game()
    environments.reset()
    random = np.random.default_rng(0)
    rewards = 0.0
    for _ in range(200):
        action = int(random.integers(18))
        step = environments.step([action])
        screens, reward = [], 0
        for _ in range(4):
            reward += bare.act(bare.getMinimalActionSet()[action])
            screens.append(bare.getScreenGrayscale())
            if bare.game_over():
                break
        assert step.reward[0] == reward
        assert step.terminated[0] == bare.game_over()
        rewards += reward
        if bare.game_over():
            break
        assert_same_picture(step.observation[0, 0], resize_area(np.maximum(screens[2], screens[3]), (48, 48), 3))
    assert rewards > 0


def test_noops_are_drawn_from_zero_to_noop_max(protocol):
    drawn = set()
    for seed in range(2):
        environments = GameEnvironments(find_game("Pong"), protocol(noop_max=2), count=8, seed=seed, training=False)
        environments.reset()
        drawn |= set(environments._emulators.episode_frames.tolist())
        assert environments.emulator_frames == environments._emulators.episode_frames.sum()
        assert environments.env_steps == environments.frames == 0
    assert drawn == {0, 1, 2}


def test_every_atari_100k_game_steps(protocol):
    for name in suite("atari26"):
        environments = GameEnvironments(
            find_game(name), protocol(color="rgb", noop_max=0, max_frames_per_episode=8), count=1, seed=0, training=True
        )
        first = environments.reset()
        assert first.shape == (1, 3, 48, 48) == (1, *environments.observation_shape)
        assert first.dtype == np.uint8
        kept = first.copy()
        for number in range(3):
            step = environments.step([number])
            assert step.truncated.tolist() == [number == 1], name
            assert step.last_observation.any()
        assert (first == kept).all()  # memory of its own
        assert (environments.env_steps, environments.frames, environments.emulator_frames) == (3, 12, 12)
