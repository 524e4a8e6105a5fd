"""What a point of the curve cost: its trunk and its own branch, and a clear refusal of files that are wrong."""

import json
import math

import pytest

from efficientzero.cost import Cost, write_cost
from efficientzero.scaling import CostFileError, cost_paths, read_cost_file, read_costs

BUDGETS = [750, 1500, 3000]


@pytest.fixture
def folder(tmp_path):
    """Cost files of two agents and two seeds as the stages write them; every sum of CPU-seconds tells its terms."""
    seconds = {
        "collect": 1.0, "train-750": 2.0, "train-1500": 4.0, "train-3000": 8.0,
        "finish-750": 16.0, "finish-1500": 32.0, "finish-3000": 64.0,
    }  # fmt: skip
    for agent, offset in (("efficientzero", 0.0), ("rainbow", 1000.0)):
        for seed in (0, 1):
            for stage, value in seconds.items():
                cost = Cost(value + offset + 100 * seed, 10 * value)
                write_cost(tmp_path / agent / str(seed) / f"{stage}.json", cost, "cpu")
    return tmp_path


def test_a_point_costs_its_trunk_and_its_own_branch(folder):
    costs = read_costs(folder, ["efficientzero"], [0], BUDGETS)
    assert list(costs.columns) == ["agent", "seed", "env_steps", "cpu_seconds", "wall_seconds"]
    assert list(costs.env_steps) == BUDGETS
    assert list(costs.cpu_seconds) == [1 + 2 + 16, 1 + 2 + 4 + 32, 1 + 2 + 4 + 8 + 64]
    assert list(costs.wall_seconds) == [190.0, 390.0, 790.0]


def test_agents_and_seeds_have_their_own(folder):
    costs = read_costs(folder, ["rainbow", "efficientzero"], [1, 0], [750])
    assert [tuple(row) for row in costs[["agent", "seed", "cpu_seconds"]].to_numpy()] == [
        ("rainbow", 1, 3319.0), ("rainbow", 0, 3019.0), ("efficientzero", 1, 319.0), ("efficientzero", 0, 19.0)
    ]  # fmt: skip


def test_the_paths_are_all_that_the_stages_write(folder):
    assert set(cost_paths(folder, "rainbow", 1, BUDGETS)) == set((folder / "rainbow" / "1").iterdir())


def test_a_missing_file_is_named(folder):
    missing = folder / "efficientzero" / "0" / "finish-1500.json"
    missing.unlink()
    with pytest.raises(CostFileError) as caught:
        read_costs(folder, ["efficientzero"], [0], BUDGETS)
    assert str(caught.value).startswith(f"{missing}: this cost file is missing")
    assert "dvc repro" in str(caught.value)


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
def test_a_damaged_file_is_named(folder, changes, words):
    path = folder / "efficientzero" / "0" / "collect.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(CostFileError) as caught:
        read_cost_file(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value) and "dvc repro" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 1, "cpu_sec'])
def test_half_a_file(folder, text):
    path = folder / "efficientzero" / "0" / "collect.json"
    path.write_text(text)
    with pytest.raises(CostFileError, match="damaged, or not a cost file"):
        read_cost_file(path)
