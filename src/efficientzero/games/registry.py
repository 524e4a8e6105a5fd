"""Finding a game by its name, with its reference scores."""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from efficientzero.games.catalogue import ALE_ROMS, ATARI_26, MINATAR_MODULES, ale_name

Family = Literal["ale", "minatar"]
FAMILIES: tuple[Family, ...] = ("ale", "minatar")
SUITES = ("atari26", "atari57", "ale", "minatar")


class UnknownGameError(ValueError):
    """No game, or no suite, has this name; the message gives the nearest names."""


@dataclass(frozen=True)
class Game:
    """One game.

    ``name``: ``"Alien"`` or ``"minatar/breakout"``; ``rom``: the ALE ROM or the MinAtar module, snake_case.
    ``random_score`` and ``human_score`` are mean unclipped returns of one episode, as used for human-normalised scores
    (the table of Agent57 and rliable, 57 games; sources in ``scores.csv``); None where there is no such figure.
    """

    name: str
    family: Family
    rom: str
    random_score: float | None = None
    human_score: float | None = None


@cache
def _games() -> dict[str, Game]:
    with resources.files(__package__).joinpath("scores.csv").open(encoding="utf-8") as file:
        scores = {row["game"]: (float(row["random_score"]), float(row["human_score"])) for row in csv.DictReader(file)}
    ale = (Game(ale_name(rom), "ale", rom, *scores.get(ale_name(rom), (None, None))) for rom in ALE_ROMS)
    minatar = (Game(f"minatar/{module}", "minatar", module) for module in MINATAR_MODULES)
    return {game.name: game for game in (*ale, *minatar)}


def find_game(name: str) -> Game:
    """The game called ``name``, exactly as written (``"MsPacman"``, ``"minatar/space_invaders"``).

    Raises ``UnknownGameError`` (a ``ValueError``) that suggests the nearest names.
    """
    game = _games().get(name)
    if game is None:
        nearest = _nearest(str(name))
        hint = f"did you mean {' or '.join(nearest)}?" if nearest else "nothing is spelled like it."
        raise UnknownGameError(
            f"game: there is no game called {name!r}; {hint} Names are those of ALE/<name>-v5, such as Alien or "
            f"MsPacman, and minatar/<name>, such as minatar/breakout."
        )
    return game


def suite(name: str) -> tuple[str, ...]:
    """The names of a suite's games: ``"atari26"`` (Atari 100k), ``"atari57"``, ``"ale"`` (all of the ALE's
    single-player games), ``"minatar"``. Raises ``UnknownGameError`` for any other name."""
    if name == "atari26":
        return ATARI_26
    if name == "atari57":
        return tuple(game.name for game in _games().values() if game.human_score is not None)
    if name in FAMILIES:
        return tuple(game.name for game in _games().values() if game.family == name)
    raise UnknownGameError(f"suite: there is no suite called {name!r}; expected one of {', '.join(SUITES)}.")


def _nearest(name: str) -> list[str]:
    """At most four names, best first. Case, punctuation, underscores and ALE/...-v5 make no difference."""
    wanted = _letters(re.sub(r"^ale/|(noframeskip|deterministic)?-v\d+$", "", name.strip().lower()))
    spellings: dict[str, list[str]] = {}
    for game in _games().values():
        for spelling in dict.fromkeys((_letters(game.name), _letters(game.rom))):
            spellings.setdefault(spelling, []).append(game.name)
    # An exact match but for case and punctuation needs no further guesses.
    close = [wanted] if wanted in spellings else difflib.get_close_matches(wanted, spellings, n=4, cutoff=0.6)
    return list(dict.fromkeys(found for spelling in close for found in spellings[spelling]))[:4]


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
