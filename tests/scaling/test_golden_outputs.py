"""All that `write_outputs` says of two fixed tables of scores is what it said when the files in `golden/` were written.

`one_atari_game`: simulated scores of known curves, of which one pair is an offset and one an exponent, with tables of
drift and soundness. `three_minatar_games`: measured scores, which leave both pairs open. Of a page the embedded
pictures, the style and the installed versions are left out, and space that no reader sees; of a figure all but its
texts. Numbers are compared to five significant digits, since processors round otherwise; everything else is to be the
same.

If a difference is wanted, write the expected files anew, look at what `git diff` says of them and commit them:

    WRITE_GOLDEN_OUTPUTS=1 pytest tests/scaling/test_golden_outputs.py
"""

import difflib
import html
import math
import os
import re
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path

import pandas as pd
import pytest

from efficientzero.scaling import write_outputs

GOLDEN = Path(__file__).parent / "golden"
PARAMETERS = {
    "game": "Pong", "seeds": [0, 1, 2], "milestones": {"list": [{"from": 0, "to": 2500}, {"from": 2500, "to": 10000}]},
    "evaluation": {"episodes": 20, "sample_actions": False, "max_env_steps": None},
}  # fmt: skip
OPTIONS = {
    "one_atari_game": {"random_score": -20.3, "parameters": PARAMETERS},
    "three_minatar_games": {},
}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
VERSIONS = re.compile(r"(?<=^efficientzero )\d.*")
WITHIN_TEXT = ("a", "b", "code", "em", "i", "span", "strong", "sub", "sup")


class Page(HTMLParser):
    """`lines`: of a page of HTML, a tag or the text between two in each, with the tags within a text."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self._parts, self._is_style = [], False
        self.feed(content)
        self.close()
        self.lines = [
            line for line in map(str.strip, re.sub(r"[ \t\r\f]+", " ", "".join(self._parts)).split("\n")) if line
        ]

    def handle_starttag(self, name, attributes):
        shown = {key: re.sub(r"^data:.*", "data:", value or "", flags=re.DOTALL) for key, value in attributes}
        written = "".join(f' {key}="{html.escape(value)}"' for key, value in sorted(shown.items()))
        self._tag(name, f"<{name}{written}>")
        self._is_style = name == "style"

    def handle_endtag(self, name):
        self._tag(name, f"</{name}>")
        self._is_style = False

    def handle_data(self, data):
        if not self._is_style:
            self._parts.append(html.escape(data, quote=False).replace("\n", " "))

    def _tag(self, name, written):
        self._parts.append(written if name in WITHIN_TEXT else f"\n{written}\n")


def told(folder):
    """The lines of every file of a folder of outputs, by the names that they have in `golden/`."""
    figures, found = [], {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".svg":
            texts = re.findall(r"<!--(.*?)-->", path.read_text(), re.DOTALL)
            figures += [f"# {path.stem}", *(" ".join(text.split()) for text in texts)]
        elif path.suffix == ".html":
            found["report.txt"] = [VERSIONS.sub("", line) for line in Page(path.read_text()).lines]
        elif path.suffix != ".png":
            found[path.name] = path.read_text().splitlines()
    return found | {"figures.txt": figures}


def is_same(line, expected):
    """Whether two lines differ in nothing but the digits of numbers from the sixth on."""
    numbers = zip(NUMBER.findall(line), NUMBER.findall(expected), strict=False)
    return NUMBER.sub("#", line) == NUMBER.sub("#", expected) and all(
        math.isclose(float(number), float(other), rel_tol=2e-5, abs_tol=1e-9) for number, other in numbers
    )


def difference(name, found, expected):
    """Lines in the manner of `diff -u`, none if the file is as expected."""
    pairs = zip_longest(found, expected)
    rounded = [other if None not in (line, other) and is_same(line, other) else line for line, other in pairs]
    written = [line for line in rounded if line is not None]
    return list(difflib.unified_diff(expected, written, f"expected {name}", f"found {name}", lineterm="", n=2))


@pytest.mark.slow
@pytest.mark.parametrize("case", OPTIONS)
def test_outputs_are_those_expected(case, tmp_path):
    tables = {name: pd.read_csv(GOLDEN / case / f"{name}.csv") for name in ("scores", "drift", "soundness")
              if (GOLDEN / case / f"{name}.csv").exists()}  # fmt: skip
    write_outputs(tmp_path, tables.pop("scores"), **tables, **OPTIONS[case])
    assert {path.stem for path in tmp_path.glob("*.png")} == {path.stem for path in tmp_path.glob("*.svg")}
    found = told(tmp_path)
    if os.environ.get("WRITE_GOLDEN_OUTPUTS"):
        for name, lines in found.items():
            (GOLDEN / case / name).write_text("\n".join(lines) + "\n")
        pytest.skip(f"wrote {GOLDEN / case} anew: see what git diff says")
    assert sorted(found) == sorted(path.name for path in (GOLDEN / case).iterdir())
    lines = [
        line
        for name in found
        for line in difference(name, found[name], (GOLDEN / case / name).read_text().splitlines())
    ]
    if lines:
        pytest.fail(
            "\n".join(["the outputs are not those expected (see the docstring if that is wanted):", *lines[:80]])
        )


def test_a_difference_is_seen_and_rounding_is_none():
    expected = ["agent,score", "dqn,1.23456", "of 3 seeds"]
    assert not difference("a.csv", ["agent,score", "dqn,1.23457", "of 3 seeds"], expected)
    for line in ("dqn,1.2347", "ppo,1.23456", "dqn,-1.23456", "dqn,"):
        assert f"+{line}" in difference("a.csv", ["agent,score", line, "of 3 seeds"], expected)
    assert "+of 4 seeds" in difference("a.csv", [*expected[:2], "of 4 seeds"], expected)
    assert "-of 3 seeds" in difference("a.csv", expected[:2], expected)


def test_a_page_is_told_without_pictures_style_and_space():
    content = """<body>\n<style>p {}</style><p  id="x">See  <a href="#y">this</a>\n &lt;1.</p>
        <img src="data:abc" alt="A"></body>"""
    assert Page(content).lines == [
        "<body>", "<style>", "</style>", '<p id="x">', 'See <a href="#y">this</a> &lt;1.', "</p>",
        '<img alt="A" src="data:">', "</body>",
    ]  # fmt: skip
