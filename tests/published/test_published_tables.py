"""Every table in the checkout loads, is small, keeps its promises and can be fed to the analysis."""

import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from efficientzero.games import find_game, suite
from efficientzero.published import (
    atari_fifty,
    best_scores,
    board_game_frontier,
    efficientzero_value_errors,
    final_scores,
    list_published,
    published_curves,
    reported_aggregates,
    scores,
)

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "data" / "published"
SCORE_COLUMNS = [
    "game", "agent", "seed", "frames", "score", "human_normalised", "runs", "standard_deviation", "measure",
    "publication", "source",
]  # fmt: skip


@pytest.fixture(scope="module")
def listed():
    return list_published().set_index("name")


@pytest.fixture(scope="module")
def curves(listed):
    return {name: published_curves(name) for name in listed.index[listed.loader == "published_curves"]}


def test_every_file_is_listed_and_every_listed_table_is_a_file(listed):
    files = Counter(path.name.removesuffix(".csv.gz") for path in FOLDER.rglob("*.csv.gz"))
    assert files == Counter(listed.index)


def test_the_folder_is_small_and_git_does_not_ignore_it():
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000
    names = [str(path.relative_to(ROOT)) for path in files]
    ignored = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True)
    assert (ignored.returncode, ignored.stdout) == (1, "")


def test_compressed_files_depend_on_nothing_but_their_content():
    for path in FOLDER.rglob("*.csv.gz"):
        header = path.read_bytes()[:10]
        assert header[3] == 0, f"{path} holds a file name"
        assert header[4:8] == b"\0\0\0\0", f"{path} holds a time"


def test_the_list_says_how_much_there_is(listed):
    row = listed.loc["dopamine_log_budgets"]
    assert (row.games, row.budgets, row.seeds) == (55, 15, 5)
    assert row.methods == "C51; DQN; IQN; Rainbow"
    assert (listed.loc["final_scores"].games, listed.loc["final_scores"].seeds) == (62, 100)
    assert pd.isna(listed.loc["board_game_frontier"].games)


def test_curves_are_tables_of_scores_with_every_budget_of_every_game(curves):
    for name, table in curves.items():
        assert list(table.columns) == SCORE_COLUMNS, name
        assert (table.frames > 0).all() and np.isfinite(table.score).all(), name
        cells = table.groupby(["agent", "game", "seed"]).frames.agg(tuple)
        assert cells.nunique() == 1, name
        assert set(table.groupby("agent").game.nunique()) == {table.game.nunique()}, name
        assert {find_game(game).family for game in table.game} == {"ale"}, name


def test_human_normalised_is_of_the_same_constants_as_everywhere(curves):
    table = curves["dopamine_200m"]
    game = find_game("Alien")
    row = table[(table.game == "Alien") & (table.agent == "IQN") & (table.frames == 199_000_000)].iloc[0]
    assert row.human_normalised == (row.score - game.random_score) / (game.human_score - game.random_score)
    assert table[table.game == "AirRaid"].human_normalised.isna().all()  # nobody has published its human score
    assert table[table.game != "AirRaid"].groupby("game").human_normalised.count().max() == 6 * 20


def test_two_tables_of_the_same_runs_agree(curves):
    """Dopamine's table by run was taken from human-normalised scores, its table of means from raw ones. Up to 4M frames
    both are the return of a single iteration, so that a wrong reference score of any game would show."""
    by_run, means = (
        table[table.frames <= 4_000_000].groupby(["agent", "game", "frames"]).score.mean()
        for table in (curves["dopamine_log_budgets"], curves["dopamine_200m"])
    )
    by_run, means = by_run.align(means, join="inner")
    assert len(by_run) == 4 * 55 * 4
    span = pd.Series({game: find_game(game).human_score - find_game(game).random_score for game in suite("atari57")})
    assert (abs(by_run - means) / by_run.index.get_level_values("game").map(span)).max() < 2e-4


