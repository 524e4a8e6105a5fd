"""The figure of human-normalised scores over games shows each agent at its own budgets, and never different games."""

import pandas as pd
import pytest
from matplotlib.figure import Figure

from efficientzero.published import published_curves
from efficientzero.scaling import ScalingInputError, draw_human_normalised


@pytest.fixture(scope="module")
def efficientzero():
    return pd.concat([published_curves("efficientzero_100k"), published_curves("efficientzero_100k_finished")])


def lines(figure: Figure):
    return {line.get_label(): line for line in figure.axes[0].lines}


def texts(figure: Figure):
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def own(human_normalised, agent="efficientzero", games=("Alien", "Pong"), frames=1500):
    rows = [(agent, game, seed, frames, value) for game in games for seed, value in enumerate(human_normalised)]
    return pd.DataFrame(rows, columns=["agent", "game", "seed", "frames", "human_normalised"])


def test_the_published_means_of_efficientzero(efficientzero):
    drawn = lines(draw_human_normalised(efficientzero))
    assert list(drawn["EfficientZero"].get_xdata()) == [40_000 * budget for budget in range(1, 11)]
    assert drawn["EfficientZero"].get_ydata()[-1] == pytest.approx(1.407, abs=5e-4)
    assert drawn["EfficientZero, 20k more updates"].get_ydata() == pytest.approx([1.947], abs=5e-4)
    assert drawn["EfficientZero, 20k more updates"].get_linestyle() == "None"
    drawn = lines(draw_human_normalised(efficientzero, "median"))
    assert drawn["EfficientZero, 20k more updates"].get_ydata() == pytest.approx([1.116], abs=5e-4)


def test_a_game_counts_once_however_many_seeds_it_has():
    table = pd.concat([own([0.0, 1.0], games=["Alien"]), own([0.3], games=["Pong"])])
    assert lines(draw_human_normalised(table))["EfficientZero"].get_ydata() == pytest.approx([0.4])


def test_published_markers_are_hollow_and_both_measures_are_named(efficientzero):
    figure = draw_human_normalised(pd.concat([own([0.1], games=efficientzero.game.unique()), efficientzero]))
    assert [line.get_markerfacecolor() for line in figure.axes[0].lines][:2] == ["#0072B2", "white"]
    assert "Measures differ" in texts(figure) and "evaluation episodes: EfficientZero, EfficientZero, 10k" in texts(
        figure
    )
    assert "finished at that budget: efficientzero." in texts(figure)


def test_eight_unknown_agents_look_different():
    figure = draw_human_normalised(pd.concat([own([0.1], agent=f"agent {number}") for number in range(8)]))
    looks = {(line.get_color(), line.get_marker()) for line in figure.axes[0].lines[:8]}
    assert len(looks) == 8


def test_one_game_is_named():
    figure = draw_human_normalised(own([0.1], games=["Pong"]))
    assert "Pong" in figure.get_suptitle() and figure.axes[0].get_ylabel().startswith("score")


def test_agents_of_different_games_are_refused():
    table = pd.concat([own([0.1]), own([0.2], agent="dqn", games=["Alien"], frames=3000)])
    with pytest.raises(ScalingInputError, match="dqn at 3,000 frames: has no score of Pong"):
        draw_human_normalised(table)


def test_games_without_a_human_score_are_refused():
    with pytest.raises(ScalingInputError, match="minatar/breakout: has no human-normalised score"):
        draw_human_normalised(own([float("nan")], games=["minatar/breakout"]))


def test_another_table_is_refused():
    with pytest.raises(ScalingInputError, match="lacks human_normalised"):
        draw_human_normalised(own([0.1]).drop(columns="human_normalised"))
