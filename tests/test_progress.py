"""Progress is a bar on a terminal, and a few plain lines elsewhere."""

import io

import pytest

from efficientzero import progress as showing
from efficientzero.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

    monkeypatch.setattr(showing.time, "monotonic", lambda: Clock.now)
    return Clock


def test_a_log_gets_a_line_at_the_start_the_end_and_every_twenty_seconds(clock):
    stream = io.StringIO()
    with Progress(100, "training", "env steps", stream=stream) as progress:
        for _ in range(10):
            clock.now += 10
            progress.update(10)
            progress.note(updates=7, loss=1.23456)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "training: 0/100 env steps"
    assert lines[1] == "training: 20/100 env steps in 20 s, about 1 min 20 s left (updates 7, loss 1.235)"
    assert lines[-1] == "training: 100/100 env steps in 1 min 40 s (updates 7, loss 1.235)"
    assert len(lines) == 6  # 0, 20, 40, 60, 80 and the end


def test_the_rest_of_a_resumed_loop_is_judged_by_this_process_alone(clock):
    stream = io.StringIO()
    with Progress(100, "training", "env steps", done=80, stream=stream) as progress:
        clock.now += 30
        progress.update(10)
    assert stream.getvalue().splitlines()[:2] == [
        "training: 80/100 env steps",
        "training: 90/100 env steps in 30 s, about 30 s left",
    ]


def test_a_long_time_is_in_hours(clock):
    stream = io.StringIO()
    with Progress(2, "training", "updates", stream=stream) as progress:
        clock.now += 7260
        progress.update()
    assert "in 2 h 01 min, about 2 h 01 min left" in stream.getvalue()


def test_a_terminal_gets_a_bar():
    stream = Terminal()
    with Progress(4, "evaluation", "episodes", done=1, stream=stream) as progress:
        progress.note(playing=2)
        progress.update(3)
    assert "evaluation" in stream.getvalue() and "4/4" in stream.getvalue() and "playing 2" in stream.getvalue()


def test_an_interrupted_loop_says_how_far_it_came():
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Progress(4, "training", "updates", stream=stream) as progress:
        progress.update(3)
        raise KeyboardInterrupt
    assert stream.getvalue().splitlines()[-1].startswith("training: 3/4 updates")
