"""Means over runs of the soundness that training wrote."""

import numpy as np
import pytest

from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunPaths
from efficientzero.scaling import read_soundness
from efficientzero.scaling.instruments import SOUNDNESS_COLUMNS

HEADER = "quantity,depth,mode,value,positions"
REPLAY, GAMES = "soundness", "generalisation"


def write(folder, agent, seed, milestone, *rows, source=REPLAY):
    """Beside it a file of the other source, empty if it is not there yet."""
    for each in (REPLAY, GAMES):
        path = folder / each / agent / str(seed) / f"{milestone}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        if each == source or not path.exists():
            path.write_text("\n".join([HEADER, *rows]) + "\n" if rows and each == source else "\n")
    return folder / source / agent / str(seed) / f"{milestone}.csv"


def read(folder, agents, seeds, milestones):
    return read_soundness([RunPaths(agent, seed, folder) for agent in agents for seed in seeds], milestones)


def test_means_are_over_the_runs_where_a_value_is_defined(tmp_path):
    write(tmp_path, "b", 0, 100, "reward_correlation,1,evaluation,0.5,10", "value_bias,0,training,,0")
    write(tmp_path, "b", 1, 100, "reward_correlation,1,evaluation,0.7,20", "value_bias,0,training,-2.0,5")
    write(tmp_path, "b", 2, 100, "reward_correlation,1,evaluation,,30", "value_bias,0,training,,0")
    for seed in range(3):
        write(tmp_path, "a", seed, 100)
    found = read(tmp_path, ["b", "a"], [0, 1, 2], [100])
    assert list(found.columns) == SOUNDNESS_COLUMNS
    assert found.values.tolist() == [
        ["b", 100, "replay", "reward_correlation", 1, "evaluation", 2, pytest.approx(0.6), 60],
        ["b", 100, "replay", "value_bias", 0, "training", 1, -2.0, 5],
    ]


def test_what_no_run_defines_stays_a_row_without_a_value(tmp_path):
    write(tmp_path, "a", 0, 100, "value_bias,0,training,,0")
    found = read(tmp_path, ["a"], [0], [100])
    assert len(found) == 1 and np.isnan(found.value[0]) and found.runs[0] == 0
    assert "nan" not in found.to_csv().lower()


def test_agents_and_milestones_keep_their_order(tmp_path):
    for agent in ("b", "a"):
        for milestone in (50, 100):
            write(tmp_path, agent, 0, milestone, "latent_norm,0,evaluation,1.0,4", "latent_norm,1,evaluation,2.0,4")
    found = read(tmp_path, ["b", "a"], [0], [50, 100])
    assert found[["agent", "env_steps", "depth"]].values.tolist() == [
        ["b", 50, 0], ["b", 50, 1], ["b", 100, 0], ["b", 100, 1],
        ["a", 50, 0], ["a", 50, 1], ["a", 100, 0], ["a", 100, 1],
    ]  # fmt: skip


def test_the_scored_games_are_apart_from_the_replay(tmp_path):
    write(tmp_path, "a", 0, 100, "latent_norm,0,evaluation,1.0,4")
    write(tmp_path, "a", 0, 100, "latent_norm,0,evaluation,3.0,8", source=GAMES)
    found = read(tmp_path, ["a"], [0], [100])
    assert found[["source", "value", "positions"]].values.tolist() == [["replay", 1.0, 4], ["scored games", 3.0, 8]]


def test_nothing_measured_is_an_empty_table(tmp_path):
    write(tmp_path, "a", 0, 100)
    found = read(tmp_path, ["a"], [0], [100])
    assert found.empty and list(found.columns) == SOUNDNESS_COLUMNS


@pytest.mark.parametrize(
    "rows",
    [
        "",
        "latent_norm,0,evaluation,x,4\n",
        "latent_norm,0,evaluation,nan,4\n",
        "latent_norm,0,evaluation,inf,4\n",
        "latent_norm,0,other,1.0,4\n",
        "latent_norm,-1,evaluation,1.0,4\n",
        "latent_norm,,evaluation,1.0,4\n",
        "latent_norm,0,evaluation,1.0\n",
        "latent_norm,0,evaluation,1.0,4\nlatent_norm,0,evaluation,1.0,4\n",
    ],
)
@pytest.mark.parametrize("source", [REPLAY, GAMES])
def test_a_damaged_table_is_named(tmp_path, rows, source):
    path = write(tmp_path, "a", 0, 100, source=source)
    path.write_text(f"{HEADER}\n{rows}")
    with pytest.raises(RecordError, match=rf"{source}/a/0/100\.csv: damaged, or not a table of soundness"):
        read(tmp_path, ["a"], [0], [100])


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(RecordError, match=r"0/100\.csv: this table is missing"):
        read(tmp_path, ["a"], [0], [100])
