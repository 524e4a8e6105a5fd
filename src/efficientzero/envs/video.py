"""Pictures of an episode for people: the ALE at full resolution, MinAtar as coloured cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from efficientzero.envs.environments import episode_seed, make_emulators
from efficientzero.games import Game
from efficientzero.parameters import Environments
from efficientzero.records.files import write_whole

_CELL = 16  # pixels per MinAtar cell
# One colour a channel, far apart from one another and from the black background.
_CHANNEL_COLORS = np.array(
    [
        (255, 255, 255),
        (230, 60, 60),
        (70, 130, 255),
        (255, 205, 50),
        (80, 205, 100),
        (245, 130, 30),
        (190, 90, 230),
        (60, 210, 220),
        (245, 150, 200),
        (165, 115, 60),
    ],
    np.uint8,
)


def write_video(game: Game, parameters: Environments, seed: int, actions: Sequence[int], path: Path) -> None:
    """A GIF of :func:`rgb_frames`, at the game's real speed."""
    from PIL import Image  # which only videos need

    pictures = rgb_frames(game, parameters, seed, actions)
    # An ALE env step is frame_skip frames at 60 Hz; MinAtar has no speed of its own, 10 steps a second can be followed.
    milliseconds = 1000 * parameters.frame_skip / 60 if game.family == "ale" else 100
    palette = Image.fromarray(pictures.max(axis=0)).quantize(64)
    images = [Image.fromarray(picture).quantize(64, palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    duration = round(milliseconds, -1)
    write_whole(
        path, lambda draft: images[0].save(draft, save_all=True, append_images=images[1:], duration=duration, loop=0)
    )


def rgb_frames(game: Game, parameters: Environments, seed: int, actions: Sequence[int]) -> NDArray[np.uint8]:
    """Plays environment 0's first episode of ``GameEnvironments(..., seed=seed, training=False)`` again, for a video.

    ``actions``: that episode's, from its start, all of them or as many as wanted. Returns uint8
    [len(actions) + 1, height, width, 3]: the screen before the first action and after each (ALE: 210 x 160, the maximum
    over the last two frames of each env step). Raises ``ValueError`` for actions that the game does not have or that go
    on after its end.
    """
    emulators = make_emulators(game, parameters, count=1, threads=1, screen=(210, 160), color="rgb")
    outside = [action for action in actions if not 0 <= action < emulators.num_actions]
    if outside:
        raise ValueError(f"actions: expected 0 to {emulators.num_actions - 1}, got {outside[0]}.")
    observation = emulators.reset(np.ones(1, np.bool_), np.array([episode_seed(seed, 0, 0)]))
    observations = [observation[0]]
    game_over = False
    for number, action in enumerate(actions):
        if game_over:
            raise ValueError(f"actions: the episode is over after {number} env steps, but there are {len(actions)}.")
        observation, _, over = emulators.step(np.array([action]))
        observations.append(observation[0])
        game_over = bool(over[0])
    pictures = np.stack(observations)
    return np.moveaxis(pictures, 1, -1).copy() if game.family == "ale" else _paint(pictures)


def _paint(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [t, channels, 10, 10] of 0 and 255 -> [t, 160, 160, 3]; of two objects in a cell, the later channel's."""
    steps, channels, height, width = cells.shape
    picture = np.zeros((steps, height, width, 3), np.uint8)
    for channel in range(channels):
        picture[cells[:, channel] > 0] = _CHANNEL_COLORS[channel]
    return picture.repeat(_CELL, axis=1).repeat(_CELL, axis=2)
