"""What published EfficientZero had at a budget, in numbers and in words."""

import numpy as np
import pytest

from efficientzero.games import UnknownGameError, find_game, suite
from efficientzero.published import expectation, expectation_in_words, published_curves


@pytest.fixture(scope="module")
def curve():
    table = published_curves("efficientzero_100k")
    return {game: rows.set_index("frames") for game, rows in table.groupby("game")}


def test_at_a_checkpoint_it_is_the_published_score(curve):
    for game in suite("atari26"):
        for frames in (40_000, 240_000, 400_000):
            found = expectation(game, frames)
            assert found.score == curve[game].score[frames]
            assert found.human_normalised == pytest.approx(curve[game].human_normalised[frames])


def test_between_checkpoints_it_lies_between_them_and_before_the_first_it_begins_at_random_play(curve):
    low, high = curve["Pong"].score[[80_000, 120_000]]
    assert expectation("Pong", 90_000).score == pytest.approx(0.75 * low + 0.25 * high)
    random = find_game("Alien").random_score
    quarter = expectation("Alien", 10_000)
    assert quarter.score == pytest.approx(0.75 * random + 0.25 * curve["Alien"].score[40_000])
    assert expectation("Alien", 0).human_normalised == 0.0
    after = expectation("Alien", 500_000)
    assert (after.frames, after.score) == (400_000, curve["Alien"].score[400_000])


def test_it_is_visible_from_where_the_curve_first_crosses_a_tenth(curve):
    for game in suite("atari26"):
        found = expectation(game, 12_000)
        highest = curve[game].human_normalised.max()
        assert (found.visible_from is None) == (highest <= 0.1)
        if found.visible_from is None:
            continue
        there = expectation(game, round(found.visible_from))
        assert there.human_normalised == pytest.approx(0.1, abs=1e-3)
        before = [expectation(game, int(at)).human_normalised for at in np.linspace(0, 0.99 * found.visible_from, 50)]
        assert max(before) < 0.1


def test_words_say_what_the_numbers_do():
    alien = expectation_in_words("Alien", 12_000)
    assert "score of 224 on Alien (human-normalised 0.00) at 12,000 frames" in alien and "-0.00" not in alien
    assert "on a straight line from random play to its first checkpoint at 40,000" in alien
    assert alien.endswith("It nowhere rose above 0.1: expect nothing to be seen.")
    early = expectation_in_words("Pong", 12_000)
    assert early.endswith("Expect nothing to be seen before about 65,000 frames, where it rose above 0.1.")
    late = expectation_in_words("Pong", 800_000)
    assert "at 400,000 frames, where its curve ends." in late and late.endswith(
        "It rose above 0.1 at about 65,000 frames."
    )


def test_a_game_that_it_was_not_published_on():
    assert expectation("SpaceInvaders", 12_000) is None
    assert expectation_in_words("SpaceInvaders", 12_000).startswith(
        "No learning curve of EfficientZero is published for SpaceInvaders"
    )
    assert expectation("minatar/breakout", 12_000) is None
    with pytest.raises(UnknownGameError):
        expectation("Alein", 12_000)
