"""What the figures of score against frames and compute show, and that the same scores draw the same bytes."""

from functools import cache

import pandas as pd
import pytest

from efficientzero.games import find_game
from efficientzero.published import published_curves
from efficientzero.scaling import (
    Refused,
    analyse,
    curve_table,
    draw_curve,
    draw_games,
    published_points,
    save_figure,
)
from efficientzero.scaling.figures.style import KNOWN, appearances
from efficientzero.scaling.scores import SCORE_COLUMNS

TWO = ("efficientzero", "muzero_reanalyze")
SEVEN = (*TWO, "rainbow", "rainbow_classic", "dqn", "model_free_muzero", "ppo")


def score_rows(game="Assault", seeds=(0,), capped=None, frame_skip=4, scale=1.0, agents=TWO, sampled=False):
    rows = [
        {
            "game": game, "agent": agent, "seed": seed, "env_steps": steps, "frames": steps * frame_skip,
            "frame_skip": frame_skip,
            "score": scale * (base + 30 * number + 5 * seed), "standard_error": 4.0, "episodes": 10,
            "truncated": 0, "max_env_steps": capped, "sample_actions": sampled,
            "random_score": 220.0, "human_normalised": 0.1, "updates": 1, "parameters": 1,
            "training_flops": 0 if agent == "random" else steps * 10 ** (9 - place) + 100 * seed,
            "cpu_seconds": 1.0, "wall_seconds": 1.0,
        }
        for place, agent in enumerate(agents)
        for base in [260.0 - 10 * place]
        for seed in seeds
        for number, steps in enumerate([750, 1500, 3000])
    ]  # fmt: skip
    return pd.DataFrame(rows)[SCORE_COLUMNS].astype({"max_env_steps": "Int64"})


def draw(random_score=220.0, game="Assault", x="frames", **options):
    table = score_rows(game, **options)
    return draw_curve(table, curve_table(table), find_game(game), random_score, x)


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


def curves(figure):
    """The agents' lines by their names in the legend."""
    return {line.get_label(): line for line in figure.axes[0].lines if len(line.get_xdata()) == 3}


@pytest.mark.parametrize("agents", [TWO, (*SEVEN, "random"), ("mine", "yours", "theirs")])
def test_agents_differ_in_marker_and_dashes_as_well_as_colour(agents):
    lines = curves(draw(agents=agents))
    assert len(lines) == len(agents)
    assert len({line.get_marker() for line in lines.values()}) == len(agents)
    assert len({line.get_color() for line in lines.values()}) == len(agents)
    looks = appearances(agents)
    assert len({repr(looks[agent].dashes) for agent in agents}) == len(agents)


def test_an_agent_looks_the_same_whatever_others_there_are():
    some, all_of_them = curves(draw(agents=("ppo", "mine", "rainbow"))), curves(draw(agents=(*SEVEN, "mine")))
    for name in ("PPO", "Rainbow (data-efficient)", "mine"):
        one, other = some[name], all_of_them[name]
        assert (one.get_color(), one.get_marker()) == (other.get_color(), other.get_marker())
        assert one.get_linestyle() == other.get_linestyle()


def test_names():
    assert [look.name for look in appearances(SEVEN).values()] == [
        "EfficientZero", "MuZero-Reanalyze", "Rainbow (data-efficient)", "Rainbow (2018)", "DQN", "model-free MuZero",
        "PPO",
    ]  # fmt: skip
    assert appearances(["random", "my_agent"])["my_agent"].name == "my agent"
    assert set(SEVEN) | {"random"} == set(KNOWN)


def test_many_agents_stand_side_by_side_around_the_budget_and_in_order():
    figure = draw(agents=SEVEN, seeds=(0, 1))
    first = [line.get_xdata()[0] for line in curves(figure).values()]
    assert first == sorted(set(first)) and first[3] == 3000.0
    assert first[0] > 3000 / 1.25 and first[-1] < 3000 * 1.25
    assert "The agents' points of one budget stand side by side." in figure.get_supxlabel()
    assert "bar: ± 1" in figure.get_supxlabel()
    assert "band: ± 1" in draw(seeds=(0, 1)).get_supxlabel()


