"""Scoring an agent: unclipped returns of whole games from fixed starts (layer 5)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from efficientzero.agents import Acting, Agent
from efficientzero.envs import GameEnvironments, rgb_frames
from efficientzero.folders import write_whole
from efficientzero.games import find_game
from efficientzero.parameters import Environments, Evaluation, Parameters
from efficientzero.progress import Progress
from efficientzero.random_streams import generator

EVALUATION_SEED = 20211030  # the starts are the same for every agent, seed and budget
SCORE_SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Episode:
    """One scored game. ``game_return`` is unclipped; ``truncated``: cut by a time limit or by ``max_env_steps``."""

    environment: int
    game_return: float
    env_steps: int
    truncated: bool


@dataclass(frozen=True)
class Score:
    """All episodes, and the actions of the first, for its video."""

    episodes: list[Episode]
    first_actions: list[int]

    @property
    def mean_return(self) -> float:
        """Mean unclipped return."""
        return float(np.mean([episode.game_return for episode in self.episodes]))


def evaluation_environments(parameters: Parameters) -> GameEnvironments:
    """One environment per scored episode, with the starts that every agent is scored on."""
    return GameEnvironments(
        find_game(parameters.game),
        parameters.envs,
        count=parameters.evaluation.episodes,
        seed=EVALUATION_SEED,
        training=False,
        threads=parameters.threads,
    )


def evaluate(
    agent: Agent, environments: GameEnvironments, settings: Evaluation, progress: Progress, *, seed: int, env_steps: int
) -> Score:
    """Plays one episode in every environment, unclipped and without ending at the loss of a life.

    Args:
        agent: who plays. environments: fresh ones; their starts are the same for all.
        settings: whether actions are sampled, and the cap on an episode. progress: counts episodes.
        seed: the run's; of whatever is drawn. env_steps: what the agent has been trained with.
    """
    frames = environments.reset()
    count = len(frames)
    stack = np.repeat(frames[:, None], environments.frame_stack, axis=1)
    returns, lengths = np.zeros(count), np.zeros(count, np.int64)
    playing, truncated = np.full(count, True), np.full(count, False)
    first_actions: list[int] = []
    mode: Acting = "sampled" if settings.sample_actions else "best"
    steps = 0
    while playing.any():
        actions = np.zeros(count, np.int64)
        observation = stack[playing].reshape(int(playing.sum()), -1, *frames.shape[2:])
        actions[playing] = agent.act(
            observation, generator(seed, "evaluate", steps), env_steps=env_steps, mode=mode
        ).action
        if playing[0]:
            first_actions.append(int(actions[0]))
        step = environments.step(actions)
        steps += 1
        returns[playing] += step.reward[playing]
        lengths[playing] += 1
        cut = step.truncated | (settings.max_env_steps is not None and steps >= settings.max_env_steps)
        ended = playing & (step.terminated | cut)
        truncated |= ended & ~step.terminated
        playing &= ~ended
        stack = np.concatenate([stack[:, 1:], step.observation[:, None]], axis=1)
        progress.update(int(ended.sum()))
        progress.note(env_steps=steps, playing=int(playing.sum()))
    episodes = [Episode(i, float(returns[i]), int(lengths[i]), bool(truncated[i])) for i in range(count)]
    return Score(episodes, first_actions)


def write_score(
    path: Path,
    score: Score,
    parameters: Parameters,
    name: str,
    seed: int,
    *,
    env_steps: int,
    frame_skip: int,
    agent: Agent,
    training_flops: int,
) -> None:
    """Writes a score as JSON.

    Args:
        env_steps: the budget the agent was trained with (0: not at all). training_flops: the operations that took.
    """
    record = {
        "schema_version": SCORE_SCHEMA_VERSION,
        "game": parameters.game,
        "agent": name,
        "seed": seed,
        "env_steps": env_steps,
        "frames": env_steps * frame_skip,
        "frame_skip": frame_skip,
        "updates": agent.updates,
        "parameters": agent.parameters,
        "training_flops": training_flops,
        "max_env_steps": parameters.evaluation.max_env_steps,
        "sample_actions": parameters.evaluation.sample_actions,
        "episodes": [
            {
                "seed": episode.environment,
                "return": episode.game_return,
                "env_steps": episode.env_steps,
                "truncated": episode.truncated,
            }
            for episode in score.episodes
        ],
        "mean_return": score.mean_return,
    }
    write_whole(path, lambda draft: draft.write_text(json.dumps(record, indent=1) + "\n"))


def write_video(score: Score, game: str, settings: Environments, env_steps: int, path: Path) -> None:
    """A GIF of the first scored game's beginning, at its real speed; played again in full colour and resolution."""
    pictures: NDArray[np.uint8] = rgb_frames(
        find_game(game), settings, EVALUATION_SEED, score.first_actions[:env_steps]
    )
    # An ALE env step is frame_skip frames at 60 Hz; MinAtar has no speed of its own, 10 steps a second can be followed.
    milliseconds = 1000 * settings.frame_skip / 60 if find_game(game).family == "ale" else 100
    palette = Image.fromarray(pictures.max(axis=0)).quantize(64)
    images = [Image.fromarray(picture).quantize(64, palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    duration = round(milliseconds, -1)
    write_whole(
        path, lambda draft: images[0].save(draft, save_all=True, append_images=images[1:], duration=duration, loop=0)
    )
