"""Which experiments a suite is: one for each game and seed, under names that say what they are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from efficientzero.experiments.composition import composed, stage_count
from efficientzero.experiments.experiment import Experiment
from efficientzero.games import SUITES, UnknownGameError, find_game, suite
from efficientzero.parameters import ParameterError

SUITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
NAMED_GAMES = 3  # games whose names make the suite's, if no other is given
OWN = ("game", "seeds")  # set by the suite
HASH_DIGITS = 7


@dataclass(frozen=True)
class Member:
    """One experiment of a suite: a game, a seed, and all agents."""

    game: str
    seed: int
    experiment: Experiment


@dataclass(frozen=True)
class Suite:
    """``overrides`` are those common to all members; ``stages``: how many each member has."""

    name: str
    members: tuple[Member, ...]
    overrides: Mapping[str, Any]
    commit: str
    stages: int


def plan_suite(
    games: Sequence[str],
    seeds: Sequence[int],
    overrides: Mapping[str, Any],
    repository: Path,
    commit: str,
    name: str | None = None,
) -> Suite:
    """The experiments of a suite, the first seed of all games before the second.

    An experiment is called ``<suite>-<game>-seed<seed>-<hash>``, with a short hash of the overrides and the commit: the
    same name is the same experiment.

    Args:
        games: names of suites (``atari26``, ``minatar``) and of games. seeds: at least one. overrides: by dotted names,
            without game and seeds. repository: a checkout; commit: the full hash of the one it is at.
        name: of the suite; None is that of the only suite named, or up to three games joined.

    Raises ParameterError, with one sentence, before anything is run: what is unknown, given twice or impossible.
    """
    listed = _games(games)
    for key in OWN:
        if key in overrides:
            raise ParameterError(f"-S {key}: a suite sets it itself; name the games, and the seeds by --seeds")
    if len(set(seeds)) < len(seeds):
        raise ParameterError(f"--seeds {' '.join(map(str, seeds))}: each may be listed once")
    suite_name = name or _default_name(games)
    if not SUITE_NAME.fullmatch(suite_name):
        raise ParameterError(f"--name {suite_name}: a name is letters, digits, '_' and '-', for it names a folder")
    digest = hashlib.sha256(repr((sorted(overrides.items()), commit)).encode()).hexdigest()[:HASH_DIGITS]
    members = tuple(
        Member(
            game,
            seed,
            Experiment(_name(suite_name, game, seed, digest), {**overrides, "game": game, "seeds": [seed]}),
        )
        for seed in seeds
        for game in listed
    )
    # The games of a family are alike but for their names, which have been found.
    first = {find_game(member.game).family: member for member in reversed(members)}
    stages = max(stage_count(composed(member.experiment.overrides, repository)) for member in first.values())
    return Suite(suite_name, members, overrides, commit, stages)


def _games(names: Sequence[str]) -> list[str]:
    listed: list[str] = []
    for name in names:
        if name in SUITES:
            listed += suite(name)
            continue
        try:
            listed.append(find_game(name).name)
        except UnknownGameError as error:
            raise ParameterError(f"{error} Suites are {', '.join(SUITES)}.") from None
    twice = [name for place, name in enumerate(listed) if name in listed[:place]]
    if twice:
        raise ParameterError(f"{twice[0]}: the game is listed twice")
    return listed


def _default_name(games: Sequence[str]) -> str:
    if len(games) > NAMED_GAMES:
        raise ParameterError(f"--name: give a suite of {len(games)} games listed one by one a name")
    return "-".join(game.replace("/", "_") for game in games)


def _name(suite_name: str, game: str, seed: int, digest: str) -> str:
    rom = game.removeprefix("minatar/") if suite_name == "minatar" else game.replace("/", "_")
    return f"{suite_name}-{rom}-seed{seed}-{digest}"
