"""``GameEnvironments``: seeds, time limits, staggered starts, counters and restoring, the same for every game.

Environment i's episode k is a function of (seed, i, k) and of its actions alone. So episodes never disturb one another,
nothing depends on the number of threads, and an unfinished episode is restored by playing its actions again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from efficientzero.envs.saved_state import read_state, write_state
from efficientzero.envs.step import Emulators, EnvironmentStep, Observation
from efficientzero.games import Game
from efficientzero.parameters import Environments


def make_emulators(game: Game, parameters: Environments, *, count: int, threads: int, **shown: Any) -> Emulators:
    """The backend of the game's family; ``shown``: how an ALE game shows itself otherwise than ``parameters`` say."""
    if game.family == "ale":
        from efficientzero.envs.atari import AtariEmulators

        return AtariEmulators(game, parameters, count=count, threads=threads, **shown)
    from efficientzero.envs.minatar import MinAtarEmulators

    return MinAtarEmulators(game, parameters, count=count)


def episode_seed(seed: int, environment: int, episode: int) -> int:
    """The emulator's seed (1 ... 2^31 - 1) of one environment's episode."""
    word = np.random.SeedSequence((seed, environment, episode)).generate_state(1, np.uint64)[0]
    return int(word % np.uint64(2**31 - 1)) + 1


