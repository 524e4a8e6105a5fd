"""What the command `sweep` refuses at its start; then there is no trace of a study."""

from pathlib import Path

import pytest
from experiments.checkouts import make_checkout

from efficientzero.__main__ import parsed
from efficientzero.experiments import ExperimentError


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return make_checkout(tmp_path_factory.mktemp("sweep") / "checkout")


@pytest.fixture
def start(checkout, monkeypatch):
    def run(*arguments):
        monkeypatch.chdir(checkout)
        options = parsed(["sweep", *arguments])
        return options.run(options, Path())

    return run


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--study", "../../x"], r"^--study ../../x: a name is letters"),
        (["--study", "a b", "--show"], r"^--study a b: a name is letters"),
        (["--pull"], "^--pull: this checkout has no default DVC remote"),
    ],
)
def test_options_are_refused_before_anything_is_written(checkout, start, arguments, said):
    with pytest.raises(ExperimentError, match=said):
        start("smoke", *arguments)
    assert not (checkout / "data" / "sweeps").exists() and not (checkout.parent / "x").exists()


def test_a_start_that_is_refused_begins_no_study(checkout, start):
    new = checkout / "src" / "new.py"
    new.write_text("")
    try:
        with pytest.raises(ExperimentError, match=r"^src/new.py: not committed"):
            start("smoke")
    finally:
        new.unlink()
    assert not (checkout / "data" / "sweeps").exists()


def test_new_sweeps_are_refused_on_a_cluster_and_looked_at_once_they_have_begun(checkout, start):
    new = checkout / "conf" / "sweep" / "new.yaml"
    new.write_text((checkout / "conf" / "sweep" / "smoke.yaml").read_text())
    try:
        with pytest.raises(ExperimentError, match=r"^conf/sweep/new.yaml: not committed"):
            start("new", "--ray")
        for look in ("--show", "--apply"):
            with pytest.raises(ExperimentError, match="there is no study new"):
                start("new", look)
        assert not (checkout / "data" / "sweeps" / "new").exists()
    finally:
        new.unlink()
