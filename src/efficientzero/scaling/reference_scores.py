"""The scores between which a game's curves are placed: random play, and a ceiling fixed before the data are seen.

There are no scores of people in MinAtar's games, so their ceilings are published agents'. 0 is uniformly random play,
measured over 1,000 whole games in the environments that agents are scored in
(`benchmarks/minatar_reference_scores.py`). 1 is DQN's published score, or the highest of `minatar_scores`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from math import isfinite, nan
from typing import Literal, NamedTuple, get_args

from efficientzero.games import Game, UnknownGameError, find_game
from efficientzero.games.registry import Family
from efficientzero.published import best_scores, minatar_scores
from efficientzero.scaling.input_error import ScalingInputError

Ceiling = Literal["human", "best", "published DQN", "best published"]
# Of each family the ceiling of the headline, and the other that checks it.
CEILINGS: dict[Family, tuple[Ceiling, Ceiling]] = {
    "ale": ("human", "best"),
    "minatar": ("published DQN", "best published"),
}
CEILING_NAMES: dict[Ceiling, str] = {
    "human": "human score",
    "best": "best known score",
    "published DQN": "published score of DQN",
    "best published": "best published score of an agent",
}


class ReferenceScores(NamedTuple):
    """Of one game, in its points; `human` and `literature_random` are NaN where the literature has none.

    `random` is the literature's too in Atari games; in MinAtar's it was measured here.
    """

    random: float
    ceiling: float
    human: float
    literature_random: float


def ceilings_of(games: Iterable[str], constants: Mapping[str, tuple[float, float]]) -> tuple[Ceiling, Ceiling]:
    """The two ceilings of games of one family.

    Raises ScalingInputError for an unknown game, and for Atari and MinAtar games together: the first are placed up to
    people's scores and the second up to an agent's, so that a mean over both would mean neither. Games in `constants`
    have a scale of their own and go with either.
    """
    families: dict[Family, list[str]] = {}
    for game in games:
        try:
            found = find_game(game)
        except UnknownGameError as error:
            raise ScalingInputError(str(error)) from None
        families.setdefault(found.family, []).append(game)
    own_scale = {family: [game for game in named if game not in constants] for family, named in families.items()}
    if all(own_scale.get(family) for family in CEILINGS):
        atari, minatar = own_scale["ale"][0], own_scale["minatar"][0]
        raise ScalingInputError(
            f"{atari} and {minatar} are on different scales: Atari games are normalised by human scores, MinAtar's by "
            "DQN's published one, so a mean over both would mean neither; analyse Atari and MinAtar games apart"
        )
    return CEILINGS[next((family for family in families if own_scale[family]), next(iter(families), "ale"))]


def both_ceilings(ceiling: str) -> tuple[Ceiling, Ceiling]:
    """The ceilings of the family that `ceiling` is of."""
    return next(pair for pair in CEILINGS.values() if ceiling in pair)


def reference_scores(game: str, ceiling: Ceiling, constants: Mapping[str, tuple[float, float]]) -> ReferenceScores:
    """The scores of one game; (random, ceiling) in `constants` go before those of the literature.

    Raises ScalingInputError for an unknown game, ceiling or best-known score, and for a game that has no such scores.
    """
    try:
        found = find_game(game)
    except UnknownGameError as error:
        raise ScalingInputError(str(error)) from None
    if ceiling not in get_args(Ceiling):
        raise ScalingInputError(f"ceiling: {ceiling!r} is none; choose {' or '.join(CEILINGS[found.family])}")
    human = nan if found.human_score is None else found.human_score
    random = nan if found.random_score is None else found.random_score
    if game in constants:
        try:
            low, high = (float(value) for value in constants[game])
        except (TypeError, ValueError):
            raise ScalingInputError(
                f"constants: those of {game} are {constants[game]!r}; give two numbers, its random score and a ceiling"
            ) from None
        if not (isfinite(low) and isfinite(high) and low < high):
            raise ScalingInputError(
                f"constants: those of {game} are ({low:g}, {high:g}); give its random score and a higher ceiling"
            )
        return ReferenceScores(low, high, human, random)
    if ceiling in CEILINGS["minatar"]:
        return _of_minatar(found, ceiling)
    if found.human_score is None or found.random_score is None:
        raise ScalingInputError(
            f"{game}: the literature has no random and human score of this game; give them as "
            f"constants={{{game!r}: (random, ceiling)}}, or leave the game out"
        )
    if ceiling == "human":
        return ReferenceScores(random, human, human, random)
    best = best_scores().get(game)
    if best is None or not best > random:
        raise ScalingInputError(
            f"{game}: no best-known score of this game is published here; take the human ceiling, or give "
            f"constants={{{game!r}: (random, ceiling)}}"
        )
    return ReferenceScores(random, float(best), human, random)


def _of_minatar(game: Game, ceiling: Ceiling) -> ReferenceScores:
    if game.family != "minatar":
        raise ScalingInputError(f"{game.name}: the {CEILING_NAMES[ceiling]} is a ceiling of MinAtar's games alone")
    scale = minatar_scale(game.name)
    return ReferenceScores(scale.random, scale.dqn if ceiling == "published DQN" else scale.best, nan, nan)


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
