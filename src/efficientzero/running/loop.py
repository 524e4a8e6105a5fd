"""The online loop: act, record, learn; and the finishing branch that learns without new frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from efficientzero.agents import RandomAgent
from efficientzero.agents.efficientzero.reanalysis import drift_by_age
from efficientzero.agents.interface import Agent
from efficientzero.agents.random_streams import generator
from efficientzero.parameters import Environments, Finishing
from efficientzero.progress import Progress
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Decision
from efficientzero.running.run import Run

Snapshot = Callable[[Run], None]


def warm_up(run: Run, env_steps: int, settings: Environments, progress: Progress) -> None:
    """Records ``env_steps`` env steps of uniformly random actions, some of which may last; the budget counts them."""
    policy = RandomAgent(run.environments.num_actions)
    while run.env_steps < env_steps:
        play(run, policy, settings)
        progress.update(len(run.frames))


def train(run: Run, env_steps: int, settings: Environments, progress: Progress, snapshot: Snapshot) -> None:
    """Grows a run to a milestone of ``env_steps``: between vector steps, as many updates as are due by then.

    Args:
        progress: counts env steps. snapshot: called between any two steps, at which the run can be left and resumed.
    """
    while True:
        if run.agent.updates < run.agent.updates_due(run.env_steps):
            learn(run, 1.0, progress, finishing=False)
        elif run.env_steps < env_steps:
            play(run, run.agent, settings)
            progress.update(len(run.frames))
        else:
            return
        snapshot(run)


def finishing_updates(agent: Agent, env_steps: int, settings: Finishing) -> int:
    """Updates of the finishing branch: a share, rounded, of those due at the milestone (20k of 100k in the paper)."""
    return round(settings.updates_fraction * agent.updates_due(env_steps))


def reanalyze(run: Run, progress: Progress) -> None:
    """Makes what was thought of every recorded position anew with the present network: how the finishing branch begins.

    Args:
        progress: counts positions.
    """
    run.drift = drift_by_age(run.agent.reanalyze(run.memory, progress))
    run.finishing = 0


def finish(run: Run, settings: Finishing, progress: Progress, snapshot: Snapshot) -> None:
    """Learns from what there is, with a learning rate that falls linearly; no new frames.

    Args:
        progress: counts updates. snapshot: as for :func:`train`.
    """
    updates = finishing_updates(run.agent, run.env_steps, settings)
    if run.finishing is None:
        raise ValueError("reanalyze comes before finish")
    while run.finishing < updates:
        done = run.finishing / updates
        first, last = settings.first_learning_rate_factor, settings.last_learning_rate_factor
        learn(run, first + done * (last - first), progress, finishing=True)
        run.finishing += 1
        progress.update(1)
        snapshot(run)


def learn(run: Run, learning_rate_factor: float, progress: Progress, *, finishing: bool) -> None:
    """One update; what it returns is kept in the run's metrics every ``agent.metrics_every`` updates."""
    metrics = run.agent.learn(run.memory, learning_rate_factor=learning_rate_factor, finishing=finishing)
    if run.agent.updates % run.agent.metrics_every == 0:
        run.metrics.append({"updates": run.agent.updates, "env_steps": run.env_steps, **metrics})
        progress.note(updates=run.agent.updates, loss=metrics.get("loss", float("nan")))


def play(run: Run, policy: Agent, settings: Environments) -> None:
    """One vector step: every environment acts once, and what came of it is recorded as the agent learns from it."""
    recording = run.memory.recording
    random = generator(run.identity.seed, "act", run.env_steps)
    decision: Decision = policy.act(
        recording.newest_stacks(run.frames), random, env_steps=run.env_steps, mode="training"
    )
    if settings.repeated_actions.probability:
        action = run.repetition.override(
            decision.action,
            run.environments.num_actions,
            settings.repeated_actions,
            generator(run.identity.seed, "repeat", run.env_steps),
        )
        decision = replace(decision, action=action)
    step = run.environments.step(decision.action)
    run.repetition.remaining[step.terminated | step.truncated] = 0
    terminated = step.terminated | step.life_lost if settings.terminal_on_life_loss else step.terminated
    endings = np.where(terminated, TERMINATED, np.where(step.truncated, TRUNCATED, ONGOING)).astype(np.uint8)
    rewards = np.sign(step.reward) if settings.clip_rewards else step.reward
    run.memory.record(run.frames, decision, rewards.astype(np.float32), endings, run.agent.updates)
    run.frames = step.observation
    run.returns += step.reward
    run.lengths += 1
    for index in np.flatnonzero(step.terminated | step.truncated):
        run.episodes.append(
            {
                "env_steps": run.env_steps,
                "return": float(run.returns[index]),
                "length": int(run.lengths[index]),
                "truncated": int(step.truncated[index]),
            }
        )
        run.returns[index], run.lengths[index] = 0.0, 0
