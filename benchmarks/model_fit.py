"""Does the network fit what it sees? ``python benchmarks/model_fit.py --games Breakout minatar/asterix``.

Uniformly random play of a game is recorded, and the agent learns from it alone, without acting. After some numbers of
updates the correlation of predicted with true rewards is printed by depth, in the mode that search uses, on the
episodes that were learned from and on those of another seed. Any parameter can be changed:

    python benchmarks/model_fit.py --games Breakout --updates 500 1000 -S envs.size=48
    python benchmarks/model_fit.py --games Assault -S profile=atari100k -S device=cuda

With ``--write`` the lines are added to the table at the end of ``benchmarks/results/model_fit.md``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.efficientzero.soundness import correlation, draw_sample, normalised, predictions
from efficientzero.experiments.composition import composed, parse_overrides
from efficientzero.parameters import Parameters, check
from efficientzero.progress import Progress
from efficientzero.records.paths import RunIdentity
from efficientzero.replay import Memory
from efficientzero.running.loop import warm_up
from efficientzero.running.run import new_run
from efficientzero.stage import reported_errors

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "model_fit.md"
POSITIONS = 5000  # at most, that correlations are taken over; rewards are few, so all of a short recording
CHUNK = 250  # positions predicted together


def reward_correlations(agent: EfficientZeroAgent, memory: Memory) -> list[float | None]:
    """Of predicted with true reward at depths 1 to the unroll length; None where there was no reward."""
    settings = agent.settings
    sample = draw_sample(
        memory.recording,
        np.random.default_rng(0),
        unroll_steps=settings.learning.unroll_steps,
        actions=agent.actions,
        discount=settings.discount,
        positions=POSITIONS,
    )
    rewards = []
    with normalised(agent.network, "evaluation"), torch.inference_mode():
        for start in range(0, len(sample.actions), CHUNK):
            observations, actions = (
                torch.from_numpy(part[start : start + CHUNK]).to(agent.device)
                for part in (sample.observations, sample.actions)
            )
            predicted = predictions(agent.network, observations, actions, value_prefix=settings.value_prefix)
            rewards.append(predicted.reward)
    reward = np.concatenate(rewards)
    return [
        correlation(reward[real, step], sample.rewards[real, step])
        for step, real in enumerate(sample.real.T)  # past an episode's end there is nothing to compare with
    ]


def recorded(parameters: Parameters, agent: str, seed: int, env_steps: int) -> tuple[EfficientZeroAgent, Memory]:
    """A new agent, and a memory of uniformly random play."""
    run = new_run(RunIdentity(parameters, agent, seed))
    with Progress(env_steps, f"{parameters.game}: random play, seed {seed}", "env steps") as progress:
        warm_up(run, env_steps, parameters.envs, progress)
    assert isinstance(run.agent, EfficientZeroAgent)
    return run.agent, run.memory


def measure(
    parameters: Parameters, name: str, env_steps: int, updates: list[int], settings: str
) -> Iterator[list[str]]:
    """A row of the table after each of the numbers of updates."""
    agent, memory = recorded(parameters, name, 0, env_steps)
    _, unseen = recorded(parameters, name, 1, env_steps)
    rewards = int((memory.recording.rewards != 0).sum())
    seconds, figures = 0.0, {}
    while agent.updates < max(updates):
        started = time.process_time()
        figures = agent.learn(memory)
        seconds += time.process_time() - started
        if agent.updates in updates:
            seen, held_out = (
                " ".join("-" if value is None else f"{value:.2f}" for value in reward_correlations(agent, data))
                for data in (memory, unseen)
            )
            consistency = f"{figures['consistency_loss']:.2f}" if "consistency_loss" in figures else ""
            row = [parameters.game, settings, str(rewards), str(agent.updates), seen, held_out, consistency]
            yield [*row, f"{seconds:.0f}", f"{1000 * seconds / agent.updates:.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=["Breakout"], help="default Breakout")
    parser.add_argument("--agent", default="efficientzero", help="default efficientzero")
    parser.add_argument("--env-steps", type=int, default=3000, help="of random play (default 3000)")
    parser.add_argument("--updates", type=int, nargs="+", default=[250, 500, 1000], help="default 250 500 1000")
    parser.add_argument("--write", action="store_true", help="add the lines to benchmarks/results/model_fit.md")
    parser.add_argument("-S", dest="overrides", action="append", default=[], metavar="KEY=VALUE", help="a parameter")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    overrides = parse_overrides(arguments.overrides)
    settings = " ".join(f"`{pair}`" for pair in arguments.overrides)
    for game in arguments.games:
        parameters = check(composed({"game": game, **overrides}, ROOT))
        for row in measure(parameters, arguments.agent, arguments.env_steps, arguments.updates, settings):
            line = f"| {' | '.join(row)} |"
            print(line, flush=True)
            if arguments.write:
                with RESULT.open("a") as table:
                    table.write(line + "\n")


if __name__ == "__main__":
    with reported_errors():
        main()
