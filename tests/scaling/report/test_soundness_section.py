"""The section of the report that says whether the networks are sound."""

import re

import pytest
from html_outline import Outline
from report_table import score_table, written
from soundness_tables import BLIND, BROKEN, SOUND, rows, soundness

from efficientzero.scaling.refused import Refused


@pytest.fixture
def section(tmp_path):
    """The section of a page, by the parts of its table of soundness."""

    def found(*parts, agents=("efficientzero",), frame_skip=4):
        table = score_table(games=("Pong",), seeds=1, agents=agents, exponents=(1, 1, 1), midpoints=(1e5, 1e5, 1e5))
        table["frame_skip"] = frame_skip
        path = written(tmp_path, (table, Refused("no")), (), soundness=soundness(*parts))
        (inner,) = re.findall(r'<section aria-labelledby="soundness">.*?</section>', path.read_text("utf-8"), re.DOTALL)
        return Outline(inner)

    return found


@pytest.mark.parametrize(
    ("figures", "head", "word"),
    [
        (SOUND, "EfficientZero: sound", "Rewards: sound."),
        (BROKEN, "EfficientZero: not sound", "Rewards: not sound."),
        (BLIND, "EfficientZero: sound as far as can be said", "Rewards: cannot be said."),
    ],
)
def test_says_so_of_each_agent(figures, head, word, section):
    page = section(rows("efficientzero", 100, figures))
    assert page.texts("h2", "h3") == ["Is the model sound?", head]
    assert len(page.of("li")) == 11 and page.texts("strong")[0] == word
    assert "After 400 frames:" in page.texts("p")
    assert all(text.endswith(".") and "nan" not in text for text in page.texts("li"))


def test_the_largest_budget_in_full_and_the_others_in_a_sentence(section):
    page = section(
        rows("efficientzero", 100, BLIND, runs=3), rows("efficientzero", 200, BROKEN | {"drift": 0.0}, runs=3),
        rows("efficientzero", 400, SOUND, runs=3),
    )  # fmt: skip
    assert page.texts("h3") == ["EfficientZero: sound"] and "After 1,600 frames, mean of 3 runs:" in page.texts("p")
    assert page.texts("p")[-1] == (
        "Before that: after 400 frames sound as far as can be said; after 800 frames not sound (rewards, rewards in "
        "both modes, values, values in both modes, ends, latents, search policies, rewards in scored games, values in "
        "scored games and ends in scored games)."
    )


def test_agents_without_a_model_are_named(section):
    page = section(
        rows("model_free_muzero", 100, BLIND, model=False), agents=("model_free_muzero", "dqn", "random"), frame_skip=1
    )
    assert page.texts("h3") == ["model-free MuZero: cannot be said"] and len(page.of("li")) == 3
    assert page.texts("p")[-1] == "DQN and random agent have no model, so that there is nothing to say."
    assert len(section(rows("dqn", 100, SOUND)[:0], agents=["dqn"]).of("p")) == 2


def test_the_section_is_left_out_where_nothing_was_measured(tmp_path):
    table = score_table(games=("Pong",), seeds=1)
    without = Outline(written(tmp_path, (table, Refused("no"))).read_text("utf-8"))
    assert "Is the model sound?" not in without.texts("h2") and "Soundness" not in without.texts("a")
