"""The scores between which a game's curves are placed: random play, and a ceiling fixed before the data are seen."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan
from typing import Literal, NamedTuple, get_args

from efficientzero.games import UnknownGameError, find_game
from efficientzero.published import best_scores
from efficientzero.scaling.input_error import ScalingInputError

Ceiling = Literal["human", "best"]


class ReferenceScores(NamedTuple):
    """Of one game, in its points; `human` and `literature_random` are NaN where the literature has none."""

    random: float
    ceiling: float
    human: float
    literature_random: float


def reference_scores(game: str, ceiling: Ceiling, constants: Mapping[str, tuple[float, float]]) -> ReferenceScores:
    """The scores of one game; (random, ceiling) in `constants` go before those of the literature.

    Raises ScalingInputError for an unknown game, ceiling or best-known score, and for a game that has no such scores.
    """
    if ceiling not in get_args(Ceiling):
        raise ScalingInputError(f"ceiling: {ceiling!r} is none; choose human or best")
    try:
        found = find_game(game)
    except UnknownGameError as error:
        raise ScalingInputError(str(error)) from None
    human = nan if found.human_score is None else found.human_score
    random = nan if found.random_score is None else found.random_score
    if game in constants:
        low, high = (float(value) for value in constants[game])
        if not (isfinite(low) and isfinite(high) and low < high):
            raise ScalingInputError(
                f"constants: those of {game} are ({low:g}, {high:g}); give its random score and a higher ceiling"
            )
        return ReferenceScores(low, high, human, random)
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
