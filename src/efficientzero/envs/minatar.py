"""MinAtar (Young and Tian 2019): five games of 10 x 10 cells, one channel per kind of object.

The game modules are loaded by file, because importing ``minatar`` imports matplotlib and seaborn; the sticky actions of
its wrapper are repeated here, draw for draw. A frame is an env step: there is nothing to skip and nothing to stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from efficientzero.envs.step import Observation
from efficientzero.games import Game
from efficientzero.parameters import Environments

_STANDARD_STICKY_ACTIONS = 0.1


@cache
def _game_module(name: str) -> ModuleType:
    package: ModuleSpec | None = find_spec("minatar")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("the games minatar/... need the package MinAtar: pip install MinAtar")
    path = Path(package.submodule_search_locations[0]) / "environments" / f"{name}.py"
    spec = spec_from_file_location(f"efficientzero_minatar_{name}", path)
    if spec is None or spec.loader is None or not path.exists():
        raise ModuleNotFoundError(f"{path} is missing: reinstall the package MinAtar")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class MinAtarEmulators:
    """``count`` copies of one MinAtar game with its minimal action set; see ``Emulators``.

    Observations hold 0 and 255. Of the parameters only ``sticky_actions`` applies: ``size``, ``color``,
    ``frame_skip``, ``frame_stack`` and ``noop_max`` describe the ALE and are ignored.
    """

    def __init__(self, game: Game, parameters: Environments, *, count: int) -> None:
        module: Any = _game_module(game.rom)
        self._games = [module.Env(ramping=True) for _ in range(count)]
        self._actions = np.array(self._games[0].minimal_action_set())
        sticky = parameters.sticky_actions
        self._sticky = _STANDARD_STICKY_ACTIONS if sticky == "standard" else sticky
        self._last_actions = [0] * count
        height, width, channels = self._games[0].state_shape()
        self.num_actions = len(self._actions)
        self.observation_shape = (channels, height, width)
        self.frame_stack = 1
        self.frame_skip = 1
        self.lives = np.zeros(count, np.int64)
        self.episode_frames = np.zeros(count, np.int64)

    def reset(self, mask: NDArray[np.bool_], seeds: NDArray[np.int64]) -> Observation:
        for index in np.flatnonzero(mask):
            self._games[index].random = np.random.RandomState(seeds[index])
            self._games[index].reset()
            self._last_actions[index] = 0
            self.episode_frames[index] = 0
        return self._observation()

    def step(self, actions: NDArray[np.int64]) -> tuple[Observation, NDArray[np.float32], NDArray[np.bool_]]:
        outcomes = [self._act(index, action) for index, action in enumerate(actions)]
        reward = np.array([reward for reward, _ in outcomes], np.float32)
        return self._observation(), reward, np.array([game_over for _, game_over in outcomes], np.bool_)

    def replay(self, seeds: NDArray[np.int64], actions: Sequence[Sequence[int]]) -> Observation:
        self.reset(np.ones(len(self._games), np.bool_), seeds)
        for index, history in enumerate(actions):
            if any(self._act(index, action)[1] for action in history):
                raise ValueError("a recorded episode is over before its actions are")
        return self._observation()

    def _act(self, index: int, action: int) -> tuple[float, bool]:
        game = self._games[index]
        chosen = int(self._actions[action])
        if game.random.rand() < self._sticky:
            chosen = self._last_actions[index]
        self._last_actions[index] = chosen
        self.episode_frames[index] += 1
        reward, game_over = game.act(chosen)
        return float(reward), bool(game_over)

    def _observation(self) -> Observation:
        cells = np.stack([game.state() for game in self._games])  # bool [n, height, width, channels]
        return np.ascontiguousarray(np.moveaxis(cells, -1, 1)).astype(np.uint8) * np.uint8(255)
