"""The scores between which MinAtar's games are placed; there are none of people, so the ceilings are published agents'.

0 is uniformly random play, measured over 1,000 whole games in the environments that agents are scored in
(`benchmarks/minatar_reference_scores.py`). 1 is DQN's published score, or the highest of `minatar_scores`.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import NamedTuple

from efficientzero.published import minatar_scores


class MinAtarScale(NamedTuple):
    """Mean unclipped returns of an episode: random play, DQN as published, and the best published agent."""

    random: float
    dqn: float
    best: float


def minatar_scale(game: str) -> MinAtarScale:
    """Of one of the five games, by its name ("minatar/breakout").

    Raises KeyError for any other game, PublishedFiguresError where the published scores are missing or damaged.
    """
    return _scales()[game]


@cache
def _scales() -> dict[str, MinAtarScale]:
    with resources.files(__package__).joinpath("minatar_random_scores.csv").open(encoding="utf-8") as file:
        random = {row["game"]: float(row["random_score"]) for row in csv.DictReader(file)}
    table = minatar_scores()
    dqn = table[table["agent"] == "DQN"].set_index("game")["score"]
    best = table.groupby("game")["score"].max()
    return {game: MinAtarScale(low, float(dqn[game]), float(best[game])) for game, low in random.items()}
