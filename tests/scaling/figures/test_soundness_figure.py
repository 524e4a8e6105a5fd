"""The figure of soundness."""

import numpy as np
import pytest
from figure_texts import drawn_twice, written
from soundness_tables import BLIND, BROKEN, SOUND, rows, soundness

from efficientzero.scaling.figures.soundness import draw_soundness
from efficientzero.scaling.figures.style import save_figure


def table():
    return soundness(
        rows("efficientzero", 100, BLIND, runs=2),
        rows("efficientzero", 200, BROKEN, unseen=SOUND, runs=2),
        rows("muzero_reanalyze", 200, SOUND, runs=2),
        rows("model_free_muzero", 200, SOUND, model=False, runs=2),
    )


def lines(axes, style):
    """Those with a line of that style, and not the straight one of a threshold."""
    return [line for line in axes.lines if line.get_linestyle() == style and len(line.get_xdata()) > 2]


def test_a_row_per_agent_with_rewards_values_and_latents():
    figure = draw_soundness(table(), 4)
    assert len(figure.axes) == 9
    rewards, values, latents = figure.axes[:3]
    full, (games, *dashed) = lines(rewards, "-"), lines(rewards, "--")
    assert list(games.get_ydata()) == SOUND["evaluation"]  # those not learned from, at the largest budget
    assert len(full) == len(dashed) == 2  # a budget each
    assert list(full[1].get_ydata()) == BROKEN["evaluation"] and list(dashed[1].get_ydata()) == BROKEN["training"]
    assert list(full[1].get_xdata()) == [1, 2, 3, 4, 5]
    assert np.isnan(full[0].get_ydata()).all()  # undefined at the smaller one
    assert np.sum(full[0].get_color()) > np.sum(full[1].get_color())  # and paler
    assert lines(latents, "-")[1].get_ydata()[5] == pytest.approx(137 / 32)
    bias = [line for line in values.lines if line.get_marker() == "o"]
    assert list(bias[0].get_xdata()) == [400, 800] and bias[0].get_ydata()[1] == -0.8
    assert [line.get_ydata()[1] for line in values.lines if line.get_linewidth() > 2.0] == [SOUND["bias"][0]]
    assert written(figure, "MuZero-Reanalyze: latents") and written(figure, "after 400, 800 frames, paler where fewer")
    assert written(figure, "means over 2 runs")


def test_an_agent_without_a_model_has_values_alone():
    *_, rewards, values, latents = draw_soundness(table(), 4).axes
    assert values.lines and not rewards.lines and not latents.lines
    assert "no model" in rewards.texts[0].get_text().replace("\n", " ")


def test_few_rewards_are_hollow():
    few = BROKEN | {"rewarded": [20, 20, 4, 20, 20]}
    rewards = draw_soundness(rows("efficientzero", 100, few), 1).axes[0]
    (hollow,) = [line for line in rewards.lines if line.get_markerfacecolor() == "white"]
    assert list(hollow.get_xdata()) == [3]


def test_what_is_undefined_everywhere_is_left_out():
    rewards, values, latents = draw_soundness(rows("efficientzero", 100, BLIND), 1).axes
    for axes in (rewards, values):
        assert all(np.isnan(line.get_ydata()).all() for line in lines(axes, "-"))
    assert len(lines(latents, "-")[0].get_ydata()) == 6


def test_nothing_measured_is_a_card():
    assert written(draw_soundness(table()[:0], 4), "Not shown: no agent of this experiment has a model")


def test_the_same_soundness_gives_the_same_bytes(tmp_path):
    for one, other in drawn_twice(lambda: draw_soundness(table(), 4), tmp_path, save_figure):
        assert one == other
