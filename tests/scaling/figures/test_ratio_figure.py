"""The figure of the ratio of frames: what is drawn, and what is said where nothing can be."""

from dataclasses import replace

import numpy as np
import pytest
from changed_findings import refused
from figure_texts import drawn_twice, texts, written

from efficientzero.scaling.figures.frames_ratio import draw_frames_ratio
from efficientzero.scaling.figures.style import save_figure
from efficientzero.scaling.findings import FRAMES
from efficientzero.scaling.refused import Refused


def panels(figure):
    return [axes for axes in figure.axes if axes.axison]


def curve(axes):
    return next(line for line in axes.lines if len(line.get_xdata()) > 10 and line.get_linestyle() == "-")


def test_a_panel_for_each_other_agent_with_the_ratios_of_the_analysis(analysis):
    figure = draw_frames_ratio(analysis)
    assert [axes.get_title() for axes in panels(figure)] == ["MuZero-Reanalyze", "Rainbow (data-efficient)"]
    for pair, axes in zip(analysis.pairs, panels(figure), strict=True):
        levels = analysis.findings.levels(analysis.place(pair.second), FRAMES + "curve")
        seen = [each for each in levels if not each.refused]
        assert list(curve(axes).get_xdata()) == [each.level for each in seen]
        assert list(curve(axes).get_ydata()) == [each.estimate for each in seen]
        band = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert np.isclose(band.min(), min(each.low for each in seen))
        assert axes.get_yscale() == "log" and axes.get_ylim()[0] < 1
        assert any(list(line.get_ydata()) == [1.0, 1.0] for line in axes.lines)
        typical = np.exp(np.mean([np.log(each.estimate) for each in seen]))
        assert f"mean {typical:.2g}×" in texts(figure)
    assert written(figure, "95 % interval, other seeds on these games; dotted: other games like these")
    assert written(figure, "1: human score")


def test_a_refused_pair_has_its_reason_in_its_panel(analysis):
    found = refused(analysis.findings, FRAMES + "curve", "no common level at all", second=analysis.agents[2])
    figure = draw_frames_ratio(replace(analysis, findings=found))
    assert len(panels(figure)) == 1 and written(figure, "Not shown: no common level at all")


def test_one_seed_of_one_game_is_a_card_with_the_reason(one_game_one_seed):
    figure = draw_frames_ratio(one_game_one_seed)
    assert panels(figure) == [] and written(figure, "Not shown: ") and written(figure, "one seed only")
    assert written(draw_frames_ratio(Refused("there is only one agent")), "Not shown: there is only one agent")


@pytest.mark.parametrize("fixture", ["analysis", "one_game_one_seed"])
def test_the_same_analysis_gives_the_same_bytes(fixture, request, tmp_path):
    content = request.getfixturevalue(fixture)
    for one, other in drawn_twice(lambda: draw_frames_ratio(content), tmp_path, save_figure):
        assert one == other
