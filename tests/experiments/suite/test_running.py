"""A suite is run by one process at a time."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import efficientzero
from efficientzero.experiments import ExperimentError
from efficientzero.experiments.suite import running

HOLD = """
import sys
from pathlib import Path
from efficientzero.experiments.suite.running import running
with running(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path):
    folder = tmp_path / "suites" / "minatar"
    command = [sys.executable, "-c", HOLD, str(folder)]
    environment = {"PYTHONPATH": str(Path(efficientzero.__file__).parents[1])}
    first = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    assert first.stdout is not None and first.stdout.readline() == b"held\n"
    with pytest.raises(ExperimentError, match="minatar: this suite is running already; --gather-only"), running(folder):
        pass
    with running(tmp_path / "suites" / "atari26"):
        pass
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with running(folder):
        pass
    with running(folder):  # given back on leaving
        pass
