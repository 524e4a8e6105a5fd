"""What does an agent make of random play? ``python benchmarks/random_play.py --games minatar/seaquest``.

Uniformly random play of a game is recorded, an agent learns from that alone, without acting, and then plays whole
games: its score tells how it learns, apart from what it plays to learn from. Every agent and setting has the same
recording. Scored with its best actions, and with actions sampled from its policy, both with the epsilon of evaluation;
the error is that of the mean over the games. Any parameter can be changed:

    python benchmarks/random_play.py --games minatar/seaquest minatar/asterix --agents efficientzero dqn \
        -S agent.efficientzero.network.reward_pooling=max_and_sum -S agent.efficientzero.learning.reward_fraction=0.1
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from efficientzero.evaluation import evaluate, evaluation_environments
from efficientzero.experiments.composition import composed, parse_overrides
from efficientzero.parameters import Parameters, PPOSettings, RandomSettings, check
from efficientzero.progress import Progress
from efficientzero.records.paths import RunIdentity
from efficientzero.running.loop import learn, warm_up
from efficientzero.running.run import Run, new_run
from efficientzero.stage import reported_errors

ROOT = Path(__file__).parents[1]
# A game in which nothing happens goes on for ever.
USUAL = {"evaluation.episodes": 128, "evaluation.max_env_steps": 3000}
OWN = ("game", "agents", "seeds", "evaluation.sample_actions")  # what the command's own options say


def learned(parameters: Parameters, name: str, seed: int, env_steps: int, updates: int | None) -> Run:
    """An agent after as many updates (None: as many as are due) on as many env steps of random play."""
    run = new_run(RunIdentity(parameters, name, seed))
    with Progress(env_steps, f"{parameters.game}: random play, seed {seed}", "env steps") as progress:
        warm_up(run, env_steps, parameters.envs, progress)
    count = run.agent.updates_due(env_steps) if updates is None else updates
    with Progress(count, f"{parameters.game}: {name} learns, seed {seed}", "updates") as progress:
        for _ in range(count):
            learn(run, 1.0, progress, finishing=False)
            progress.update(1)
    return run


def score(run: Run, parameters: Parameters, *, sampled: bool) -> str:
    """Mean unclipped return and its standard error."""
    settings = parameters.evaluation.model_copy(update={"sample_actions": sampled})
    with Progress(settings.episodes, f"{parameters.game}: games", "games") as progress:
        games = evaluate(
            run.agent,
            evaluation_environments(parameters),
            settings,
            progress,
            seed=run.agent.seed,
            env_steps=run.env_steps,
        )
    returns = [episode.game_return for episode in games.episodes]
    return f"{np.mean(returns):.2f} ± {np.std(returns, ddof=1) / len(returns) ** 0.5:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", nargs="+", default=["minatar/seaquest"], help="default minatar/seaquest")
    parser.add_argument("--agents", nargs="+", default=["efficientzero"], help="default efficientzero")
    parser.add_argument("--env-steps", type=int, default=6000, help="of random play (default 6000)")
    parser.add_argument("--updates", type=int, help="default: as many as are due after as many env steps")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of play and network (default 0)")
    parser.add_argument("-S", dest="overrides", action="append", default=[], metavar="KEY=VALUE", help="a parameter")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    overrides = USUAL | parse_overrides(arguments.overrides)
    for key in OWN:
        if key in overrides:
            raise SystemExit(f"-S {key}: said by --games, --agents or --seeds, or scored both ways; leave it out")
    settings = " ".join(f"`{pair}`" for pair in arguments.overrides)
    columns = ("game", "agent", "settings", "seed", "updates", "best actions", "sampled", "CPU-s")
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|", flush=True)
    for game in arguments.games:
        parameters = check(composed({"game": game, "agents": arguments.agents, **overrides}, ROOT))
        for name in arguments.agents:
            if isinstance(parameters.agent[name], PPOSettings | RandomSettings):
                raise SystemExit(f"--agents {name}: expected an agent with a replay, which learns from any play")
        for name in arguments.agents:
            for seed in arguments.seeds:
                started = time.process_time()
                run = learned(parameters, name, seed, arguments.env_steps, arguments.updates)
                seconds = time.process_time() - started
                scores = [score(run, parameters, sampled=sampled) for sampled in (False, True)]
                cells = [game, name, settings, seed, run.agent.updates, *scores, f"{seconds:.0f}"]
                print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


if __name__ == "__main__":
    with reported_errors():
        main()
