"""The command `compare`: what is refused, and what it says of published scores."""

import json
from pathlib import Path

import pytest

from efficientzero.__main__ import parsed
from efficientzero.experiments import ExperimentError
from efficientzero.scaling import ScalingInputError


@pytest.fixture
def compare(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        options = parsed(["compare", *arguments])
        return options.run(options, Path())

    return run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["main", "--output", "data/scaling"], "^--output: data/scaling is DVC's"),
        (["main"], "'main': there is no such experiment"),
        ([], "^name experiments or Git revisions, or --published scores"),
        (["main", "--published", "lightzero_2m"], "one of the two$"),
        (["main", "--agents", "DQN"], "^--agents goes with --published"),
        (["--published", ""], "^--published: there is no ''"),
        (["--published", "lightzero_2m", "--output", "file"], "^--output: file cannot be a folder.*file is a file"),
        (["--published", "lightzero_2m", "--output", "file/below"], "^--output: file/below cannot be a folder"),
    ],
)
def test_what_is_refused_before_any_work(compare, arguments, sentence):
    Path("file").write_text("")
    with pytest.raises((ExperimentError, ScalingInputError), match=sentence) as error:
        compare(*arguments)
    assert "\n" not in str(error.value)
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_published_scores_have_all_that_ones_own_have(compare, capsys):
    assert compare("--published", "final_scores", "--agents", "EfficientZero", "MuZero") == 0
    written = {path.name for path in Path("data/comparison").iterdir()}
    assert {"scores.csv", "curve.csv", "verdict.json", "report.html", "exponents.png"} <= written
    verdict = json.loads(Path("data/comparison/verdict.json").read_text())
    assert f"EfficientZero against MuZero: {verdict['against']['MuZero']['verdict']}" in capsys.readouterr().out
