"""What published EfficientZero had of a game at a budget, to say before a run and beside it what was to be expected.

Read off its digitised learning curve (`efficientzero_100k`) along straight lines between checkpoints; before the first
one from random play at 0 frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from efficientzero.games import find_game
from efficientzero.published.scores import published_curves

CURVE = "efficientzero_100k"
VISIBLE = 0.1  # human-normalised: less is hardly told from random play by a few episodes


@dataclass(frozen=True)
class Expectation:
    """Of published EfficientZero on one game, in ALE frames.

    `frames`: of the budget, or the end of the curve where that comes first. `score`, `human_normalised`: there.
    `visible_from`: the fewest frames at which the curve is above `VISIBLE`; None if it nowhere is. `first_frames`:
    of its first checkpoint.
    """

    game: str
    frames: int
    score: float
    human_normalised: float
    visible_from: float | None
    first_frames: int


def expectation(game: str, frames: int) -> Expectation | None:
    """What its curve of `game` says of a budget of `frames` ALE frames; None where none was published.

    Raises UnknownGameError for an unknown game, PublishedFiguresError for missing or damaged figures.
    """
    random = find_game(game).random_score
    table = published_curves(CURVE)
    own = table[table["game"] == game].sort_values("frames")
    if own.empty or random is None:
        return None
    at = np.array([0.0, *own["frames"]])
    scores = np.array([random, *own["score"]])
    normalised = np.array([0.0, *own["human_normalised"]])
    until = min(frames, int(at[-1]))
    return Expectation(
        game,
        until,
        float(np.interp(until, at, scores)),
        float(np.interp(until, at, normalised)),
        _first_above(VISIBLE, at, normalised),
        int(at[1]),
    )


def expectation_in_words(game: str, frames: int) -> str:
    """The same as sentences; raises as `expectation`."""
    found = expectation(game, frames)
    if found is None:
        return (
            f"No learning curve of EfficientZero is published for {game}, so nothing is known of what it has at "
            f"{frames:,} frames."
        )
    score = f"{found.score:,.0f}" if abs(found.score) >= 100 else f"{found.score:.1f}"
    normalised = round(found.human_normalised, 2) + 0.0  # without the sign of a zero
    said = (
        f"Published EfficientZero (Ye et al. 2021, Figure 10) had a score of {score} on {game} (human-normalised "
        f"{normalised:.2f}) at {found.frames:,} frames"
    )
    if found.frames < found.first_frames:
        said += f", on a straight line from random play to its first checkpoint at {found.first_frames:,}"
    elif found.frames < frames:
        said += ", where its curve ends"
    if found.visible_from is None:
        return f"{said}. It nowhere rose above {VISIBLE}: expect nothing to be seen."
    rose = f"about {max(round(found.visible_from, -3), 1000):,.0f} frames"
    if found.visible_from > frames:
        return f"{said}. Expect nothing to be seen before {rose}, where it rose above {VISIBLE}."
    return f"{said}. It rose above {VISIBLE} at {rose}."


def _first_above(level: float, at: np.ndarray, curve: np.ndarray) -> float | None:
    """Where the line through the points, which begins at or below `level`, first crosses it."""
    above = np.flatnonzero(curve > level)
    if not len(above):
        return None
    end = int(above[0])
    share = (level - curve[end - 1]) / (curve[end] - curve[end - 1])
    return float(at[end - 1] + share * (at[end] - at[end - 1]))
