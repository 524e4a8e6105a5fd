"""What the figure of score against frames shows, and that the same scores draw the same bytes."""

import pandas as pd
import pytest

from efficientzero.games import find_game
from efficientzero.scaling import curve_table, draw_curve, save_figure
from efficientzero.scaling.tables import SCORE_COLUMNS


def score_rows(game="Assault", seeds=(0,), capped=None, frame_skip=4, scale=1.0):
    rows = [
        {
            "game": game, "agent": agent, "seed": seed, "env_steps": steps, "frames": steps * frame_skip,
            "score": scale * (base + 30 * number + 5 * seed), "standard_error": 4.0, "episodes": 10,
            "truncated": 0, "max_env_steps": capped, "sample_actions": False,
            "random_score": 220.0, "human_normalised": 0.1, "updates": 1, "parameters": 1,
        }
        for agent, base in (("efficientzero", 260.0), ("muzero_reanalyze", 250.0))
        for seed in seeds
        for number, steps in enumerate([750, 1500, 3000])
    ]  # fmt: skip
    return pd.DataFrame(rows)[SCORE_COLUMNS].astype({"max_env_steps": "Int64"})


def draw(random_score=220.0, game="Assault", **options):
    table = score_rows(game, **options)
    return draw_curve(table, curve_table(table), find_game(game), random_score)


def texts(figure):
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def labels(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_ticks_stand_at_the_budgets_and_minutes_above_them():
    figure = draw()
    axes = figure.axes[0]
    figure.canvas.draw()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["3,000", "6,000", "12,000"]
    (minutes,) = axes.child_axes
    assert [label.get_text() for label in minutes.get_xticklabels()] == ["0.8", "1.7", "3.3"]
    assert figure.get_suptitle().startswith("Assault")


def test_agents_differ_in_marker_and_dashes_as_well_as_colour():
    one, other = [line for line in draw().axes[0].lines if len(line.get_xdata()) == 3]
    assert one.get_marker() != other.get_marker()
    assert one.get_linestyle() != other.get_linestyle()
    assert one.get_color() != other.get_color()


def test_lines_are_the_means_and_seeds_stand_apart():
    single, several = draw().axes[0], draw(seeds=(0, 1, 2)).axes[0]
    assert len(single.collections) == 2  # for each agent the bars over episodes
    low, high = single.collections[0].get_segments()[0][:, 1]
    assert (low, high) == (256.0, 264.0)
    assert len(several.collections) == 4  # for each agent the points of the seeds and the band
    assert list(several.lines[0].get_ydata()) == [265.0, 295.0, 325.0]


def test_reference_lines():
    assert labels(draw()) == ["EfficientZero", "MuZero-Reanalyze", "random play, measured here"]  # human: 742
    assert "human, from the literature" in labels(draw(scale=2.0))
    assert "human, from the literature" not in labels(draw(scale=2.0, capped=50))
    assert "random play, measured here" not in labels(draw(random_score=None))


def test_cut_episodes_are_noted():
    assert any("cut after 1,000 env steps" in text for text in texts(draw(capped=1000)))
    assert not any("cut after" in text for text in texts(draw()))


def test_minatar_has_no_minutes_of_play():
    figure = draw(game="minatar/breakout", frame_skip=1)
    assert figure.axes[0].child_axes == []
    assert "env steps" in figure.axes[0].get_xlabel()


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_same_scores_give_the_same_bytes(tmp_path, suffix):
    paths = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
    for path in paths:
        save_figure(draw(seeds=(0, 1)), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"dc:date" not in paths[0].read_bytes()


def test_flat_scores_of_one_budget_are_drawn():
    table = score_rows().query("env_steps == 750").assign(score=0.0)
    figure = draw_curve(table, curve_table(table), find_game("Assault"), 0.0)
    figure.canvas.draw()
