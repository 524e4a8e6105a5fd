"""Means over runs of the drift that finishing branches wrote."""

import pytest

from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunPaths
from efficientzero.scaling import read_drift

HEADER = "age_from,age_to,positions,policy_distance,value_difference"


def write(folder, agent, seed, milestone, *rows):
    path = RunPaths(agent, seed, folder).drift(milestone)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *rows]) + "\n" if rows else "\n")
    return path


def read(folder, agents, seeds):
    return read_drift([RunPaths(agent, seed, folder) for agent in agents for seed in seeds], [100])


def test_runs_count_the_same_within_a_bin_and_bins_are_matched_by_age(tmp_path):
    write(tmp_path, "b", 0, 100, "0,0,1,0.1,1.0", "4,7,30,0.2,2.0")
    write(tmp_path, "b", 1, 100, "5,6,10,0.4,3.0")
    write(tmp_path, "a", 0, 100)
    write(tmp_path, "a", 1, 100, "1,1,5,0.5,0.5")
    found = read(tmp_path, ["b", "a"], [0, 1])
    assert list(found.agent) == ["b", "b", "a"]
    assert [tuple(row) for row in found[["age_from", "age_to", "runs", "positions"]].to_numpy()] == [
        (0, 0, 1, 1), (4, 7, 2, 40), (1, 1, 1, 5),
    ]  # fmt: skip
    assert list(found.policy_distance) == pytest.approx([0.1, 0.3, 0.5])
    assert list(found.value_difference) == pytest.approx([1.0, 2.5, 0.5])


def test_agents_that_search_nothing_again_have_no_rows(tmp_path):
    write(tmp_path, "a", 0, 100)
    found = read(tmp_path, ["a"], [0])
    assert found.empty and list(found.columns)[:2] == ["agent", "env_steps"]


@pytest.mark.parametrize("rows", ["", "1,1,2,x,1\n", "1,1,2,nan,1\n", "1,1\n", "1,1,0,0.1,1\n"])
def test_a_damaged_table_is_named(tmp_path, rows):
    path = write(tmp_path, "a", 0, 100)
    path.write_text(f"{HEADER}\n{rows}")
    with pytest.raises(RecordError, match=r"100\.csv: damaged, or not a table of drift"):
        read(tmp_path, ["a"], [0])


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"0/100\.csv: this table is missing"):
        read(tmp_path, ["a"], [0])


def test_a_file_without_a_byte_is_damaged(tmp_path):
    write(tmp_path, "a", 0, 100).write_text("")
    with pytest.raises(RecordError, match=r"100\.csv: damaged"):
        read(tmp_path, ["a"], [0])
