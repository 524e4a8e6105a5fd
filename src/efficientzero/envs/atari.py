"""The Arcade Learning Environment, through ale-py's C++ vector environment.

One env step repeats the action for ``frame_skip`` frames; the observation is the maximum over the last two, resized by
area interpolation, grey (the ALE's luminance) or RGB (Mnih et al. 2015; Machado et al. 2018). Where the game is over
within the skip, the remaining frames are not emulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ale_py.vector_env import AtariVectorEnv
from numpy.typing import NDArray

from efficientzero.envs.step import Observation
from efficientzero.games import Game
from efficientzero.parameters import Environments

# The emulator's own limit (it counts frames) would cut within a frame skip and leave an outdated observation.
_NO_FRAME_LIMIT = 2**30
_MAXIMUM_SIZE = 210  # the screen is 210 x 160


class AtariEmulators:
    """``count`` copies of one ALE game with its minimal action set; see ``Emulators``.

    A reset plays a number of no-op frames drawn uniformly from 0 ... ``noop_max`` by the episode's seed. ``screen``
    (height, width) overrides the observation's size, and ``color`` the parameter of that name, for videos.
    """

    def __init__(
        self,
        game: Game,
        parameters: Environments,
        *,
        count: int,
        threads: int,
        screen: tuple[int, int] | None = None,
        color: str | None = None,
    ) -> None:
        if screen is None:
            if not 1 <= parameters.size <= _MAXIMUM_SIZE:
                raise ValueError(f"envs.size: expected 1 to {_MAXIMUM_SIZE} pixels for the ALE, got {parameters.size}.")
            screen = (parameters.size, parameters.size)
        self._grey = (color or parameters.color) == "grey"
        self._environment = AtariVectorEnv(
            game.rom,
            count,
            num_threads=min(threads, count),
            max_num_frames_per_episode=_NO_FRAME_LIMIT,
            repeat_action_probability=0.0 if parameters.sticky_actions == "standard" else parameters.sticky_actions,
            full_action_space=False,
            # Every ended episode is reset explicitly, with its own seed, before the next step: none resets itself.
            autoreset_mode="NextStep",
            img_height=screen[0],
            img_width=screen[1],
            grayscale=self._grey,
            stack_num=1,
            frameskip=parameters.frame_skip,
            maxpool=True,
            noop_max=parameters.noop_max + 1,  # ale-py draws from 0 ... noop_max - 1
            episodic_life=False,
            life_loss_info=False,
            reward_clipping=False,
            use_fire_reset=False,
        )
        self.num_actions = len(self._environment.ale.get_action_set())
        self.observation_shape = (1 if self._grey else 3, *screen)
        self.frame_stack = parameters.frame_stack
        self.frame_skip = parameters.frame_skip
        self.lives = np.zeros(count, np.int64)
        self.episode_frames = np.zeros(count, np.int64)

    def reset(self, mask: NDArray[np.bool_], seeds: NDArray[np.int64]) -> Observation:
        observation, facts = self._environment.reset(seed=seeds[mask], options={"reset_mask": mask})
        return self._read(observation, facts)

    def step(self, actions: NDArray[np.int64]) -> tuple[Observation, NDArray[np.float32], NDArray[np.bool_]]:
        observation, reward, game_over, _, facts = self._environment.step(actions)
        return self._read(observation, facts), reward.astype(np.float32), game_over

    def replay(self, seeds: NDArray[np.int64], actions: Sequence[Sequence[int]]) -> Observation:
        # All step together, so the shorter histories start later and all end at the same step; a game that has not
        # started idles, and its reset then forgets the idling.
        lengths = np.array([len(history) for history in actions])
        starts = lengths.max() - lengths
        observation = self.reset(np.ones(len(starts), np.bool_), seeds)
        for step in range(lengths.max()):
            if step > 0 and (starts == step).any():
                self.reset(starts == step, seeds)
            started = starts <= step
            now = np.zeros(len(starts), np.int64)
            for index in np.flatnonzero(started):
                now[index] = actions[int(index)][step - int(starts[index])]
            observation, _, game_over = self.step(now)
            if (game_over & started).any():
                raise ValueError("a recorded episode is over before its actions are")
        if lengths.max() > 0 and (lengths == 0).any():
            observation = self.reset(lengths == 0, seeds)
        return observation

    def _read(self, observation: NDArray[np.uint8], facts: dict[str, Any]) -> Observation:
        self.lives = facts["lives"].astype(np.int64)
        self.episode_frames = facts["episode_frame_number"].astype(np.int64)
        if self._grey:
            return observation  # [n, stack of 1, height, width]
        return np.ascontiguousarray(np.moveaxis(observation[:, 0], -1, 1))