def test_against_compute_every_agent_stands_at_its_own_operations():
    figure = draw(x="training_flops", seeds=(0, 1))
    lines = curves(figure)
    assert list(lines["EfficientZero"].get_xdata()) == [750e9 + 50, 1500e9 + 50, 3000e9 + 50]
    assert list(lines["MuZero-Reanalyze"].get_xdata()) == [750e8 + 50, 1500e8 + 50, 3000e8 + 50]
    axes = figure.axes[0]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "training compute (floating-point operations, log scale)"
    assert axes.child_axes == []
    low, high = axes.get_xlim()
    assert low < 750e8 and high > 3000e9
    assert figure.get_suptitle() == "Assault: score against training compute"
    assert "from left to right: after 3,000, 6,000, 12,000 frames" in figure.get_supxlabel()
    points = axes.collections[0].get_offsets()
    assert list(points[points[:, 0] > 2999e9][:, 0]) == [3000e9, 3000e9 + 100]
    many = curves(draw(x="training_flops", agents=SEVEN))
    assert list(many["PPO"].get_xdata()) == [750e3, 1500e3, 3000e3]


def test_a_narrow_span_of_compute_has_labels_between_the_powers_of_ten():
    table = score_rows(agents=TWO[:1])
    table.training_flops *= 3  # from 2.25e12 to 9e12
    axes = draw_curve(table, curve_table(table), find_game("Assault"), None, "training_flops").axes[0]
    axes.figure.canvas.draw()
    low, high = axes.get_xlim()
    shown = [text.get_text() for text in axes.get_xticklabels() if low <= text.get_position()[0] <= high]
    assert [text[text.index("{") + 1 : -2] for text in shown] == ["2\\times10^{12}", "5\\times10^{12}", "10^{13}"]
    assert not any(text.get_text() for text in axes.get_xticklabels(minor=True))


def test_the_random_agent_has_no_compute_and_is_only_a_line_of_reference():
    assert "random agent" in labels(draw(agents=("efficientzero", "random")))
    assert labels(draw(x="training_flops", agents=("efficientzero", "random"))) == [
        "EfficientZero", "random play, measured here"
    ]  # fmt: skip
    alone = draw(x="training_flops", agents=("random",))
    assert labels(alone) == ["random play, measured here"]
    assert "floating-point" in alone.axes[0].get_xlabel() and list(alone.axes[0].get_xticks()) == []
    draw(x="training_flops", agents=("random",), random_score=None).canvas.draw()


def test_drawn_actions_are_noted_without_a_word_of_search():
    assert (
        "Actions are drawn as in training; published scores take the best action." in draw(sampled=True).get_supxlabel()
    )
    assert "Actions" not in draw().get_supxlabel()


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


