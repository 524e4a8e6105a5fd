"""The figure of drift by age."""

import pandas as pd
from figure_texts import drawn_twice, written

from efficientzero.scaling.figures.drift import FAINT, draw_drift
from efficientzero.scaling.figures.style import save_figure
from efficientzero.scaling.instruments import DRIFT_COLUMNS


def drift():
    rows = [
        (agent, budget, age, max(age, 2 * age - 1), 2, 10, 0.1 * number + 0.01 * age, 0.2 + 0.01 * age)
        for number, agent in enumerate(("efficientzero", "muzero_reanalyze"))
        for budget in (100, 200)
        for age in (0, 1, 2, 4)
    ]
    return pd.DataFrame(rows, columns=DRIFT_COLUMNS)


def test_a_line_per_agent_and_budget_the_largest_in_full():
    figure = draw_drift(drift(), 4)
    policies, values = figure.axes
    assert len(policies.lines) == len(values.lines) == 4
    full = [line for line in policies.lines if line.get_alpha() == 1.0]
    assert [line.get_label() for line in full] == ["EfficientZero", "MuZero-Reanalyze"]
    assert list(full[1].get_xdata()) == [0, 1, 2, 3]
    assert list(full[1].get_ydata()) == [0.1, 0.11, 0.12000000000000001, 0.14]
    assert sum(line.get_alpha() == FAINT for line in policies.lines) == 2
    assert values.lines[0].get_ydata()[0] == 0.2
    assert written(figure, "after 800 frames, then over 2 runs (faint: after 400)")
    assert len({line.get_marker() for line in full}) == 2


def test_nothing_searched_again_is_a_card():
    assert written(draw_drift(drift()[:0], 4), "Not shown: no agent of this experiment searched its replay again")


def test_the_same_drift_gives_the_same_bytes(tmp_path):
    for one, other in drawn_twice(lambda: draw_drift(drift(), 4), tmp_path, save_figure):
        assert one == other
