"""What a point of the curve cost: its trunk and its own branch, and a missing file is named."""

import pytest

from efficientzero.records.cost import CostRecord
from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunPaths
from efficientzero.scaling import read_costs

MILESTONES = [750, 1500, 3000]


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
                cpu_seconds, path = (
                    value + offset + 100 * seed,
                    tmp_path / "costs" / agent / str(seed) / f"{stage}.json",
                )
                cost = CostRecord(schema_version=1, cpu_seconds=cpu_seconds, wall_seconds=10 * value, device="cpu")
                cost.write(path)
    return tmp_path


def test_a_point_costs_its_trunk_and_its_own_branch(folder):
    costs = read_costs([RunPaths("efficientzero", 0, folder)], MILESTONES)
    assert list(costs.columns) == ["agent", "seed", "env_steps", "cpu_seconds", "wall_seconds"]
    assert list(costs.env_steps) == MILESTONES
    assert list(costs.cpu_seconds) == [1 + 2 + 16, 1 + 2 + 4 + 32, 1 + 2 + 4 + 8 + 64]
    assert list(costs.wall_seconds) == [190.0, 390.0, 790.0]


def test_agents_and_seeds_have_their_own(folder):
    costs = read_costs(
        [RunPaths(agent, seed, folder) for agent in ("rainbow", "efficientzero") for seed in (1, 0)], [750]
    )
    assert [tuple(row) for row in costs[["agent", "seed", "cpu_seconds"]].to_numpy()] == [
        ("rainbow", 1, 3319.0), ("rainbow", 0, 3019.0), ("efficientzero", 1, 319.0), ("efficientzero", 0, 19.0)
    ]  # fmt: skip


def test_the_paths_are_all_that_the_stages_write(folder):
    assert set(RunPaths("rainbow", 1, folder).costs(MILESTONES)) == set((folder / "costs" / "rainbow" / "1").iterdir())


def test_a_missing_file_is_named(folder):
    missing = folder / "costs" / "efficientzero" / "0" / "finish-1500.json"
    missing.unlink()
    with pytest.raises(RecordError) as caught:
        read_costs([RunPaths("efficientzero", 0, folder)], MILESTONES)
    assert str(caught.value).startswith(f"{missing}: this cost file is missing")
    assert "dvc repro" in str(caught.value)
