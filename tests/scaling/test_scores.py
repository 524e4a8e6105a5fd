"""The table of scores: exact figures, and a clear refusal of files that are wrong or do not belong together."""

import json
import math

import pytest

from efficientzero.games import find_game
from efficientzero.scaling import ScoreFileError, curve_table, read_score_file, read_scores, score_table


@pytest.fixture
def write(tmp_path):
    """Writes a score file of the given returns and gives its path."""

    def write(agent="efficientzero", seed=0, env_steps=750, returns=(1.0, 3.0), name=None, **changes):
        skip = changes.get("frame_skip", 4)
        content = {
            "schema_version": 1,
            "game": "Assault",
            "agent": agent,
            "seed": seed,
            "env_steps": env_steps,
            "frames": env_steps * skip,
            "frame_skip": skip,
            "updates": env_steps // 4,
            "parameters": 1000,
            "max_env_steps": None,
            "sample_actions": False,
            "episodes": [
                {"seed": number, "return": value, "env_steps": 9, "truncated": False}
                for number, value in enumerate(returns)
            ],
            "mean_return": sum(returns) / len(returns),
        }
        path = tmp_path / (name or f"{agent}-{seed}-{env_steps}.json")
        path.write_text(json.dumps(content | changes))
        return path

    return write


def test_figures_of_a_score(write):
    scores = read_scores([write(env_steps=0, returns=[0.0, 2.0]), write(returns=[100.0, 300.0])], "Assault")
    game = find_game("Assault")
    assert game.random_score is not None and game.human_score is not None
    (row,) = score_table(scores, game).to_dict("records")
    assert (row["env_steps"], row["frames"], row["updates"], row["episodes"]) == (750, 3000, 187, 2)
    assert row["score"] == 200.0
    assert row["standard_error"] == pytest.approx(100.0)  # sd 141.4 over the root of 2 episodes
    assert row["random_score"] == 1.0
    assert row["human_normalised"] == pytest.approx((200 - 222.4) / (742.0 - 222.4))


def test_the_curve_is_the_mean_over_seeds(write):
    paths = [write(seed=seed, returns=[value]) for seed, value in enumerate([10.0, 20.0, 60.0])]
    (row,) = curve_table(score_table(read_scores(paths, "Assault"), find_game("Assault"))).to_dict("records")
    assert (row["agent"], row["frames"], row["seeds"], row["score"]) == ("efficientzero", 3000, 3, 30.0)
    assert row["standard_error"] == pytest.approx(math.sqrt(700 / 3))


def test_one_seed_or_one_episode_has_no_standard_error(write):
    table = score_table(read_scores([write(returns=[5.0])], "Assault"), find_game("Assault"))
    assert math.isnan(table.standard_error[0])
    assert math.isnan(curve_table(table).standard_error[0])
    assert math.isnan(table.random_score[0])


def test_cut_episodes_are_not_normalised_by_whole_games(write):
    table = score_table(read_scores([write(max_env_steps=50)], "Assault"), find_game("Assault"))
    assert math.isnan(table.human_normalised[0])
    assert table.max_env_steps[0] == 50


def test_a_game_without_reference_scores_is_not_normalised(write):
    path = write(game="minatar/breakout", frame_skip=1, frames=750)
    table = score_table(read_scores([path], "minatar/breakout"), find_game("minatar/breakout"))
    assert math.isnan(table.human_normalised[0])


def test_agents_and_seeds_keep_their_order(write):
    paths = [write(agent=agent, seed=seed) for agent in ("muzero_reanalyze", "efficientzero") for seed in (2, 1)]
    table = score_table(read_scores(paths, "Assault"), find_game("Assault"))
    assert list(zip(table.agent, table.seed, strict=True)) == [
        ("muzero_reanalyze", 2), ("muzero_reanalyze", 1), ("efficientzero", 2), ("efficientzero", 1)
    ]  # fmt: skip
    assert list(curve_table(table).agent) == ["muzero_reanalyze", "efficientzero"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 2}, "schema version 2 and this program reads 1"),
        ({"mean_return": 7.0}, "mean_return is 7.0 and the mean over the episodes 2.0"),
        ({"frames": 750}, "750 frames are not 750 env steps of 4 frames"),
        ({"episodes": []}, "episodes: "),
        ({"mean_return": math.nan}, "mean_return: "),
        ({"seed": "0"}, "seed: "),
        ({"novel": 1}, "novel: "),
    ],
)
def test_a_damaged_file_is_named(write, changes, words):
    path = write(**changes)
    with pytest.raises(ScoreFileError) as caught:
        read_score_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value) and "dvc repro" in str(caught.value)


def test_half_a_file_and_no_file(write, tmp_path):
    path = write()
    path.write_text(path.read_text()[:100])
    with pytest.raises(ScoreFileError, match="damaged"):
        read_score_file(path)
    with pytest.raises(ScoreFileError, match="is missing"):
        read_score_file(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"game": "Alien"}, "is of the game Alien, not Assault"),
        ({"env_steps": 750}, "same agent, seed and budget"),
        ({"frame_skip": 5}, "frame_skip"),
        ({"max_env_steps": 50}, "max_env_steps"),
        ({"sample_actions": True}, "sample_actions"),
    ],
)
def test_files_that_do_not_belong_together(write, changes, words):
    first = write()
    second = write(**({"env_steps": 1500} | changes), name="second.json")
    with pytest.raises(ScoreFileError, match=words) as caught:
        read_scores([first, second], "Assault")
    assert str(second) in str(caught.value)


def test_no_files_at_all():
    with pytest.raises(ScoreFileError, match="no score files"):
        read_scores([], "Assault")
