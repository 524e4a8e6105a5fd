"""Seconds are counted from the start of the watch and across processes; their file is read as it is written."""

import json
import math
import subprocess
import sys
import time

import pytest
from import_graph import SOURCE

from efficientzero.records.cost import CostRecord, Stopwatch
from efficientzero.records.files import RecordError

CONTENT = {"schema_version": 1, "cpu_seconds": 1.235, "wall_seconds": 2.0, "device": "cpu"}


def cost(cpu_seconds, wall_seconds):
    return CostRecord(schema_version=1, cpu_seconds=cpu_seconds, wall_seconds=wall_seconds, device="cpu")


@pytest.fixture
def clocks(monkeypatch):
    """The two clocks, standing still at 100 s of CPU time and 5000 s of real time until they are moved."""
    now = {"cpu": 100.0, "wall": 5000.0}
    monkeypatch.setattr(time, "process_time", lambda: now["cpu"])
    monkeypatch.setattr(time, "perf_counter", lambda: now["wall"])
    return now


def test_a_watch_counts_from_its_start_and_goes_on(clocks):
    watch = Stopwatch("cpu")
    assert watch.read() == cost(0.0, 0.0)
    clocks["cpu"] += 2.0
    clocks["wall"] += 3.0
    assert watch.read() == cost(2.0, 3.0)
    clocks["wall"] += 1.0
    assert watch.read() == cost(2.0, 4.0)


def test_the_cost_of_an_earlier_process_is_added(clocks):
    watch = Stopwatch("cpu", cost(10.0, 20.0))
    clocks["cpu"] += 2.0
    clocks["wall"] += 3.0
    assert watch.read() == cost(12.0, 23.0)


def test_waiting_costs_no_cpu_seconds():
    watch = Stopwatch("cpu")
    time.sleep(0.2)
    waited = watch.read()
    assert waited.wall_seconds >= 0.2
    assert waited.cpu_seconds < 0.1


def test_a_cost_file(tmp_path, clocks):
    path = tmp_path / "efficientzero" / "0" / "train-750.json"
    watch = Stopwatch("cpu")
    clocks["cpu"] += 1.23456
    clocks["wall"] += 2.0
    watch.read().write(path)
    assert json.loads(path.read_text()) == CONTENT and list(json.loads(path.read_text())) == list(CONTENT)
    assert CostRecord.read(path) == watch.read()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 2}, "schema version 2 and this program reads 1"),
        ({"cpu_seconds": -1.0}, "cpu_seconds: "),
        ({"wall_seconds": math.nan}, "wall_seconds: "),
        ({"cpu_seconds": "3"}, "cpu_seconds: "),
        ({"device": ""}, "device: "),
        ({"device": None}, "device: "),
        ({"novel": 1}, "novel: "),
    ],
)
def test_a_damaged_file_is_named(tmp_path, changes, words):
    path = tmp_path / "collect.json"
    path.write_text(json.dumps(CONTENT | changes))
    with pytest.raises(RecordError) as caught:
        CostRecord.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value) and "dvc repro" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1, "cpu_sec'])
def test_half_a_file(tmp_path, text):
    path = tmp_path / "collect.json"
    path.write_text(text)
    with pytest.raises(RecordError, match="damaged, or not a cost file"):
        CostRecord.read(path)


def test_loads_no_torch():
    code = "import sys, efficientzero.records.cost; print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
