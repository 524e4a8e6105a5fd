"""The figure of exponent ratios: every interval in its row, refusals in words."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from changed_findings import changed, refused
from figure_texts import drawn_twice, texts, written
from score_tables import THREE, simulated_table

from efficientzero.scaling import analyse
from efficientzero.scaling.figures.exponents import NAMES, WIDEST, draw_exponents
from efficientzero.scaling.figures.style import save_figure
from efficientzero.scaling.findings import EXPONENT, METHODS
from efficientzero.scaling.refused import Refused


def intervals(axes):
    """(row, low, high) of the lines of intervals."""
    lines = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_ydata()[0] == line.get_ydata()[1]]
    return {(round(float(line.get_ydata()[0]), 2), *map(float, line.get_xdata())) for line in lines
            if line.get_color() != "0.8"}  # fmt: skip


def test_every_interval_stands_in_the_row_of_its_method_and_ceiling(analysis):
    figure = draw_exponents(analysis)
    for pair, axes in zip(analysis.pairs, figure.axes, strict=True):
        low, high = axes.get_xlim()
        found = intervals(axes)
        for row, (ceiling, method) in enumerate(product(("human", "best"), NAMES)):
            for estimand, shift in (("these games", -0.17), ("games like these", 0.17)):
                ratio = analysis.findings[analysis.place(pair.second, ceiling, estimand), EXPONENT + method]
                if not ratio.refused:
                    ends = max(ratio.low, low), min(ratio.high, high)
                    assert (round(row + shift, 2), *ends) in found
        assert axes.get_title().endswith(f": {pair.word}")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == "transform-free, human ceiling" and labels[-1] == "own asymptotes too (M3), best ceiling"


def test_minatar_has_rows_of_its_own_ceilings():
    table = simulated_table(names=("minatar/breakout", "minatar/freeway"), agents=THREE[:2])
    figure = draw_exponents(analyse(table, resamples=60))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(labels) == 2 * len(NAMES)
    assert labels[0] == "transform-free, published DQN ceiling"
    assert labels[-1] == "own asymptotes too (M3), best published ceiling"


def test_a_single_refused_ratio_is_written_and_wide_intervals_have_arrows(analysis):
    where = {"ceiling": "human", "estimand": "these games"}
    found = refused(analysis.findings, EXPONENT + "transform-free", "flat", **where)
    wide = changed(found, EXPONENT + "M1", **where, estimate=1.1, low=np.exp(-9.0), high=np.exp(9.0))
    figure = draw_exponents(replace(analysis, findings=wide))
    assert "refused" in texts(figure)
    axes = figure.axes[0]
    assert axes.get_xlim() == WIDEST
    arrows = {line.get_marker(): float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() in ("<", ">")}
    assert arrows["<"] == WIDEST[0] and arrows[">"] == WIDEST[1]


def test_one_game_shows_one_estimand_in_the_middle_of_its_row(analysis):
    found = analysis.findings
    for method in METHODS:
        found = refused(found, EXPONENT + method, "one game", estimand="games like these")
    figure = draw_exponents(replace(analysis, findings=found))
    assert {row % 1 for row, *_ in intervals(figure.axes[0])} == {0}
    assert "other games like these" not in texts(figure) and "other seeds on these games" in texts(figure)


def test_refused_altogether_is_a_card(one_game_one_seed):
    figure = draw_exponents(one_game_one_seed)
    assert written(figure, "Not shown: ") and written(figure, "one seed only")
    assert written(draw_exponents(Refused("there is only one agent")), "Not shown: there is only one agent")


@pytest.mark.parametrize("fixture", ["analysis", "one_game_one_seed"])
def test_the_same_analysis_gives_the_same_bytes(fixture, request, tmp_path):
    content = request.getfixturevalue(fixture)
    for one, other in drawn_twice(lambda: draw_exponents(content), tmp_path, save_figure):
        assert one == other


def test_a_refusal_calls_agents_by_their_names():
    figure = draw_exponents(Refused("efficientzero and muzero_reanalyze ran with one seed; random play is no agent"))
    (said,) = [text for text in texts(figure) if text.startswith("Not shown")]
    assert said == "Not shown: EfficientZero and MuZero-Reanalyze ran with one seed; random play is no agent"
