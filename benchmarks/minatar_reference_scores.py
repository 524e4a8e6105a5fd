"""What uniformly random play scores in MinAtar: ``python benchmarks/minatar_reference_scores.py``.

Plays 1,000 whole games of each of the five in the environments that agents are scored in: sticky actions with
probability 0.1, difficulty that ramps up, the minimal action set. Prints a table, and writes it to
``benchmarks/results/minatar_reference_scores.md`` and the scores that the analysis reads to
``src/efficientzero/scaling/minatar_random_scores.csv``. Two minutes on a core; the same bytes each time.
"""

from __future__ import annotations

import argparse
import csv
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from efficientzero.agents import RandomAgent
from efficientzero.evaluation import evaluate, evaluation_environments
from efficientzero.games import suite
from efficientzero.parameters import Parameters, load_parameters
from efficientzero.progress import Progress

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "minatar_reference_scores.md"
SCORES = ROOT / "src" / "efficientzero" / "scaling" / "minatar_random_scores.csv"
EPISODES = 1000


class RandomScore(NamedTuple):
    """Of `episodes` whole games: mean unclipped return with its standard error, mean and most env steps of a game."""

    game: str
    mean: float
    standard_error: float
    env_steps: float
    most_env_steps: int
    episodes: int


def measure(parameters: Parameters, game: str, episodes: int) -> RandomScore:
    """Plays the games of one of the five. Raises RuntimeError if a time limit ended one: it would not be whole."""
    evaluation = parameters.evaluation.model_copy(update={"episodes": episodes, "max_env_steps": None})
    parameters = parameters.model_copy(update={"game": game, "evaluation": evaluation})
    environments = evaluation_environments(parameters)
    with Progress(episodes, f"{game}: random play", "episodes") as progress:
        agent = RandomAgent(environments.num_actions)
        score = evaluate(agent, environments, evaluation, progress, seed=0, env_steps=0)
    if any(episode.truncated for episode in score.episodes):
        raise RuntimeError(f"{game}: a time limit ended a game; raise envs.max_frames_per_episode")
    returns = np.array([episode.game_return for episode in score.episodes])
    lengths = np.array([episode.env_steps for episode in score.episodes])
    error = float(returns.std(ddof=1) / np.sqrt(episodes))
    return RandomScore(game, float(returns.mean()), error, float(lengths.mean()), int(lengths.max()), episodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=EPISODES, help=f"of each game; only {EPISODES} are written")
    episodes = parser.parse_args().episodes
    parameters = load_parameters(ROOT / "params.yaml")
    scores = [measure(parameters, game, episodes) for game in suite("minatar")]
    header = ["game", "mean return", "standard error", "mean length, env steps", "longest, env steps"]
    rows = [
        [each.game, f"{each.mean:.3f}", f"{each.standard_error:.3f}", f"{each.env_steps:,.1f}",
         f"{each.most_env_steps:,}"]
        for each in scores
    ]  # fmt: skip
    table = "\n".join(f"| {' | '.join(row)} |" for row in [header, ["---"] * len(header), *rows])
    text = (
        "# Uniformly random play in MinAtar\n\n"
        f"Unclipped returns of {episodes:,} whole games each, in the environments that agents are scored in: sticky "
        "actions with probability 0.1, difficulty that ramps up, the minimal action set. Scores of MinAtar are "
        "normalised with these means as 0. Written by `python benchmarks/minatar_reference_scores.py`; "
        f"MinAtar {version('MinAtar')}.\n\n"
        f"{table}\n"
    )
    print(text)
    if episodes != EPISODES:
        return  # a trial
    RESULT.write_text(text)
    with SCORES.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["game", "random_score", "standard_error", "episodes"])
        writer.writerows(
            [each.game, f"{each.mean:.6g}", f"{each.standard_error:.6g}", each.episodes] for each in scores
        )


if __name__ == "__main__":
    main()
