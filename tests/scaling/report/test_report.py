"""The report page: valid, of itself, the same bytes; and what it says is what the analysis found."""

import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from html_outline import Outline
from import_graph import SOURCE
from report_table import FIGURES, compared, score_table, single_run, written

from efficientzero.scaling.analysis import analyse
from efficientzero.scaling.findings import EXPONENT, FRAMES, Findings, finding
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.power_laws.power import Design, Needed, Power
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report import write_report
from efficientzero.scaling.report.answers import TWENTY_MINUTES, TWO_HOURS, above_human
from efficientzero.scaling.report.score_tables import score_with_interval
from efficientzero.scaling.resampling import Interval
from efficientzero.scaling.words.names import named
from efficientzero.scaling.words.numbers import duration, in_brackets, number, play_time, power_of_ten, sentence
from efficientzero.scaling.words.verdicts import PairVerdict, headline

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Of two games and three seeds."""
    return Outline(written(tmp_path_factory.mktemp("page"), compared()).read_text("utf-8"))


@pytest.fixture(scope="module")
def poor_page(tmp_path_factory):
    """Of one game and one seed."""
    return Outline(written(tmp_path_factory.mktemp("poor"), single_run()).read_text("utf-8"))


def judged(analysis, word):
    """The same analysis with another word for every pair."""
    pairs = (
        replace(pair, verdicts={name: replace(verdict, word=word) for name, verdict in pair.verdicts.items()})
        for pair in analysis.pairs
    )
    return replace(analysis, pairs=tuple(pairs))


def test_says_what_was_to_be_expected_of_every_atari_game(tmp_path):
    table = score_table(games=("Pong", "AirRaid"), budgets=(400_000, 500_000))
    text = written(tmp_path, (table, Refused("there is no ceiling"))).read_text("utf-8")
    assert "What was to be expected at these budgets?" in text
    assert "had a score of 13.4 on Pong (human-normalised 0.96) at 400,000 frames, where its curve ends" in text
    assert "No learning curve of EfficientZero is published for AirRaid" in text
    minatar = written(tmp_path, (score_table(games=("minatar/freeway",)), Refused("no"))).read_text("utf-8")
    assert "to be expected" not in minatar
    others = written(tmp_path, (table, Refused("there is no ceiling")), published="lightzero_2m").read_text("utf-8")
    assert "to be expected" not in others


@pytest.mark.parametrize("found", [compared, single_run])
def test_is_a_sound_page(found, tmp_path):
    text = written(tmp_path, found()).read_text("utf-8")
    page = Outline(text)
    assert text.startswith("<!DOCTYPE html>\n")
    assert page.of("html")[0][1]["lang"] == "en"
    levels = [int(name[1]) for name, *_ in page.of("h1", "h2", "h3", "h4")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    identifiers = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    for _, attributes, _ in page.elements:
        assert attributes.get("href", "#answer").removeprefix("#") in identifiers
        assert attributes.get("aria-labelledby", "answer") in identifiers
    assert len(page.of("table")) == len(page.of("caption")) > 1
    assert all(attributes["scope"] in {"col", "row", "colgroup"} for _, attributes, _ in page.of("th"))
    assert {len(row) for row in page.rows("Cost of a run")} == {6}
    assert len(page.of("figure")) == len(page.of("figcaption")) == len(page.of("img")) == len(FIGURES)
    for _, attributes, _ in page.of("img"):
        assert attributes["src"].startswith("data:image/svg+xml;base64,") and len(attributes["alt"]) > 20
        assert (attributes["width"], attributes["height"]) == ("400", "200")  # CSS pixels of 300 x 150 points


def test_loads_nothing(tmp_path):
    text = written(tmp_path, compared()).read_text("utf-8")
    page = Outline(text)
    assert not page.of("script", "link", "iframe", "object", "embed", "base")
    addresses = [
        value for _, attributes, _ in page.elements for name, value in attributes.items() if name in ("src", "href")
    ]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "url(" not in text and "@import" not in text
    (policy,) = [each[1]["content"] for each in page.of("meta") if "http-equiv" in each[1]]
    assert policy.startswith("default-src 'none'") and "script" not in policy


def test_same_bytes_and_all_or_nothing(tmp_path):
    path = written(tmp_path, compared())
    first = path.read_bytes()
    assert written(tmp_path, compared()).read_bytes() == first
    (tmp_path / "broken.svg").write_text("no image")
    table, analysis = compared()
    for bad in (tmp_path / "broken.svg", tmp_path / "missing.svg"):
        with pytest.raises(ScalingInputError, match=rf"^figure exponents: .*{bad.name} .*; draw the figures"):
            write_report(path, analysis, {"exponents": bad}, table)
    assert path.read_bytes() == first and [each.name for each in path.parent.iterdir()] == [path.name]


def test_refuses_the_table_of_another_analysis(tmp_path):
    table, analysis = compared()
    for other in (table[table.agent == "efficientzero"], table[table.game == "Pong"]):
        with pytest.raises(ScalingInputError, match=r"^table: its agents or games are not those of the analysis"):
            written(tmp_path, (other, analysis))


def test_escapes_what_it_is_given(tmp_path):
    table, _ = single_run()
    found, figures = (table, Refused("<b>no</b> 'curve'")), ('"><b>',)
    versions = {"<b>": "&amp;"}
    page = Outline(
        written(tmp_path, found, figures, title="<b>frames</b> & scores", versions=versions).read_text("utf-8")
    )
    assert page.texts("title", "h1") == ["<b>frames</b> & scores"] * 2 and not page.of("b")
    assert "<b> &amp;." in page.section("method") and "<b>no</b> 'curve'." in page.section("verdict")
    assert page.of("figure")[0][1] == {"id": 'figure-"><b>'}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("exponent", "Exponent: EfficientZero climbs faster with frames than MuZero-Reanalyze (exponent 1.93 times"),
        ("offset", "Offset: at every level MuZero-Reanalyze needs the same multiple of the frames of EfficientZero, "),
        ("asymptote", "Asymptote: EfficientZero levels off at another score than MuZero-Reanalyze."),
        ("not identified", "Not identified: these runs cannot tell how the curve of EfficientZero differs from that of "
         "MuZero-Reanalyze."),
    ],
)  # fmt: skip
def test_says_the_verdict_in_one_sentence_at_the_top(word, said, tmp_path):
    table, analysis = compared()
    page = Outline(written(tmp_path, (table, judged(analysis, word))).read_text("utf-8"))
    answer = next(place for place, each in enumerate(page.elements) if each[1].get("id") == "answer")
    assert page.elements[answer][2].startswith(said)
    assert answer < next(place for place, each in enumerate(page.elements) if each[0] == "main")
    meanings = dict(zip(page.texts("dt")[:4], page.texts("dd")[:4], strict=True))
    assert set(meanings) == {"exponent", "offset", "asymptote", "not identified"} and all(meanings.values())
    (card,) = page.texts("article")
    assert f"{word} {sentence(analysis.pairs[0].reasons[0])}" in card


RATIO, NONE = Interval(1.93, 1.5, 2.4, 0.1, 5.0), Refused("flat")


def test_the_slower_agent_is_not_called_faster():
    slower = PairVerdict("exponent", "muzero_reanalyze", Interval(0.52, 0.42, 0.67, 0.1, 5.0), NONE)
    assert headline("efficientzero", [slower]) == (
        "Exponent: EfficientZero climbs more slowly with frames than MuZero-Reanalyze (exponent 0.52 times as large, "
        "interval 0.42 to 0.67)."
    )


def test_verdicts_of_several_agents_stand_side_by_side():
    words = (("exponent", "muzero_reanalyze"), ("not identified", "rainbow"), ("exponent", "dqn"))
    said = headline("efficientzero", [PairVerdict(*each, RATIO, NONE) for each in words])
    assert said.startswith("Exponent: EfficientZero climbs faster with frames than MuZero-Reanalyze (")
    assert ") and DQN (" in said and said.count("; ") == 1
    assert said.endswith("not identified: these runs cannot tell how the curve of EfficientZero differs from that of "
                         "Rainbow (data-efficient).")  # fmt: skip


def test_the_headline_of_an_offset_has_the_mean_multiple():
    """Whichever of the two is ahead."""
    for frames, times in ((RATIO, "1.93 times (1.50 to 2.40)"), (Interval(0.5, 0.4, 0.6, 0.1, 5.0), "0.500 times (")):
        said = headline("efficientzero", [PairVerdict("offset", "dqn", RATIO, frames)])
        assert f"DQN needs the same multiple of the frames of EfficientZero, in the mean over levels {times}" in said
    without = headline("efficientzero", [PairVerdict("offset", "dqn", RATIO, NONE)])
    assert without == "Offset: DQN needs a constant multiple of the frames of EfficientZero."


def test_tables_hold_what_was_found(page):
    table, analysis = compared()
    place = analysis.place("muzero_reanalyze")
    ratio = analysis.findings[place, EXPONENT + "transform-free"]
    assert page.rows("Ratios of exponents")[1] == ["EfficientZero over MuZero-Reanalyze"]
    row = page.rows("Ratios of exponents")[2]
    assert row[:2] == ["these games, human ceiling", f"{ratio.estimate:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"]
    assert len(page.rows("Ratios of exponents")) == 2 + 4
    levels = analysis.findings.levels(place, FRAMES + "level")
    seen = {f"{100 * each.level:.0f}\N{NO-BREAK SPACE}%": each for each in levels}
    shown = dict(page.rows("Frames to the same level")[1:])
    assert set(shown) == {level for level, found in seen.items() if not found.refused} != set()
    assert all(text.startswith(f"{seen[level].estimate:.2f}× (") for level, text in shown.items())
    assert page.rows("Cost of a run")[1] == [
        "EfficientZero", "123,456", "25,000", "1.3 × 10¹⁵", "66.7 min", "55.6 min"
    ]  # fmt: skip
    pacman = table[(table.agent == "efficientzero") & (table.game == "MsPacman") & (table.frames == 400_000)].score
    half = 4.302653 * pacman.std() / np.sqrt(3)  # Student's t with two degrees of freedom
    cell = page.rows("Scores at 400,000 frames")[1][3]
    assert cell == f"{pacman.mean():,.0f} ({pacman.mean() - half:,.0f} to {pacman.mean() + half:,.0f})"
    assert [row[0] for row in page.rows("Share of the way")[1:]] == ["50,000", "100,000", "200,000", "400,000"]


def test_how_many_more_would_decide(tmp_path):
    table, analysis = compared()
    design = Design(2, 3, (1e5, 2e5, 4e5))
    needed = Needed(Power(design, 1.07, 0.1, 0.2, 0.25, 0.02), 14, None, 7)
    pair = analysis.pairs[0]
    verdict = replace(pair.verdict, word="not identified", needed=needed)
    changed = replace(analysis, pairs=(replace(pair, verdicts=pair.verdicts | {"these games": verdict}),))
    page = Outline(written(tmp_path, (table, changed)).read_text("utf-8"))
    row = page.rows("Runs that would decide")[1]
    assert row == ["EfficientZero / MuZero-Reanalyze, for these games", "1.07", "25\N{NO-BREAK SPACE}%", "14",
                   "more than were tried", "7"]  # fmt: skip


def test_a_single_run_gives_reasons_instead_of_numbers(poor_page):
    answer = next(each[2] for each in poor_page.elements if each[1].get("id") == "answer")
    assert answer.startswith("Not identified: ")
    captions = " ".join(poor_page.texts("caption"))
    assert not re.search("Ratios of exponents|Frames to the same|Predicted|Power", captions)
    reason = "EfficientZero and MuZero-Reanalyze ran with one seed only, which does not show how much seeds differ"
    assert reason in poor_page.section("verdict") and reason in poor_page.section("refused")
    assert "1 game, 1 seed and 4 budgets" in poor_page.section("refused")
    assert "one seed, so without an interval" in captions
    assert poor_page.rows("Scores in Pong")[1][2].endswith(" ± 1.5")
    captions = poor_page.texts("figcaption")
    assert sum(": refused. Seen: why" in text for text in captions) == 2
    assert all("nan" not in text.lower() for text in poor_page.texts("td", "dd", "li"))


def test_a_single_agent_has_scores_and_costs_only(tmp_path):
    table = score_table(seeds=2, agents=("rainbow",))
    alone = Refused("this experiment has only one agent, rainbow, so there is nothing to compare it with")
    page = Outline(written(tmp_path, (table, alone)).read_text("utf-8"))
    answer = next(each[2] for each in page.elements if each[1].get("id") == "answer")
    assert answer.startswith("Not identified: this experiment has only one agent, Rainbow (data-efficient), so")
    assert len(page.rows("Scores at 400,000 frames")) == 3 and len(page.rows("Cost of a run")) == 2
    assert "match" not in page.section("questions")


@pytest.mark.parametrize(
    ("ratio", "at_least", "said"),
    [
        (Interval(2.5, 2.0, 3.1, 0.2, 5.0), None, "2.50 times (2.00 to 3.10) as many, for the final level of "),
        (Refused("not seen"), 1.9, "More than 1.90 times as many: at 400,000 frames MuZero-Reanalyze was still below"),
        (Refused("muzero_reanalyze was not seen there"), None, "Refused: MuZero-Reanalyze was not seen there."),
    ],
)  # fmt: skip
def test_frames_to_match(ratio, at_least, said, tmp_path):
    table, analysis = compared()
    place = analysis.place("muzero_reanalyze")
    other = {
        FRAMES + "final level of first": ratio,
        FRAMES + "final level of second": Interval(1.4, 1.2, 1.6, 0.1, 5.0),
        "extrapolated frames to match": Interval(9e5, 8e5, 1e6, 1e4, 5.0),
        **({} if at_least is None else {"least frames ratio": at_least}),
    }
    taken = {*other, "least frames ratio"}
    kept = (row for row in analysis.findings.rows if row.place != place or row.quantity not in taken)
    found = Findings([*kept, *(finding(place, quantity, value) for quantity, value in other.items())])
    page = Outline(written(tmp_path, (table, replace(analysis, findings=found))).read_text("utf-8"))
    answers = page.section("questions")
    assert said in answers
    mean = analysis.findings[place, FRAMES + "mean over common levels"]
    times = f"In the mean over the levels that both reached it took {mean.estimate:.2f} times ({mean.low:.2f} to"
    assert (times in answers) is isinstance(ratio, Refused)
    further = isinstance(ratio, Refused)
    assert ("it took 1.40 times (1.20 to 1.60) the frames of EfficientZero" in answers) is further
    assert ("900,000 frames (800,000 to 1,000,000): an extrapolation" in answers) is further


def test_published_scores_are_not_said_to_be_runs_of_ones_own(tmp_path):
    table = score_table(seeds=1)
    table = table.drop(columns=["standard_error", "training_flops"])
    analysis = analyse(table, resamples=50)
    path = tmp_path / "report.html"
    own, published = [], []
    for said, name in ((own, None), (published, "final_scores")):
        write_report(path, analysis, {}, table, versions={"numpy": "1"}, published=name)
        said.append(path.read_text("utf-8"))
    for sentence_ in ("Every budget is finished the same way", "1 seed", "of one seed, so", "every run trains a new"):
        assert sentence_ in own[0] and sentence_ not in published[0], sentence_
    for sentence_ in ("one published mean over runs of each", "Published scores (final_scores)", "nothing about other"):
        assert sentence_ in published[0] and sentence_ not in own[0], sentence_


def test_a_single_budget_is_no_range(tmp_path):
    table = score_table(budgets=(400_000,))
    path = tmp_path / "report.html"
    write_report(path, analyse(table, resamples=50), {}, table, versions={"numpy": "1"})
    assert "1 budget of 400,000 frames." in Outline(path.read_text("utf-8")).texts("p")[0]


def test_share_of_games_above_the_human():
    # z = 2 n / (n + midpoint) is above 1 beyond the midpoint; budgets lie at 50,000 and 100,000 frames.
    table = score_table(seeds=1, exponents=(1.0, 1.0), height=2.0, midpoints=(6.0e4, 9.0e4))
    analysis = analyse(table, resamples=50)
    said = above_human(analysis, TWENTY_MINUTES)
    assert said == (
        "At 72,000 frames (20 minutes, read between budgets): EfficientZero in 2 of 2 (100\N{NO-BREAK SPACE}%) and "
        "MuZero-Reanalyze in 0 of 2 (0\N{NO-BREAK SPACE}%)."
    )
    later = above_human(analysis, TWO_HOURS)
    assert later.startswith("At 400,000 frames (1.85 hours, the budget next to it): EfficientZero in 2 of 2 (100")
    outside = above_human(analysis, 600_000)
    assert outside == "Refused: 2.78 hours are 600,000 frames, and these budgets go from 50,000 to 400,000."
    exact = above_human(analysis, 100_000)
    assert exact.startswith("At 100,000 frames (28 minutes): ")


def test_no_share_above_the_human_of_games_that_were_cut():
    table = score_table(games=("Pong",), seeds=1)
    table["max_env_steps"] = 500
    said = above_human(analyse(table, resamples=50), TWENTY_MINUTES)
    assert said.startswith("Refused: ") and "cut short" in said


def test_parameters_of_the_agents_that_ran(page):
    rows = page.rows("Agents")
    assert rows[0] == ["parameter", "EfficientZero", "MuZero-Reanalyze"]
    assert ["network.convolutions", "(32, 5, 5), (64, 5, 5)", "–"] in rows and ["consistency", "–", "no"] in rows
    others = page.rows("Experiment")
    assert ["milestones.list.to", "375, 750"] in others and ["evaluation.max_env_steps", "none"] in others
    assert "hidden_in_the_page" not in page.section("parameters")


def test_method_and_versions(tmp_path):
    page = Outline(written(tmp_path, compared(), versions={"numpy": "9.8.7"}).read_text("utf-8"))
    method = page.section("method")
    assert "100 resamples" in method and "Seed 0:" in method and "numpy 9.8.7." in method
    assert "50,000, 100,000, 200,000 and 400,000 frames" in method


def test_a_figure_without_a_caption_of_its_own_still_has_one(tmp_path):
    page = Outline(written(tmp_path, single_run(), figures=("learning_rate",)).read_text("utf-8"))
    (caption,) = page.texts("figcaption")
    assert caption.startswith("Learning rate.")
    without = Outline(written(tmp_path, single_run(), figures=()).read_text("utf-8"))
    assert not without.of("figure") and "Figures" not in without.texts("h2", "a")


def test_scores_without_costs(tmp_path):
    table, analysis = single_run()
    bare = table[["game", "agent", "seed", "frames", "score"]]
    page = Outline(written(tmp_path, (bare, analysis)).read_text("utf-8"))
    assert "These scores came without what they cost." in page.section("tables")
    assert page.section("questions").count("These scores came without it.") == 2


def luminance(color):
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_can_be_read_in_both_schemes():
    style = files("efficientzero.scaling.report").joinpath("style.css").read_text("utf-8")
    schemes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6});", block)) for block in re.findall(r":root \{(.*?)\}", style, re.S)
    ]
    light, dark = [scheme for scheme in schemes if "exponent" in scheme]
    for scheme in (light, dark):
        for ink in ("ink", "soft", "accent", "exponent", "offset", "asymptote", "open"):
            for paper in ("page", "raised"):
                one, other = sorted(luminance(scheme[name]) for name in (ink, paper))
                assert (other + 0.05) / (one + 0.05) >= 4.5, (ink, paper)


def test_loads_no_torch():
    code = "import sys, efficientzero.scaling.report; print(*{'torch', 'ale_py'} & sys.modules.keys())"
    environment = {"PYTHONPATH": str(SOURCE)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_wording():
    assert [number(value) for value in (0.0, -2.5, 1234.5, 0.00012, np.nan)] == [
        "0",
        f"{MINUS}2.5",
        "1,234",
        "1.2e\N{MINUS SIGN}04",
        "–",
    ]
    assert in_brackets(1.456, 1.2, 1.8) == "1.46 (1.20 to 1.80)"
    assert in_brackets(0.01234, -0.5, 1234.0) == f"0.012 ({MINUS}0.500 to 1,234.000)"
    assert in_brackets(1234.5, 1000.2, 1500.0, "×") == "1,234× (1,000 to 1,500)"
    assert [power_of_ten(value) for value in (0.0, 999.0, 1.25e15)] == ["–", "999", "1.2 × 10¹⁵"]
    assert [play_time(frames) for frames in (600, 72_000, 432_000)] == ["10 seconds", "20 minutes", "2 hours"]
    assert [duration(value) for value in (75.0, 400.0, 9000.0, np.nan)] == ["75 s", "6.7 min", "2.5 h", "–"]
    assert named("rainbow, my_rainbow and random play", ["rainbow", "random"]) == (
        "Rainbow (data-efficient), my_rainbow and random play"
    )
    assert sentence("the AICc is -3.5 of M-2") == f"The AICc is {MINUS}3.5 of M-2."
    assert score_with_interval([3.0]) == "3"
