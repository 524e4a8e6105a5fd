"""What is shown while a suite runs."""

import io
from pathlib import Path

import pytest

from efficientzero import progress
from efficientzero.experiments.display import SuiteDisplay, counts
from efficientzero.experiments.experiment import Experiment, Stages
from efficientzero.experiments.suite import Member, State


class Terminal(io.StringIO):
    def isatty(self):
        return True


def made_up(number, folder=Path("logs")):
    return Member("Pong", number, Experiment(f"suite-Pong-seed{number}"), 8, folder / f"{number}.log")


def test_counts_by_state():
    several = [made_up(number) for number in range(4)]
    several[1].start()
    several[2].fail("why")
    assert counts(several) == "4 experiments: 1 failed, 1 running, 2 waiting"
    assert counts(several[:1]) == "1 experiment: 1 waiting"


def test_a_log_gets_a_line_for_each_change_and_no_more(tmp_path):
    stream, status = io.StringIO(), made_up(0, tmp_path)
    with SuiteDisplay([status], stream) as display:
        assert stream.getvalue() == ""
        status.start()
        status.log.write_text("Stage 'collect@dqn-0' is cached\nRunning stage 'train@dqn-0-milestone0':\n")
        display.show()
        display.show()
        assert stream.getvalue().splitlines() == [
            "suite-Pong-seed0: running, 1/8 (0 executed) stages, 0 s, train@dqn-0-milestone0"
        ]
        status.fail("why")
    assert stream.getvalue().splitlines()[1].startswith("suite-Pong-seed0: failed, ")
    assert stream.getvalue().splitlines()[1].endswith(f"see {status.log}")
    assert len(stream.getvalue().splitlines()) == 2


def test_a_long_wait_in_a_log_is_not_silent(monkeypatch):
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    stream, status = io.StringIO(), made_up(0)
    status.start(place="far")
    status.stages = Stages(("collect@dqn-0", "train@dqn-0-milestone0"), (), ())
    with SuiteDisplay([status], stream) as display:
        display.show()
        assert "train@dqn-0-milestone0 on far" in stream.getvalue()
        assert stream.getvalue().splitlines()[-1] == "1 experiment: 1 running"


@pytest.mark.parametrize(("height", "whole"), [("40", True), ("12", False)])
def test_a_small_terminal_shows_what_failed_and_what_runs(monkeypatch, height, whole):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", height)
    several = [made_up(number) for number in range(20)]
    for status in several[:18]:
        status.state = State.PRESENT
    several[18].start()
    several[19].fail("why")
    stream = Terminal()
    with SuiteDisplay(several, stream):
        pass
    shown = stream.getvalue()
    assert "1 failed, 1 running, 18 there already" in shown
    assert "seed18" in shown and "seed19" in shown
    assert ("seed17" in shown) is whole
    assert ("more" in shown) is not whole
