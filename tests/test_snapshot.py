from pathlib import Path

import pytest
from test_loop import Counted, started, train
from tiny import tiny

from efficientzero.cost import Cost, load_cost, save_cost
from efficientzero.folders import DamagedFolderError
from efficientzero.run import save_run
from efficientzero.snapshot import Snapshots, fingerprint


def work(tmp_path, key="key", seconds=0.0):
    return Snapshots(key, seconds, tmp_path / ".partial")


def test_work_is_resumed_from_the_newest_whole_snapshot(tmp_path):
    parameters = tiny()
    run = started(parameters)
    save_run(run, tmp_path / "0", None)
    snapshots = work(tmp_path)
    assert snapshots.latest() is None
    assert snapshots.resume(parameters, "efficientzero", 0, tmp_path / "0").env_steps == 40
    train(run, 80, parameters.envs, Counted(), snapshots)
    assert snapshots.latest() is not None and len(list(snapshots.folder.glob("[0-9]*"))) == 1
    cost = load_cost(snapshots.folder)
    assert 0 < cost.cpu_seconds <= snapshots.cost().cpu_seconds
    resumed = snapshots.resume(parameters, "efficientzero", 0, tmp_path / "0")
    assert (resumed.env_steps, resumed.agent.updates) == (80, 20)
    # What the killed process had spent until its snapshot is counted, and what it spent since then is not.
    save_cost(snapshots.folder, Cost(1000.0, 2000.0))
    snapshots.resume(parameters, "efficientzero", 0, tmp_path / "0")
    assert 1000.0 < snapshots.cost().cpu_seconds < 1100.0 and 2000.0 < snapshots.cost().wall_seconds < 2100.0


def test_a_damaged_snapshot_is_left_aside_and_told(tmp_path, capsys):
    parameters = tiny()
    run = started(parameters)
    save_run(run, tmp_path / "0", None)
    snapshots = work(tmp_path)
    train(run, 60, parameters.envs, Counted(), snapshots)
    (snapshots.latest() / "targets.safetensors").write_bytes(b"")
    assert snapshots.resume(parameters, "efficientzero", 0, tmp_path / "0").env_steps == 40
    assert "targets.safetensors: not as it was written" in capsys.readouterr().out
    assert snapshots.latest() is None  # nothing of it gets into the next one
    assert snapshots.cost().cpu_seconds < load_cost(snapshots.folder).cpu_seconds  # the work begins again


def test_snapshots_wait_for_their_time_and_are_cleared(tmp_path):
    snapshots = work(tmp_path, seconds=3600.0)
    run = started(tiny())
    snapshots(run)
    assert snapshots.latest() is None
    snapshots.save(run)
    snapshots.clear()
    assert list((tmp_path / ".partial").iterdir()) == []


def test_the_same_work_done_twice_at_once_keeps_apart(tmp_path):
    first, second = work(tmp_path), work(tmp_path)
    assert first.folder != second.folder
    second.clear()
    assert first.folder.exists()
    first.clear()
    assert work(tmp_path).folder == first.folder


def test_missing_inputs_are_named(tmp_path):
    with pytest.raises(DamagedFolderError, match="no manifest"):
        fingerprint("train", tiny(), tmp_path / "nothing", to=80)


def test_the_fingerprint_knows_parameters_inputs_and_code_and_nothing_else(tmp_path, monkeypatch):
    parameters = tiny()
    for name, seed in (("a", 0), ("b", 1)):
        save_run(started(parameters, seed=seed), tmp_path / name, None)
    key = fingerprint("train", parameters, tmp_path / "a", to=80)
    assert key == fingerprint("train", tiny(snapshot_seconds=1.0), tmp_path / "a", to=80)
    assert key == fingerprint("train", tiny(milestones__env_steps=320), tmp_path / "a", to=80)
    others = [
        fingerprint("reanalyze", parameters, tmp_path / "a", to=80),
        fingerprint("train", parameters, tmp_path / "a", to=160),
        fingerprint("train", parameters, tmp_path / "b", to=80),
        fingerprint("train", tiny(agent__efficientzero__discount=0.9), tmp_path / "a", to=80),
    ]
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + (b"#" if path.name == "targets.py" else b""))
    others.append(fingerprint("train", parameters, tmp_path / "a", to=80))
    monkeypatch.undo()
    monkeypatch.setattr("efficientzero.snapshot.version", lambda package: "99")
    others.append(fingerprint("train", parameters, tmp_path / "a", to=80))
    assert key not in others and len(set(others)) == 6
