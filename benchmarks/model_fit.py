"""Does the network fit what it sees? ``python benchmarks/model_fit.py --games Breakout minatar/asterix``.

Uniformly random play of a game is recorded, and the agent learns from it alone, without acting. After some numbers of
updates the correlation of predicted with true rewards is printed by depth, in the mode that search uses, on the
episodes that were learned from and on those of another seed. Any parameter can be changed:

    python benchmarks/model_fit.py --games Breakout --updates 500 1000 -S envs.size=96 -S envs.color=rgb
    python benchmarks/model_fit.py --games Assault -S profile=atari100k --device cuda
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.interface import Memory
from efficientzero.experiments.composition import composed
from efficientzero.loop import warm_up
from efficientzero.parameters import Parameters, check
from efficientzero.progress import Progress
from efficientzero.run import new_run

ROOT = Path(__file__).parents[1]
POSITIONS = 2000  # at most, that correlations are taken over


def reward_correlations(agent: EfficientZeroAgent, memory: Memory, random: np.random.Generator) -> list[float]:
    """Of predicted with true reward at depths 1 to the unroll length; NaN where either is constant."""
    recording, steps = memory.recording, agent.settings.learning.unroll_steps
    positions = random.permutation(len(recording) - steps * recording.environments)[:POSITIONS]
    rows, environments = recording.locate(positions)
    last_rows = recording.last_row(rows, environments)
    network = agent.network.eval()
    predicted: list[NDArray] = []
    with torch.inference_mode():
        latent = network.represent(torch.from_numpy(recording.stacks(rows, environments)).to(agent.device))
        state = network.initial_reward_state(len(rows), latent.device)
        for step in range(steps):
            actions = recording.actions[rows + step, environments].astype(np.int64)
            latent, state, logits = network.step(latent, state, torch.from_numpy(actions).to(agent.device))
            predicted.append(network.support.decode(logits).cpu().numpy())
    if agent.prefix_horizon is not None:
        predicted = list(np.diff(predicted, axis=0, prepend=0.0))
    correlations = []
    for step, reward in enumerate(predicted):
        real = rows + step <= last_rows
        true = recording.rewards[rows + step, environments][real]
        with np.errstate(invalid="ignore"):
            correlations.append(float(np.corrcoef(true, reward[real])[0, 1]))
    return correlations


def recorded(parameters: Parameters, agent: str, seed: int, env_steps: int) -> tuple[EfficientZeroAgent, Memory]:
    """A new agent, and a memory of uniformly random play."""
    run = new_run(parameters, agent, seed)
    with Progress(env_steps, f"{parameters.game}: random play, seed {seed}", "env steps") as progress:
        warm_up(run, env_steps, parameters.envs, progress)
    return run.agent, run.memory


def measure(parameters: Parameters, agent_name: str, env_steps: int, updates: list[int]) -> None:
    """Prints a line per number of updates and kind of data."""
    agent, memory = recorded(parameters, agent_name, 0, env_steps)
    _, unseen = recorded(parameters, agent_name, 1, env_steps)
    rewards = int((memory.recording.rewards != 0).sum())
    print(f"{parameters.game}: {env_steps} env steps of random play, {rewards} rewards; depths 1 to 5")
    started = time.process_time()
    figures: dict[str, float] = {}
    while agent.updates < max(updates):
        figures = agent.learn(memory)
        if agent.updates in updates:
            seconds = time.process_time() - started
            for kind, data in (("seen", memory), ("held out", unseen)):
                numbers = " ".join(
                    f"{value:5.2f}" for value in reward_correlations(agent, data, np.random.default_rng(0))
                )
                print(f"  {agent.updates:5d} updates, {seconds:5.0f} CPU-s, {kind:8s}: {numbers}", end="")
                print(f"   consistency {figures.get('consistency_loss', float('nan')):.2f}" if kind == "seen" else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=["Breakout"], help="default Breakout")
    parser.add_argument("--agent", default="efficientzero", help="default efficientzero")
    parser.add_argument("--env-steps", type=int, default=3000, help="of random play (default 3000)")
    parser.add_argument("--updates", type=int, nargs="+", default=[250, 500, 1000], help="default 250 500 1000")
    parser.add_argument("-S", dest="overrides", action="append", default=[], metavar="KEY=VALUE", help="a parameter")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    overrides = {key: yaml.safe_load(value) for key, value in (pair.split("=", 1) for pair in arguments.overrides)}
    for game in arguments.games:
        parameters = check(composed({"game": game, **overrides}, ROOT))
        measure(parameters, arguments.agent, arguments.env_steps, arguments.updates)


if __name__ == "__main__":
    main()