@pytest.mark.parametrize("x", ["frames", "training_flops"])
@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_same_scores_give_the_same_bytes(tmp_path, suffix, x):
    paths = [tmp_path / f"{number}.{suffix}" for number in (1, 2)]
    for path in paths:
        save_figure(draw(seeds=(0, 1), x=x), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"dc:date" not in paths[0].read_bytes()


def test_flat_scores_of_one_budget_are_drawn():
    table = score_rows().query("env_steps == 750").assign(score=0.0)
    for x in ("frames", "training_flops"):
        draw_curve(table, curve_table(table), find_game("Assault"), 0.0, x).canvas.draw()


def test_three_seeds_have_intervals_and_two_standard_errors():
    for seeds, factor, name in (((0, 1), 1.0, "± 1 standard error"), ((0, 1, 2), 4.302653, "95\u00a0%\u00a0interval")):
        figure = draw(seeds=seeds)
        band = figure.axes[0].collections[1].get_paths()[0].vertices[:, 1]
        table = curve_table(score_rows(seeds=seeds))
        own = table[table.agent == "efficientzero"].iloc[0]
        assert band.min() == pytest.approx(own.score - factor * own.standard_error)
        assert f"band: {name}" in figure.get_supxlabel().replace("\n", " ")


def test_published_points_stand_behind_within_the_budgets_and_of_the_same_agents():
    published = pd.DataFrame(
        [("efficientzero", 400, 1.0), ("efficientzero", 6000, 250.0), ("rainbow", 6000, 260.0),
         ("muzero_reanalyze", 90000, 9.0)],
        columns=["agent", "frames", "score"],
    )  # fmt: skip
    table = score_rows()
    figure = draw_curve(table, curve_table(table), find_game("Assault"), 220.0, published=published)
    names = [name for name in labels(figure) if "published" in name]
    assert names == ["EfficientZero, published"]
    (points,) = [line for line in figure.axes[0].lines if line.get_label() == names[0]]
    assert (list(points.get_xdata()), list(points.get_ydata())) == ([6000], [250.0])
    assert "Hollow: published scores" in figure.get_supxlabel()
    compute = draw_curve(table, curve_table(table), find_game("Assault"), 220.0, "training_flops", published)
    assert not any("published" in name for name in labels(compute))
    assert "Hollow" not in draw().get_supxlabel()


def test_published_points_are_means_over_runs_by_our_names():
    points = published_points("Alien")
    own = published_curves("efficientzero_100k").query("game == 'Alien' and agent == 'EfficientZero'")
    found = points[points.agent == "efficientzero"]
    assert set(own.frames) <= set(found.frames) and {"muzero_reanalyze", "rainbow"} <= set(points.agent)
    assert not points.duplicated(["agent", "frames"]).any()
    assert published_points("minatar/breakout").empty


@cache
def several_games():
    table = pd.concat([score_rows(game, (0, 1, 2)) for game in ("Alien", "Boxing", "Pong")], ignore_index=True)
    table["score"] += 300 * table.groupby(["game", "agent", "seed"]).cumcount()
    return table, analyse(table, resamples=20)


@pytest.mark.parametrize("x", ["frames", "training_flops"])
def test_several_games_have_an_aggregate_panel_and_a_panel_each(x):
    table, analysis = several_games()
    figure = draw_games(curve_table(table), analysis, x)
    large, *small = figure.axes
    assert [axes.get_title() for axes in small] == ["Alien", "Boxing", "Pong"]
    curves = analysis.curves["human"]
    lines = {line.get_label(): line for line in large.lines}
    assert list(lines["EfficientZero"].get_ydata()) == pytest.approx(list(curves.aggregate[0]))
    assert len(large.collections) == 2 and "other seeds on these games" in figure.get_supxlabel()
    own = table[(table.game == "Pong") & (table.agent == "efficientzero")].groupby("frames").score.mean()
    assert list(small[2].lines[0].get_ydata()) == pytest.approx(list(own))


def test_five_games_stand_beside_the_aggregate_and_begin_at_zero_where_no_score_is_below():
    games = ("Alien", "Boxing", "Breakout", "Freeway", "Pong")
    curve = curve_table(pd.concat([score_rows(game, (0, 1, 2)) for game in games], ignore_index=True))
    first = curve.index[curve.game == "Pong"][0]
    curve.loc[first, "score"] = -20.0
    large, *small = draw_games(curve, Refused("there is only one agent")).axes
    assert {axes.get_subplotspec().get_gridspec().nrows for axes in (large, *small)} == {2}
    assert [axes.get_ylim()[0] == 0.0 for axes in small] == [True, True, True, True, False]


def test_several_games_without_an_aggregate_say_why():
    figure = draw_games(curve_table(several_games()[0]), Refused("there is only one agent"))
    assert any("Not shown: there is only one agent" in text for text in texts(figure))
    assert len(figure.axes) == 4


def test_several_games_of_an_agent_that_does_not_train_have_no_figure_of_compute():
    table = several_games()[0].assign(training_flops=0)
    figure = draw_games(curve_table(table), Refused("there is only one agent"), "training_flops")
    assert any("Not shown: none of these agents trains" in text for text in texts(figure))
