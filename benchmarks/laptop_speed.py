"""Where a laptop run's time goes: ``python benchmarks/laptop_speed.py``.

Times, with the committed parameters and one thread, an update of each agent (its targets fresh), a search of its
network at several batch sizes where it searches, acting in as many environments as play in training, and the
environments alone. Prints a table and writes ``benchmarks/results/laptop_speed.md``. CPU time, the median of several
repetitions.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from efficientzero.agents import Agent
from efficientzero.envs import GameEnvironments
from efficientzero.experiments.composition import composed
from efficientzero.games import find_game
from efficientzero.parameters import EfficientZeroSettings, RandomSettings, check
from efficientzero.records.paths import RunIdentity
from efficientzero.replay import Decision, Estimates, Memory, Priorities, Recording
from efficientzero.running.run import agent_for

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "laptop_speed.md"
BATCHES = (5, 64, 256)
FRESH = 10**9  # search targets made at an update that never comes: none is searched again


def cpu_seconds(work: Callable[[], object], repetitions: int) -> float:
    """Median CPU time of one call, after two that do not count."""
    times = []
    for repetition in range(repetitions + 2):
        started = time.process_time()
        work()
        if repetition >= 2:
            times.append(time.process_time() - started)
    return float(np.median(times))


def filled_memory(environments: GameEnvironments, rows: int = 300) -> Memory:
    """A recording of random frames, every search target fresh."""
    random = np.random.default_rng(0)
    count, actions = environments.count, environments.num_actions
    memory = Memory(
        Recording(environments.observation_shape, count, environments.frame_stack),
        Estimates(actions),
        Priorities(0.0),
    )
    for _ in range(rows):
        decision = Decision(
            action=random.integers(actions, size=count),
            policy=np.full((count, actions), 1 / actions, np.float32),
            value=np.zeros(count, np.float32),
            estimated=True,
        )
        frames = random.integers(0, 255, (count, *environments.observation_shape)).astype(np.uint8)
        endings = (random.random(count) < 0.02).astype(np.uint8)
        memory.record(frames, decision, random.integers(0, 2, count).astype(np.float32), endings, FRESH)
    return memory


def search_seconds(agent: Agent, memory: Memory, batch: int, repetitions: int) -> float:
    """CPU time of searching a batch of positions."""
    observation = memory.recording.stacks(*memory.recording.locate(np.arange(batch)))
    random = np.random.default_rng(0)
    return cpu_seconds(lambda: agent.act(observation, random, env_steps=0, mode="best"), repetitions)


def measure(game: str, repetitions: int) -> list[list[str]]:
    """Rows of the table for one game, with the settings that conf/ gives it."""
    parameters = check(composed({"game": game}, ROOT))
    environments = GameEnvironments(
        find_game(game), parameters.envs, count=parameters.envs.count, seed=0, training=True
    )
    environments.reset()
    memory = filled_memory(environments)
    random = np.random.default_rng(0)
    rows = []
    acting = memory.recording.stacks(*memory.recording.locate(np.arange(environments.count)))
    for name, settings in parameters.agent.items():
        if isinstance(settings, RandomSettings):
            continue
        agent = agent_for(RunIdentity(parameters, name, 0), environments)
        update = cpu_seconds(lambda agent=agent: agent.learn(memory), repetitions)
        act = cpu_seconds(lambda agent=agent: agent.act(acting, random, env_steps=0, mode="training"), repetitions)
        speeds = [""] * len(BATCHES)
        if isinstance(settings, EfficientZeroSettings):
            speeds = [
                f"{batch * settings.search.simulations / search_seconds(agent, memory, batch, repetitions):,.0f}"
                for batch in BATCHES
            ]
        per_env_step = 1000 * (update * agent.updates_due(10**6) / 10**6 + act / environments.count)
        times = [f"{1000 * update:.1f}", f"{1000 * act:.1f}", f"{per_env_step:.1f}"]
        rows.append([game, name, f"{agent.weight_count:,}", *times, *speeds])
    actions = np.random.default_rng(0).integers(environments.num_actions, size=environments.count)
    step = cpu_seconds(lambda: environments.step(actions), 50 * repetitions)
    rows.append(
        [game, "environments alone", "", "", "", f"{1000 * step / environments.count:.2f}"] + [""] * len(BATCHES)
    )
    return rows


def cpu_description() -> list[str]:
    """What Linux tells about the processor; nothing elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=9, help="timed calls of each kind (default 9)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    header = [
        "game",
        "agent",
        "parameters",
        "update, ms",
        "acting in all environments, ms",
        "update and acting, ms per env step",
    ]
    header += [f"simulations/s, {batch} roots" for batch in BATCHES]
    rows = [row for game in ("Breakout", "minatar/space_invaders") for row in measure(game, arguments.repetitions)]
    table = "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])
    described = [line.split(":")[1].strip() for line in cpu_description() if line.startswith("model name")]
    processor = described[0] if described else platform.processor()
    text = (
        "# Speed of the laptop profile\n\n"
        "CPU time on one core, median; searches include the representation; an update of PPO is a whole rollout's. "
        "Written by `python benchmarks/laptop_speed.py`.\n\n"
        f"{processor}; Python {platform.python_version()}, torch {version('torch')}, ale-py {version('ale-py')}.\n\n"
        f"{table}\n"
    )
    print(text)
    RESULT.write_text(text)


if __name__ == "__main__":
    main()
