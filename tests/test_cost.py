"""Seconds are counted from the start of the watch and across processes, and written whole."""

import json
import subprocess
import sys
import time

import pytest
from import_graph import SOURCE

from efficientzero.cost import Cost, Stopwatch, load_cost, save_cost, write_cost


@pytest.fixture
def clocks(monkeypatch):
    """The two clocks, standing still at 100 s of CPU time and 5000 s of real time until they are moved."""
    now = {"cpu": 100.0, "wall": 5000.0}
    monkeypatch.setattr(time, "process_time", lambda: now["cpu"])
    monkeypatch.setattr(time, "perf_counter", lambda: now["wall"])
    return now


def test_a_watch_counts_from_its_start_and_goes_on(clocks):
    watch = Stopwatch(None)
    assert watch.read() == Cost(0.0, 0.0)
    clocks["cpu"] += 2.0
    clocks["wall"] += 3.0
    assert watch.read() == Cost(2.0, 3.0)
    clocks["wall"] += 1.0
    assert watch.read() == Cost(2.0, 4.0)


def test_the_cost_of_an_earlier_process_is_added(clocks):
    watch = Stopwatch(Cost(10.0, 20.0))
    clocks["cpu"] += 2.0
    clocks["wall"] += 3.0
    assert watch.read() == Cost(12.0, 23.0)


def test_waiting_costs_no_cpu_seconds():
    watch = Stopwatch(None)
    time.sleep(0.2)
    cost = watch.read()
    assert cost.wall_seconds >= 0.2
    assert cost.cpu_seconds < 0.1


def test_a_cost_file(tmp_path):
    path = tmp_path / "efficientzero" / "0" / "train-750.json"
    write_cost(path, Cost(1.23456, 2.0), "cpu")
    content = {"schema_version": 1, "cpu_seconds": 1.235, "wall_seconds": 2.0, "device": "cpu"}
    assert json.loads(path.read_text()) == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_cost_kept_beside_snapshots_comes_back(tmp_path):
    assert load_cost(tmp_path) is None
    save_cost(tmp_path, Cost(1.23456, 2.5))
    assert load_cost(tmp_path) == Cost(1.23456, 2.5)
    save_cost(tmp_path, Cost(3.0, 4.0))
    assert load_cost(tmp_path) == Cost(3.0, 4.0)
    assert [file.name for file in tmp_path.iterdir()] == ["cost.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"cpu_seconds": 1.0, "wall',
        "[1.0, 2.0]",
        '{"cpu_seconds": 1.0}',
        '{"cpu_seconds": 1.0, "wall_seconds": null}',
        '{"cpu_seconds": 1.0, "wall_seconds": -1.0}',
        '{"cpu_seconds": Infinity, "wall_seconds": 1.0}',
        '{"cpu_seconds": NaN, "wall_seconds": 1.0}',
        '{"cpu_seconds": 1.0, "wall_seconds": 1.0, "other": 1.0}',
    ],
)
def test_a_damaged_one_counts_as_none(tmp_path, text):
    (tmp_path / "cost.json").write_text(text)
    assert load_cost(tmp_path) is None


def test_bytes_that_are_no_text_count_as_none(tmp_path):
    (tmp_path / "cost.json").write_bytes(b"\xff\xfe\x00")
    assert load_cost(tmp_path) is None


def test_loads_no_torch():
    code = "import sys, efficientzero.cost; print('torch' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"
