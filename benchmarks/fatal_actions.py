"""Are fatal actions told from others where nothing was learned from? ``python benchmarks/fatal_actions.py``.

Uniformly random play of a MinAtar game is recorded, and agents learn from it alone, without acting. Then another seed
plays on, and at each of its positions the game itself says which actions would end the episode at once. Where some
would and some would not, it is counted how often the agent's value of a fatal action is below that of one that is not:
.5 is chance. EfficientZero's is its model's, one imagined step away; DQN's is its action value. Any parameter can be
changed:

    python benchmarks/fatal_actions.py --agents efficientzero dqn -S agent.efficientzero.continuation=none
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from efficientzero.agents.efficientzero import EfficientZeroAgent
from efficientzero.agents.efficientzero.soundness import normalised
from efficientzero.envs.minatar import MinAtarEmulators
from efficientzero.experiments.composition import composed, parse_overrides
from efficientzero.games import find_game
from efficientzero.parameters import Parameters, check
from efficientzero.progress import Progress
from efficientzero.records.paths import RunIdentity
from efficientzero.running.loop import warm_up
from efficientzero.running.run import new_run
from efficientzero.stage import reported_errors

ROOT = Path(__file__).parents[1]
AGENTS = ("efficientzero", "muzero_reanalyze", "dqn")
LONGEST_SEARCH = 100_000  # env steps of random play in search of dangerous positions


def dangerous_positions(parameters: Parameters, positions: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Observations of random play where one action ends the episode and another does not, and which do.

    Returns:
        uint8 ``[positions, channels, height, width]`` and bool ``[positions, actions]``.

    Raises:
        SystemExit: it is no game of MinAtar, or has too few such positions.
    """
    if find_game(parameters.game).family != "minatar":
        raise SystemExit(f"--game {parameters.game}: expected a game of MinAtar, such as minatar/space_invaders")
    settings = parameters.envs.model_copy(update={"sticky_actions": 0.0})  # an action is the one that was chosen
    game = MinAtarEmulators(find_game(parameters.game), settings, count=1)
    random = np.random.default_rng(1)
    observations: list[NDArray[np.uint8]] = []
    fatal: list[list[bool]] = []
    over = np.array([True])
    with Progress(positions, f"{parameters.game}: dangerous positions of random play", "positions") as progress:
        for _ in range(LONGEST_SEARCH):
            if len(fatal) == positions:
                return np.stack(observations), np.array(fatal)
            if over[0]:
                observation = game.reset(over, random.integers(2**31, size=1))
            ends = [bool(copy.deepcopy(game).step(np.array([action]))[2][0]) for action in range(game.num_actions)]
            if any(ends) and not all(ends):
                observations.append(observation[0])
                fatal.append(ends)
                progress.update(1)
            observation, _, over = game.step(random.integers(game.num_actions, size=1))
    raise SystemExit(
        f"--positions {positions}: {LONGEST_SEARCH} env steps of random play of {parameters.game} hold {len(fatal)} "
        "where an action ends the game at once and another does not; ask for fewer, or take another game"
    )


def action_values(agent: Any, observations: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The agent's value of each action, float32 ``[n, actions]``."""
    seen = torch.from_numpy(observations).to(agent.device)
    with normalised(agent.network, "evaluation"), torch.inference_mode():
        if not isinstance(agent, EfficientZeroAgent):
            return agent.network(seen).cpu().numpy()
        root = agent.network.root(seen)
        values = []
        for action in range(agent.actions):
            taken = torch.full((len(seen),), action, device=seen.device)
            output = agent.network.recurrent(root.latent, root.reward_state, taken)
            goes_on = 1.0 if output.continuation is None else output.continuation
            values.append(output.reward + agent.settings.discount * goes_on * output.value)
    return torch.stack(values, dim=1).cpu().numpy()


def told_apart(values: NDArray[np.float32], fatal: NDArray[np.bool_]) -> float:
    """The share of pairs of a fatal action and another at the same position whose values are in order."""
    below = values[:, :, None] < values[:, None, :]
    equal = values[:, :, None] == values[:, None, :]
    pairs = fatal[:, :, None] & ~fatal[:, None, :]
    return float((below + 0.5 * equal)[pairs].mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="minatar/space_invaders", help="default minatar/space_invaders")
    parser.add_argument("--agents", nargs="+", choices=AGENTS, default=AGENTS[:1], help=f"of {', '.join(AGENTS)}")
    parser.add_argument("--env-steps", type=int, default=3000, help="of random play (default 3000)")
    parser.add_argument("--updates", type=int, nargs="+", default=[500, 1000, 2000], help="default 500 1000 2000")
    parser.add_argument("--positions", type=int, default=300, help="that are judged (default 300)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of play and network (default 0)")
    parser.add_argument("-S", dest="overrides", action="append", default=[], metavar="KEY=VALUE", help="a parameter")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    overrides = parse_overrides(arguments.overrides)
    parameters = check(composed({"game": arguments.game, **overrides}, ROOT))
    observations, fatal = dangerous_positions(parameters, arguments.positions)
    print("| game | agent | settings | seed | updates | fatal actions told from others | CPU-s |", flush=True)
    for name in arguments.agents:
        for seed in arguments.seeds:
            run = new_run(RunIdentity(parameters, name, seed))
            with Progress(arguments.env_steps, f"{arguments.game}: random play, seed {seed}", "env steps") as progress:
                warm_up(run, arguments.env_steps, parameters.envs, progress)
            started = time.process_time()
            while run.agent.updates < max(arguments.updates):
                run.agent.learn(run.memory)
                if run.agent.updates in arguments.updates:
                    share = told_apart(action_values(run.agent, observations), fatal)
                    settings = " ".join(f"`{pair}`" for pair in arguments.overrides)
                    cells = [arguments.game, name, settings, seed, run.agent.updates, f"{share:.2f}"]
                    seconds = f"{time.process_time() - started:.0f}"
                    print(f"| {' | '.join(str(cell) for cell in [*cells, seconds])} |", flush=True)


if __name__ == "__main__":
    with reported_errors():
        main()
