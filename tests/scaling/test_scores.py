"""The table of scores: exact figures, and a clear refusal of files that are wrong or do not belong together."""

import json
import math

import pandas as pd
import pytest
from score_files import score_content

from efficientzero.games import find_game
from efficientzero.records.files import RecordError
from efficientzero.scaling import curve_table, printed_table, random_score, read_scores, score_table


@pytest.fixture
def write(tmp_path):
    """Writes a score file of the given returns and gives its path."""

    def write(name=None, **fields):
        content = score_content(**fields)
        path = tmp_path / (name or f"{content['agent']}-{content['seed']}-{content['env_steps']}.json")
        path.write_text(json.dumps(content))
        return path

    return write


def tabulated(scores, game):
    """The score table where every point of the curve took 2 CPU-seconds and 3 wall-seconds."""
    points = scores[scores.env_steps > 0][["agent", "seed", "env_steps"]]
    return score_table(scores, game, points.assign(cpu_seconds=2.0, wall_seconds=3.0))


def test_numbers_of_a_score(write):
    scores = read_scores([write(env_steps=0, returns=[0.0, 2.0]), write(returns=[100.0, 300.0])], "Assault")
    game = find_game("Assault")
    assert game.random_score is not None and game.human_score is not None
    (row,) = tabulated(scores, game).to_dict("records")
    assert (row["env_steps"], row["frames"], row["updates"], row["episodes"]) == (750, 3000, 187, 2)
    assert row["score"] == 200.0
    assert row["standard_error"] == pytest.approx(100.0)  # sd 141.4 over the root of 2 episodes
    assert row["random_score"] == random_score(tabulated(scores, game)) == 1.0
    assert row["human_normalised"] == pytest.approx((200 - 222.4) / (742.0 - 222.4))
    assert (row["parameters"], row["training_flops"]) == (1000, 30_000)


def test_the_seconds_of_a_point_stand_beside_its_score_in_the_last_columns(write):
    points = [("efficientzero", 0, 750), ("efficientzero", 0, 1500), ("efficientzero", 1, 750), ("rainbow", 0, 750)]
    scores = read_scores([write(agent=agent, seed=seed, env_steps=steps) for agent, seed, steps in points], "Assault")
    costs = pd.DataFrame(points, columns=["agent", "seed", "env_steps"])
    costs = costs.assign(cpu_seconds=[1.0, 2.0, 3.0, 4.0], wall_seconds=[5.0, 6.0, 7.0, 8.0])[::-1]
    table = score_table(scores, find_game("Assault"), costs)
    assert list(table.columns[-2:]) == ["cpu_seconds", "wall_seconds"]
    assert list(table.cpu_seconds) == [1.0, 2.0, 3.0, 4.0]
    assert list(table.wall_seconds) == [5.0, 6.0, 7.0, 8.0]


def test_the_curve_has_the_exact_costs_only_as_whole_numbers(write):
    operations = [3_000_000_000_000_000, 3_000_000_000_000_002, 3_000_000_000_000_003]
    paths = [write(seed=seed, training_flops=value, updates=180 + seed) for seed, value in enumerate(operations)]
    curve = curve_table(tabulated(read_scores(paths, "Assault"), find_game("Assault")))
    assert list(curve.columns) == [
        "game", "agent", "env_steps", "frames", "seeds", "score", "standard_error", "human_normalised",
        "updates", "parameters", "training_flops",
    ]  # fmt: skip
    (row,) = curve.to_dict("records")
    assert (row["updates"], row["parameters"], row["training_flops"]) == (181, 1000, 3_000_000_000_000_002)
    assert "3000000000000002" in curve.to_csv(float_format="%.6g")


def test_the_printed_table_has_the_mean_cost_beside_the_score(write):
    paths = [write(agent="dqn", seed=seed, returns=[10.0 * seed]) for seed in (1, 3)]
    scores = read_scores(paths, "Assault")
    costs = scores[["agent", "seed", "env_steps"]].assign(cpu_seconds=[1000.0, 2000.0], wall_seconds=[500.0, 700.0])
    heading, row = printed_table(score_table(scores, find_game("Assault"), costs)).splitlines()
    assert heading.split()[:3] == ["agent", "frames", "score"]
    assert row.split() == ["dqn", "3000", "20", "10", "-0.390", "1,500", "600", "3e+04", "187", "1,000"]


def test_the_curve_is_the_mean_over_seeds(write):
    paths = [write(seed=seed, returns=[value]) for seed, value in enumerate([10.0, 20.0, 60.0])]
    (row,) = curve_table(tabulated(read_scores(paths, "Assault"), find_game("Assault"))).to_dict("records")
    assert (row["agent"], row["frames"], row["seeds"], row["score"]) == ("efficientzero", 3000, 3, 30.0)
    assert row["standard_error"] == pytest.approx(math.sqrt(700 / 3))


def test_one_seed_or_one_episode_has_no_standard_error(write):
    table = tabulated(read_scores([write(returns=[5.0])], "Assault"), find_game("Assault"))
    assert math.isnan(table.standard_error[0])
    assert math.isnan(curve_table(table).standard_error[0])
    assert math.isnan(table.random_score[0])


def test_cut_episodes_are_not_normalised_by_whole_games(write):
    table = tabulated(read_scores([write(max_env_steps=50)], "Assault"), find_game("Assault"))
    assert math.isnan(table.human_normalised[0])
    assert table.max_env_steps[0] == 50


def test_a_game_without_reference_scores_is_not_normalised(write):
    path = write(game="minatar/breakout", frame_skip=1, frames=750)
    table = tabulated(read_scores([path], "minatar/breakout"), find_game("minatar/breakout"))
    assert math.isnan(table.human_normalised[0])


def test_agents_and_seeds_keep_their_order(write):
    paths = [write(agent=agent, seed=seed) for agent in ("muzero_reanalyze", "efficientzero") for seed in (2, 1)]
    table = tabulated(read_scores(paths, "Assault"), find_game("Assault"))
    assert list(zip(table.agent, table.seed, strict=True)) == [
        ("muzero_reanalyze", 2), ("muzero_reanalyze", 1), ("efficientzero", 2), ("efficientzero", 1)
    ]  # fmt: skip
    assert list(curve_table(table).agent) == ["muzero_reanalyze", "efficientzero"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"game": "Alien"}, "is of the game Alien, not Assault"),
        ({"env_steps": 750}, "same agent, seed and milestone"),
        ({"frame_skip": 5}, "frame_skip"),
        ({"max_env_steps": 50}, "max_env_steps"),
        ({"sample_actions": True}, "sample_actions"),
    ],
)
def test_files_that_do_not_belong_together(write, changes, words):
    first = write()
    second = write(**({"env_steps": 1500} | changes), name="second.json")
    with pytest.raises(RecordError, match=words) as caught:
        read_scores([first, second], "Assault")
    assert str(second) in str(caught.value)


def test_no_files_at_all():
    with pytest.raises(RecordError, match="no score files"):
        read_scores([], "Assault")