def test_efficientzero_before_and_after_the_last_updates(curves):
    """The curve ends lower than the published score, which includes 20,000 updates after the last frame."""
    collecting = curves["efficientzero_100k"].query("frames == 400_000").human_normalised
    finished = curves["efficientzero_100k_finished"].groupby("agent").human_normalised
    assert (collecting.mean(), collecting.median()) == pytest.approx((1.41, 0.85), abs=0.01)
    assert finished.mean()["EfficientZero, 20k more updates"] == pytest.approx(1.95, abs=0.01)
    assert finished.median()["EfficientZero, 20k more updates"] == pytest.approx(1.12, abs=0.01)


def test_digitised_scores_agree_with_the_printed_ones(curves):
    table = curves["efficientzero_100k_finished"]
    figure = table[table.agent == "EfficientZero, 20k more updates"].set_index("game").score
    scores = final_scores()
    printed = scores[(scores.agent == "EfficientZero")].set_index("game").score
    axis = curves["efficientzero_100k"].groupby("game").score.agg(np.ptp).combine(abs(figure), max)
    relative = abs(figure - printed) / axis
    assert len(relative) == 26
    assert list(relative[relative > 0.015].index) == ["Qbert"]  # 14,439 in the figure and 13,781.9 in the table


def test_final_scores_are_runs_where_there_are_runs():
    scores = final_scores()
    assert list(scores.columns) == SCORE_COLUMNS
    groups = scores.groupby(["publication", "agent"])
    several = groups.seed.nunique() > 1
    assert several.sum() == 17
    assert (groups.runs.max()[several] == 1).all()
    of_100k = scores[scores.frames == 400_000]
    assert (of_100k.groupby(["publication", "agent"]).game.unique().map(set) == set(suite("atari26"))).all()


def test_best_scores_say_whose():
    record, agent, at_200m = (best_scores(name) for name in ("human record", "agent", "agent at 200M frames"))
    assert set(record) == set(suite("atari57")) - {"Surround"}
    assert (record["Pong"], record["Breakout"], record["Qbert"]) == (21, 864, 2_400_000)
    assert set(suite("atari57")) <= set(agent) and set(at_200m) <= set(agent)
    assert all(at_200m[game] <= agent[game] for game in at_200m)
    assert agent["Asteroids"] == 678_559  # MuZero; a copy of its table misprints this game as 6,785,560
    assert (agent["Alien"], at_200m["Alien"]) == (741_813, 9491.7)  # MuZero's and Rainbow's
    assert all(record[game] > find_game(game).human_score for game in record)
    assert best_scores() == record


def test_an_agent_counts_with_its_mean_and_only_if_its_frames_are_known(monkeypatch):
    rows = [("A", 0, 400, 1.0), ("A", 1, 400, 5.0), ("B", 0, 400, 4.0), ("C", 0, None, 9.0), ("D", 0, 10**9, 8.0)]
    table = pd.DataFrame(rows, columns=["agent", "seed", "frames", "score"]).astype({"frames": "Int64"})
    monkeypatch.setattr(scores, "final_scores", lambda: table.assign(publication="P", game="Alien"))
    assert best_scores("agent at 200M frames") == {"Alien": 4.0}
    assert best_scores("agent") == {"Alien": 9.0}


def test_the_other_tables():
    values = (
        efficientzero_value_errors()
        .dropna(subset="frames")
        .pivot(index="frames", columns="agent", values="value_error")
    )
    assert list(values.index) == [80_000, 160_000, 240_000, 320_000, 400_000]
    with_correction, without = (
        values[f"EfficientZero, value target {word} correction"] for word in ("with", "without")
    )
    assert (with_correction < without).all()
    question = atari_fifty()
    assert question["frames"] == question["play_minutes"] * 60 * question["frames_per_second"] == 72_000
    assert set(board_game_frontier().groupby("board_size").size()) == {101}
    aggregates = reported_aggregates()
    ablations = aggregates[aggregates.publication == "Ye et al. 2021 (EfficientZero), Table 3"]
    assert dict(ablations[ablations.statistic == "mean"].set_index("agent").value) == {
        "EfficientZero w/o consistency": 0.881,
        "EfficientZero w/o value prefix": 1.482,
        "EfficientZero w/o off-policy correction": 1.475,
    }
    assert set(aggregates.games) == {"atari26", "atari57"}
    assert set(aggregates.statistic) == {"mean", "median", "iqm over runs", "iqm over games", "games above human"}
