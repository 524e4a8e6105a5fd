"""The recorded transitions of a run, time-major: row t holds one transition of every environment.

A *position* is a transition's number in order of recording: row x environments + environment. An *episode* here is a
stretch of rows of one environment that ends by termination (for training, also the loss of a life), by truncation, or
is still going on. Whatever lies beyond a truncation or beyond the newest row is unknown, never zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ONGOING, TERMINATED, TRUNCATED = 0, 1, 2
FIRST_ROWS = 256


def with_room(array: NDArray, rows: int) -> NDArray:
    """The array itself where it has as many rows; otherwise a copy of it in twice the room, or more, that does."""
    capacity = len(array)
    if rows <= capacity:
        return array
    while capacity < rows:
        capacity *= 2
    grown = np.zeros((capacity, *array.shape[1:]), array.dtype)
    grown[: len(array)] = array
    return grown


class Recording:
    """Growing arrays of transitions.

    Args:
        observation_shape: ``(channels, height, width)`` of a single frame, uint8.
        environments: how many environments record together.
        frame_stack: how many frames :meth:`stacks` puts together.

    Attributes:
        rows: rows recorded so far; ``len(recording)`` counts transitions (env steps).
        frames: uint8 ``[rows, environments, channels, height, width]``, the frame each action was chosen on.
        actions: int16 ``[rows, environments]``. rewards: float32, as the agent learns from them (clipped, if so set).
        endings: uint8, ``ONGOING``, ``TERMINATED`` or ``TRUNCATED`` after the action.
        episode_start: int32, the row at which the transition's episode began.
    """

    def __init__(self, observation_shape: tuple[int, int, int], environments: int, frame_stack: int):
        self.observation_shape = observation_shape
        self.environments = environments
        self.frame_stack = frame_stack
        self.rows = 0
        self._frames = np.zeros((FIRST_ROWS, environments, *observation_shape), np.uint8)
        self._actions = np.zeros((FIRST_ROWS, environments), np.int16)
        self._rewards = np.zeros((FIRST_ROWS, environments), np.float32)
        self._endings = np.zeros((FIRST_ROWS, environments), np.uint8)
        self._episode_start = np.zeros((FIRST_ROWS, environments), np.int32)
        # Of the episode that began in a row: its newest row. Other rows' entries mean nothing.
        self._last_row = np.zeros((FIRST_ROWS, environments), np.int32)

    def __len__(self) -> int:
        return self.rows * self.environments

    frames = property(lambda self: self._frames[: self.rows])
    actions = property(lambda self: self._actions[: self.rows])
    rewards = property(lambda self: self._rewards[: self.rows])
    endings = property(lambda self: self._endings[: self.rows])
    episode_start = property(lambda self: self._episode_start[: self.rows])

    def append(
        self, frames: NDArray[np.uint8], actions: NDArray, rewards: NDArray[np.float32], endings: NDArray[np.uint8]
    ) -> None:
        """Adds one row: what each environment showed, the action taken on it, and what came of it.

        Args:
            frames: uint8 ``[environments, channels, height, width]``. actions, rewards, endings: ``[environments]``.
        """
        self.extend(frames[None], np.asarray(actions)[None], np.asarray(rewards)[None], np.asarray(endings)[None])

    def extend(self, frames: NDArray, actions: NDArray, rewards: NDArray, endings: NDArray) -> None:
        """Adds several rows; each argument has a leading axis of rows."""
        expected = (len(actions), self.environments, *self.observation_shape)
        if frames.shape != expected or frames.dtype != np.uint8:
            raise ValueError(f"frames must be uint8 {expected}, not {frames.dtype} {frames.shape}")
        start, stop = self.rows, self.rows + len(actions)
        for name in ("_frames", "_actions", "_rewards", "_endings", "_episode_start", "_last_row"):
            setattr(self, name, with_room(getattr(self, name), stop))
        self._frames[start:stop], self._actions[start:stop] = frames, actions
        self._rewards[start:stop], self._endings[start:stop] = rewards, endings
        self.rows = stop
        everyone = np.arange(self.environments)
        for row in range(start, stop):
            begins = np.full(self.environments, True) if row == 0 else self._endings[row - 1] != ONGOING
            self._episode_start[row] = np.where(begins, row, self._episode_start[row - 1] if row else 0)
            self._last_row[self._episode_start[row], everyone] = row

    def locate(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions -> (row, environment), int64 of the same shape."""
        return positions // self.environments, positions % self.environments

    def last_row(self, rows: NDArray[np.int64], environments: NDArray[np.int64]) -> NDArray[np.int64]:
        """The newest recorded row of the episode that each transition belongs to."""
        return self._last_row[self._episode_start[rows, environments], environments].astype(np.int64)

    def terminated(self, rows: NDArray[np.int64], environments: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each transition's episode is known to have ended by termination."""
        return self._endings[self.last_row(rows, environments), environments] == TERMINATED

    @property
    def followed(self) -> NDArray[np.bool_]:
        """bool ``[rows, environments]``: whether what came of a transition is known, a termination or a next row.

        It is not of the newest, nor of one after which the episode was cut.
        """
        endings = self.endings
        return (endings == TERMINATED) | ((endings == ONGOING) & (np.arange(len(endings)) < len(endings) - 1)[:, None])

    def before(
        self, events: NDArray[np.bool_], count: int, within: int, random: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draws positions from which an event is near: all events alike, all distances alike.

        Args:
            events: bool ``[rows, environments]``, the env steps at which it happens. count: how many. within: at most
                so many env steps later it has happened, 1 being the very step; where the episode began later than
                that, its first step is drawn more often.

        Returns:
            Positions int64 ``[count]``; none where there is no event.
        """
        happened = np.flatnonzero(events)
        if not len(happened):
            return happened
        rows, environments = self.locate(random.choice(happened, count))
        rows = np.maximum(rows - random.integers(within, size=count), self._episode_start[rows, environments])
        return rows * self.environments + environments

    def stacks(self, rows: NDArray[np.int64], environments: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Stacked observations, oldest frame first; before an episode's beginning its first frame is repeated.

        Args:
            rows, environments: int64 of any one shape ``[...]``.

        Returns:
            uint8 ``[..., frame_stack x channels, height, width]``.
        """
        first = self._episode_start[rows, environments]
        back = np.arange(self.frame_stack - 1, -1, -1)
        frames = self._frames[np.maximum(rows[..., None] - back, first[..., None]), environments[..., None]]
        channels, height, width = self.observation_shape
        return frames.reshape(*rows.shape, self.frame_stack * channels, height, width)

    def newest_stacks(self, frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """What to act on: the environments' present frames, not yet recorded, stacked on what came before.

        Args:
            frames: uint8 ``[environments, channels, height, width]``.

        Returns:
            uint8 ``[environments, frame_stack x channels, height, width]``.
        """
        everyone = np.arange(self.environments)
        continues = (
            self._endings[self.rows - 1] == ONGOING if self.rows else np.zeros(self.environments, dtype=np.bool_)
        )
        first = np.where(continues, self._episode_start[self.rows - 1] if self.rows else 0, self.rows)
        rows = np.maximum(self.rows - np.arange(self.frame_stack - 1, -1, -1)[None], first[:, None])
        past = self._frames[np.minimum(rows, max(self.rows - 1, 0)), everyone[:, None]]
        stacked = np.where((rows == self.rows)[:, :, None, None, None], frames[:, None], past)
        return stacked.reshape(self.environments, -1, *self.observation_shape[1:])
