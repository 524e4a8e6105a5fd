"""Playing for a score: unclipped returns of whole games from fixed starts, and what was seen in them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from efficientzero.agents import Acting, Agent
from efficientzero.agents.random_streams import generator
from efficientzero.envs import GameEnvironments
from efficientzero.games import find_game
from efficientzero.parameters import Environments, Evaluation, Parameters
from efficientzero.progress import Progress
from efficientzero.records.score import Episode
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Recording

EVALUATION_SEED = 20211030  # the starts are the same for every agent, seed and milestone
KEPT_ENV_STEPS = 200  # of each game's end: 32 games of 96x96 pixels in colour are 180 MB


class Transition(NamedTuple):
    """One env step of a scored game: ``frame`` uint8 ``[channels, height, width]``, acted on; the reward unclipped."""

    frame: NDArray[np.uint8]
    action: int
    reward: float
    ending: int


@dataclass(frozen=True)
class Score:
    """All episodes, the actions of the first, for its video, and the last env steps of each."""

    episodes: list[Episode]
    first_actions: list[int]
    last_transitions: list[deque[Transition]]

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
    transitions: list[deque[Transition]] = [deque(maxlen=KEPT_ENV_STEPS) for _ in range(count)]
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
        endings = np.where(step.terminated, TERMINATED, np.where(cut, TRUNCATED, ONGOING))
        for game in np.flatnonzero(playing):
            transitions[game].append(
                Transition(stack[game, -1].copy(), int(actions[game]), float(step.reward[game]), int(endings[game]))
            )
        truncated |= ended & ~step.terminated
        playing &= ~ended
        stack = np.concatenate([stack[:, 1:], step.observation[:, None]], axis=1)
        progress.update(int(ended.sum()))
        progress.note(env_steps=steps, playing=int(playing.sum()))
    episodes = [
        Episode(seed=i, game_return=float(returns[i]), env_steps=int(lengths[i]), truncated=bool(truncated[i]))
        for i in range(count)
    ]
    return Score(episodes, first_actions, transitions)


def recorded(score: Score, environments: GameEnvironments, settings: Environments) -> Recording:
    """What was kept of the scored games, one after another as of one environment; rewards as an agent learns from them.

    The agent has not learned from these games: what its network says there shows how far what it learned carries. Of a
    game longer than KEPT_ENV_STEPS the first kept frames are stacked as if it began there.
    """
    recording = Recording(environments.observation_shape, 1, environments.frame_stack)
    for game in score.last_transitions:
        frames, actions, rewards, endings = (np.stack(part)[:, None] for part in zip(*game, strict=True))
        clipped = np.sign(rewards) if settings.clip_rewards else rewards
        recording.extend(frames, actions, clipped.astype(np.float32), endings)
    return recording