class GameEnvironments:
    """``count`` environments of one game, stepped together; an ended episode is followed by the next at once.

    Public counters: ``env_steps`` (of all environments together), ``frames`` (= env steps x ``frame_skip``, the usual
    way of stating a budget) and ``emulator_frames`` (what the emulator really ran: no-ops included, frames after a game
    over within a skip not).

    ``parameters.max_frames_per_episode`` counts frames after the no-ops: an episode is truncated at the first env step
    with at least that many (exactly, where it is a multiple of ``frame_skip``). ``training`` switches the staggered
    starts on: environment i's first episode is truncated after (i + 1) / count * ``stagger_env_steps`` env steps
    (rounded). ``threads`` is the number of emulator threads (ALE); no result depends on it.

    Raises ``ValueError`` for a parameter that cannot be used.
    """

    def __init__(
        self, game: Game, parameters: Environments, *, count: int, seed: int, training: bool, threads: int = 1
    ) -> None:
        for name, value, least in (("count", count, 1), ("seed", seed, 0), ("threads", threads, 1)):
            if value < least:
                raise ValueError(f"{name}: expected at least {least}, got {value}.")
        self._emulators = make_emulators(game, parameters, count=count, threads=threads)
        self.count = count
        self.num_actions = self._emulators.num_actions
        self.observation_shape = self._emulators.observation_shape
        self.frame_stack = self._emulators.frame_stack
        self.frame_skip = self._emulators.frame_skip
        self.env_steps = 0
        self._seed = seed
        self._episode_limit = -(-parameters.max_frames_per_episode // self.frame_skip)  # env steps, rounded up
        self._first_episode_limits = self._staggered_limits(parameters.stagger_env_steps if training else 0)
        self._ended_emulator_frames = 0
        self._episodes = np.zeros(count, np.int64)
        self._histories = [bytearray() for _ in range(count)]  # the actions since each reset
        self._observation: Observation | None = None
        self._identity = {
            "game": game.name,
            "count": count,
            "seed": seed,
            "training": training,
            "parameters": parameters.model_dump(include=_WHAT_AN_EPISODE_DEPENDS_ON),
        }

    @property
    def frames(self) -> int:
        """Env steps x frame skip."""
        return self.env_steps * self.frame_skip

    @property
    def emulator_frames(self) -> int:
        """The frames that the emulators ran, as they count them; ``restore`` gives back the number of the saved run."""
        return self._ended_emulator_frames + int(self._emulators.episode_frames.sum())

    def reset(self) -> Observation:
        """Starts from the very beginning: episode 0 everywhere, counters 0. uint8 [n, channels, height, width]."""
        self.env_steps = 0
        self._ended_emulator_frames = 0
        self._episodes[:] = 0
        self._histories = [bytearray() for _ in range(self.count)]
        return self._returned(self._emulators.reset(np.ones(self.count, np.bool_), self._seeds()))

    def step(self, actions: NDArray[np.integer] | list[int]) -> EnvironmentStep:
        """One env step of every environment. ``actions``: integers [n] in 0 ... ``num_actions`` - 1.

        Raises ``ValueError`` for other actions, ``RuntimeError`` before the first ``reset`` or ``restore``.
        """
        if self._observation is None:
            raise RuntimeError("call reset() or restore() before step()")
        actions = self._checked(actions)
        lives_before = self._emulators.lives
        last_observation, reward, terminated = self._emulators.step(actions)
        for history, action in zip(self._histories, actions, strict=True):
            history.append(action)
        self.env_steps += self.count
        lives = self._emulators.lives
        # Falling to 0 lives is not reported, as in OpenAI baselines, ale-py and EfficientZero: most games that show 0
        # are about to be over. (Bank Heist plays its last life at 0.)
        life_lost = (lives < lives_before) & (lives > 0) & ~terminated
        truncated = (self._lengths() >= self._limits()) & ~terminated
        ended = terminated | truncated
        observation = self._returned(self._start_next_episodes(ended) if ended.any() else last_observation)
        return EnvironmentStep(observation, last_observation, reward, terminated, truncated, life_lost)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly, as plain JSON values; its size grows with the unfinished episodes."""
        if self._observation is None:
            raise RuntimeError("call reset() or restore() before state()")
        return write_state(
            identity=self._identity,
            env_steps=self.env_steps,
            ended_emulator_frames=self._ended_emulator_frames,
            episodes=self._episodes.tolist(),
            histories=self._histories,
            emulators=self._emulators,
            observation=self._observation,
        )

    def restore(self, state: dict[str, Any]) -> Observation:
        """Goes back to a ``state()``, in this or a fresh object; the observation that had been returned last.

        Raises ``ValueError`` for a state that is damaged, or of another game, seed, count or protocol. If that shows
        only in replaying it, the environments have to be reset or restored before they are used again.
        """
        saved = read_state(state, identity=self._identity, num_actions=self.num_actions)
        self._observation = None  # until all is restored
        self._episodes[:] = saved.episodes
        self._histories = [bytearray(history) for history in saved.histories]
        if (self._lengths() >= self._limits()).any():
            raise ValueError("environment state: an unfinished episode is longer than its time limit.")
        try:
            observation = self._emulators.replay(self._seeds(), self._histories)
        except ValueError as error:
            raise ValueError(f"environment state: {error}; the state is damaged or of another emulator.") from error
        saved.check_replayed(self._emulators, observation)
        self.env_steps = saved.env_steps
        self._ended_emulator_frames = saved.ended_emulator_frames
        return self._returned(observation)

    def _returned(self, observation: Observation) -> Observation:
        self._observation = observation.copy()  # for state(): the caller may change what it was given
        return observation

    def _checked(self, actions: NDArray[np.integer] | list[int]) -> NDArray[np.int64]:
        array = np.asarray(actions)
        if array.shape != (self.count,) or array.dtype.kind not in "iu":
            raise ValueError(f"actions: expected {self.count} integers, got {array.dtype} of shape {array.shape}.")
        if array.min() < 0 or array.max() >= self.num_actions:
            raise ValueError(f"actions: expected 0 to {self.num_actions - 1}, got {array.tolist()}.")
        return array.astype(np.int64)

    def _start_next_episodes(self, ended: NDArray[np.bool_]) -> Observation:
        self._ended_emulator_frames += int(self._emulators.episode_frames[ended].sum())
        self._episodes[ended] += 1
        for index in np.flatnonzero(ended):
            self._histories[index] = bytearray()
        return self._emulators.reset(ended, self._seeds())

    def _seeds(self) -> NDArray[np.int64]:
        return np.array([episode_seed(self._seed, i, int(episode)) for i, episode in enumerate(self._episodes)])

    def _lengths(self) -> NDArray[np.int64]:
        return np.array([len(history) for history in self._histories])

    def _limits(self) -> NDArray[np.int64]:
        limits: NDArray[np.int64] = np.where(self._episodes == 0, self._first_episode_limits, self._episode_limit)
        return limits

    def _staggered_limits(self, stagger: int) -> NDArray[np.int64]:
        limits = np.full(self.count, self._episode_limit)
        if stagger == 0:
            return limits
        cuts = [max(1, round((i + 1) * stagger / self.count)) for i in range(self.count)]
        staggered: NDArray[np.int64] = np.minimum(limits, cuts)
        return staggered


_WHAT_AN_EPISODE_DEPENDS_ON = {
    "frame_skip", "noop_max", "sticky_actions", "max_frames_per_episode", "stagger_env_steps", "size", "color"
}  # fmt: skip
