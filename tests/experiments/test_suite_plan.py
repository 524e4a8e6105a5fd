"""Which experiments a suite is, and what is refused before any of them runs."""

from pathlib import Path

import pytest

from efficientzero.experiments.suite import plan_suite
from efficientzero.games import suite
from efficientzero.parameters import ParameterError

ROOT = Path(__file__).parents[2]
COMMIT = "0" * 40


def plan(games, seeds=(0,), overrides=None, commit=COMMIT, name=None):
    return plan_suite(games, seeds, overrides or {}, ROOT, commit, name)


def test_one_experiment_for_each_game_and_seed_the_first_seed_first():
    planned = plan(["minatar"], (3, 1), {"profile": "smoke"})
    games = suite("minatar")
    assert [(each.seed, each.game) for each in planned.members] == [(seed, game) for seed in (3, 1) for game in games]
    member = planned.members[-1]
    assert member.experiment.overrides == {"profile": "smoke", "game": "minatar/space_invaders", "seeds": [1]}
    assert member.experiment.name.startswith("minatar-space_invaders-seed1-")
    assert (
        planned.name == "minatar" and planned.members[0].expected == 3 * (1 + 3 * 2) + 1
    )  # three agents, two milestones, one seed


def test_suites_and_games_together():
    assert len(plan(["atari26"]).members) == 26
    assert len(plan(["minatar"]).members) == 5
    games = ["minatar/asterix", "minatar/breakout"]
    assert [each.game for each in plan(games).members] == games
    assert plan(games).name == "minatar_asterix-minatar_breakout"


def test_a_name_says_what_an_experiment_is():
    def names(**changes):
        return {each.experiment.name for each in plan(["Pong", "Alien"], (0, 1), **changes).members}

    same = names(overrides={"profile": "smoke", "threads": 1})
    assert len(same) == 4
    assert names(overrides={"threads": 1, "profile": "smoke"}) == same  # in whatever order
    assert not names(overrides={"profile": "smoke"}) & same
    assert not names(overrides={"profile": "smoke", "threads": 1}, commit="1" * 40) & same


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((["Alein"],), "did you mean Alien.*Suites are atari26"),
        ((["atari26", "Alien"],), "Alien: the game is listed twice"),
        ((["Alien", "minatar/breakout"],), "no common scale.*run a suite of each"),
        ((["Alien"], (0, 0)), "--seeds 0 0: each may be listed once"),
        ((["Alien"], (0,), {"seeds": [1]}), "-S seeds: a suite sets it itself"),
        ((["Alien"], (0,), {"agents": ["dqm"]}), "did you mean dqn"),
        ((["Alien", "Pong", "Boxing", "Qbert"],), "--name: give a suite of 4 games"),
        ((["Alien"], (0,), {}, COMMIT, "../x"), "--name ../x: a name is letters"),
        ((["Alien"], (-1,)), "seeds"),
    ],
)
def test_what_is_refused(arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        plan(*arguments)
