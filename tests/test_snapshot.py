from pathlib import Path

import pytest
from runs import Counted, started
from tiny import tiny

from efficientzero.records.cost import CostRecord
from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunIdentity
from efficientzero.running.loop import train
from efficientzero.running.run import save_run
from efficientzero.snapshot import Snapshots, fingerprint


def identity(seed=0, **changes):
    return RunIdentity(tiny(**changes), "efficientzero", seed)


def work(tmp_path, key="key", seconds=1e-9):
    return Snapshots(key, identity(snapshot_seconds=seconds), tmp_path / ".partial")


def kept_cost(snapshots):
    return CostRecord.read(snapshots.folder / "cost.json")


def test_work_is_resumed_from_the_newest_whole_snapshot(tmp_path):
    parameters = tiny()
    run = started(parameters)
    save_run(run, tmp_path / "0", None)
    snapshots = work(tmp_path)
    assert snapshots.latest() is None
    assert snapshots.resume(tmp_path / "0").env_steps == 40
    train(run, 80, parameters.envs, Counted(), snapshots)
    assert snapshots.latest() is not None and len(list(snapshots.folder.glob("[0-9]*"))) == 1
    cost = kept_cost(snapshots)
    assert 0 < cost.cpu_seconds <= snapshots.cost().cpu_seconds
    resumed = snapshots.resume(tmp_path / "0")
    assert (resumed.env_steps, resumed.agent.updates) == (80, 20)
    # What the killed process had spent until its snapshot is counted, and what it spent since then is not.
    CostRecord(schema_version=1, cpu_seconds=1000.0, wall_seconds=2000.0, device="cpu").write(
        snapshots.folder / "cost.json"
    )
    snapshots.resume(tmp_path / "0")
    assert 1000.0 <= snapshots.cost().cpu_seconds < 1100.0 and 2000.0 <= snapshots.cost().wall_seconds < 2100.0
    (snapshots.folder / "cost.json").write_text('{"cpu_sec')  # a damaged one counts as none
    snapshots.resume(tmp_path / "0")
    assert snapshots.cost().cpu_seconds < 100.0


def test_a_damaged_snapshot_is_left_aside_and_told(tmp_path, capsys):
    parameters = tiny()
    run = started(parameters)
    save_run(run, tmp_path / "0", None)
    snapshots = work(tmp_path)
    train(run, 60, parameters.envs, Counted(), snapshots)
    (snapshots.latest() / "targets.safetensors").write_bytes(b"")
    assert snapshots.resume(tmp_path / "0").env_steps == 40
    assert "targets.safetensors: not as it was written" in capsys.readouterr().out
    assert snapshots.latest() is None  # nothing of it gets into the next one
    assert snapshots.cost().cpu_seconds < kept_cost(snapshots).cpu_seconds  # the work begins again


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
    with pytest.raises(RecordError, match="no manifest"):
        fingerprint("train", identity(), tmp_path / "nothing", milestone=80)


def test_the_fingerprint_knows_parameters_inputs_and_code_and_nothing_else(tmp_path, monkeypatch):
    for name, seed in (("a", 0), ("b", 1)):
        save_run(started(tiny(), seed=seed), tmp_path / name, None)
    key = fingerprint("train", identity(), tmp_path / "a", milestone=80)
    assert key == fingerprint("train", identity(snapshot_seconds=1.0), tmp_path / "a", milestone=80)
    assert key == fingerprint("train", identity(milestones__env_steps=320), tmp_path / "a", milestone=80)
    others = [
        fingerprint("reanalyze", identity(), tmp_path / "a", milestone=80),
        fingerprint("train", identity(), tmp_path / "a", milestone=160),
        fingerprint("train", identity(), tmp_path / "b", milestone=80),
        fingerprint("train", identity(seed=1), tmp_path / "a", milestone=80),
        fingerprint("train", identity(agent__efficientzero__discount=0.9), tmp_path / "a", milestone=80),
    ]
    read = Path.read_bytes
    for source in ("targets.py", "tree.pyx", "backup.pxd"):
        monkeypatch.setattr(Path, "read_bytes", lambda path, source=source: read(path) + b"#" * (path.name == source))
        others.append(fingerprint("train", identity(), tmp_path / "a", milestone=80))
        monkeypatch.undo()
    monkeypatch.setattr("efficientzero.snapshot.version", lambda package: "99")
    others.append(fingerprint("train", identity(), tmp_path / "a", milestone=80))
    assert key not in others and len(set(others)) == 9
