"""Figures of MinAtar say what they are normalised by, and name no human."""

import pandas as pd
import pytest
from figure_texts import texts
from score_tables import THREE, simulated_table

from efficientzero.games import find_game, suite
from efficientzero.scaling import analyse, curve_table, draw_frames_ratio, draw_games
from efficientzero.scaling.figures.axes import reference_line
from efficientzero.scaling.reference_scores import minatar_scale


@pytest.fixture(scope="module")
def table():
    table = simulated_table(names=suite("minatar"), agents=THREE[:2])
    return table.assign(env_steps=table.frames, human_normalised=float("nan"), updates=1, parameters=1,
                        training_flops=1_000, max_env_steps=pd.NA)  # fmt: skip


def test_the_mean_over_games_is_normalised_by_published_dqn(table):
    figure = draw_games(curve_table(table), analyse(table, resamples=60))
    said = " ".join(" ".join(texts(figure)).split())
    assert "(0: random play, 1: published DQN score)" in said
    assert "normalised by random play measured here and the published score of DQN (Wu and Ren 2026)" in said
    assert "dotted: the published score of DQN" in said
    assert "human score" not in said.replace("no human scores", "")


def test_levels_are_up_to_published_dqn(table):
    said = " ".join(" ".join(texts(draw_frames_ratio(analyse(table, resamples=60)))).split())
    assert "level (0: random play, 1: published DQN score)" in said


def test_the_dotted_line_is_of_the_family():
    assert reference_line(find_game("minatar/breakout")).score == minatar_scale("minatar/breakout").dqn
    assert reference_line(find_game("Pong")).score == find_game("Pong").human_score
    assert reference_line(find_game("AirRaid")) is None
