"""Can imagined states follow what moves? ``python benchmarks/dynamics_fit.py``.

Uniformly random play of a MinAtar game is recorded. The agent's representation and dynamics, with a decoder of single
cells, learn from it to say the observation of a position and of the steps after it, and nothing else. Then, in the play
of another seed, of the cells that changed from one env step to the next: the share whose content is said rightly after
one imagined step, two, and so on. A dynamics function that leaves everything as it was has 0; one that says that
nothing is anywhere about .5. A row for each scale of latent states; any parameter can be changed:

    python benchmarks/dynamics_fit.py --games minatar/breakout --latents min_max standard
    python benchmarks/dynamics_fit.py -S agent.efficientzero.learning.learning_rate=.002
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.efficientzero.network import EfficientZeroNetwork
from efficientzero.agents.targets import unroll
from efficientzero.experiments.composition import composed, parse_overrides
from efficientzero.parameters import Parameters, check
from efficientzero.progress import Progress
from efficientzero.records.paths import RunIdentity
from efficientzero.replay import Recording
from efficientzero.running.loop import warm_up
from efficientzero.running.run import new_run
from efficientzero.stage import reported_errors

ROOT = Path(__file__).parents[1]
LATENTS = ("min_max", "standard", "free")
NOTHING = -3.0  # logit of a new decoder: most cells are empty
JUDGED = 1000  # positions


def sequences(recording: Recording, positions: np.ndarray, steps: int) -> tuple[Tensor, Tensor, Tensor]:
    """Observations bool ``[n, steps + 1, ...]``, actions int64 ``[n, steps]``, and which observations are real."""
    unrolled = unroll(recording, positions, steps, 1)
    observations = torch.from_numpy(recording.stacks(unrolled.rows, unrolled.environments) > 0)
    actions = recording.actions[unrolled.rows[:, :-1], unrolled.environments[:, :-1]].astype(np.int64)
    return observations, torch.from_numpy(actions), torch.from_numpy(unrolled.real)


def imagined(network: EfficientZeroNetwork, first: Tensor, actions: Tensor) -> list[Tensor]:
    """Latent states of a position and after each of the actions."""
    latents = [network.represent(first.float())]
    for action in actions.unbind(1):
        latents.append(network.dynamics(latents[-1], action))
    return latents


@torch.no_grad()
def changes_followed(
    network: EfficientZeroNetwork, decoder: nn.Module, recording: Recording, steps: int
) -> list[float]:
    """Of the cells that an env step changed, the share whose content after it is said rightly, by depth."""
    positions = np.random.default_rng(0).permutation(len(recording))[:JUDGED]
    seen, actions, real = sequences(recording, positions, steps)
    shares = []
    for step, latent in enumerate(imagined(network, seen[:, 0], actions)[1:], start=1):
        changed = (seen[:, step] != seen[:, step - 1]) & real[:, step, None, None, None]
        shares.append(float(((decoder(latent) > 0) == seen[:, step])[changed].float().mean()))
    return shares


def learned(parameters: Parameters, env_steps: int, updates: int) -> tuple[list[float], float]:
    """Changes followed by depth after the updates, and CPU-seconds of them."""
    runs = [new_run(RunIdentity(parameters, "efficientzero", seed)) for seed in (0, 1)]
    for seed, run in enumerate(runs):
        with Progress(env_steps, f"{parameters.game}: random play, seed {seed}", "env steps") as progress:
            warm_up(run, env_steps, parameters.envs, progress)
    agent, recording = runs[0].agent, runs[0].memory.recording
    assert isinstance(agent, EfficientZeroAgent)
    network, learning = agent.learned_network, agent.settings.learning
    decoder = nn.Conv2d(
        network.representation.latent_shape[0], runs[0].environments.observation_shape[0], kernel_size=1
    )
    nn.init.constant_(decoder.bias, NOTHING)
    weights = [*network.representation.parameters(), *network.dynamics.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=learning.learning_rate, weight_decay=learning.weight_decay)
    random = np.random.default_rng(0)
    started = time.process_time()
    for _ in range(updates):
        positions = random.integers(len(recording), size=learning.batch_size)
        seen, actions, real = sequences(recording, positions, learning.unroll_steps)
        said = decoder(torch.cat(imagined(network, seen[:, 0], actions)))
        wrong = binary_cross_entropy_with_logits(said, seen.transpose(0, 1).flatten(0, 1).float(), reduction="none")
        loss = (wrong.sum((1, 2, 3)) * real.T.flatten()).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, learning.max_gradient_norm)
        optimizer.step()
    seconds = time.process_time() - started
    return changes_followed(network, decoder, runs[1].memory.recording, learning.unroll_steps), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=["minatar/space_invaders"], help="default minatar/space_invaders")
    parser.add_argument("--latents", nargs="+", choices=LATENTS, default=LATENTS, help="default all three")
    parser.add_argument("--env-steps", type=int, default=3000, help="of random play (default 3000)")
    parser.add_argument("--updates", type=int, default=1000, help="default 1000")
    parser.add_argument("-S", dest="overrides", action="append", default=[], metavar="KEY=VALUE", help="a parameter")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    overrides = parse_overrides(arguments.overrides)
    print("| game | latent states | changed cells said rightly, by depth | CPU-s |\n|---|---|---|---|", flush=True)
    for game in arguments.games:
        for latent in arguments.latents:
            changes = {"game": game, "agent.efficientzero.network.latent": latent, **overrides}
            shares, seconds = learned(check(composed(changes, ROOT)), arguments.env_steps, arguments.updates)
            told = " ".join(f"{share:.2f}" for share in shares)
            print(f"| {game} | `{latent}` | {told} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    with reported_errors():
        main()
