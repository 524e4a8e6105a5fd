import json

import pytest

from efficientzero.records.files import RecordError, new_folder, open_folder, read_table, write_table


def write(path, text="hello", kind="run", **facts):
    with new_folder(path, kind, facts) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "a.txt").write_text(text)


def test_a_whole_folder_opens_and_tells_its_facts(tmp_path):
    write(tmp_path / "x", seed=3)
    manifest = open_folder(tmp_path / "x", "run", seed=3)
    assert manifest["seed"] == 3 and list(manifest["files"]) == ["deep/a.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_the_same_content_gives_the_same_bytes(tmp_path):
    for name in "ab":
        write(tmp_path / name, seed=1)
    assert (tmp_path / "a" / "manifest.json").read_bytes() == (tmp_path / "b" / "manifest.json").read_bytes()


def test_nothing_appears_until_all_is_written_and_what_was_there_stays(tmp_path):
    write(tmp_path / "x", "old")
    with pytest.raises(RuntimeError), new_folder(tmp_path / "x", "run", {}) as folder:
        (folder / "a.txt").write_text("half")
        raise RuntimeError
    open_folder(tmp_path / "x", "run")
    assert (tmp_path / "x" / "deep" / "a.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    write(tmp_path / "x", "new")
    assert (tmp_path / "x" / "deep" / "a.txt").read_text() == "new"


def damage(path, how):
    file, manifest = path / "deep" / "a.txt", path / "manifest.json"
    if how == "changed":
        file.write_text("hellO")
    elif how == "missing":
        file.unlink()
    elif how == "no manifest":
        manifest.unlink()
    elif how == "cut manifest":
        manifest.write_text(manifest.read_text()[:-10])
    elif how == "newer schema":
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"schema_version": 99}))


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ("changed", "a.txt: not as it was written"),
        ("missing", "a.txt: missing"),
        ("no manifest", "no manifest.json"),
        ("cut manifest", "manifest.json: cannot be read"),
        ("newer schema", "schema version 99"),
    ],
)
def test_damage_is_named_with_its_path_and_what_to_do(tmp_path, how, named):
    write(tmp_path / "x")
    damage(tmp_path / "x", how)
    with pytest.raises(RecordError, match=named) as error:
        open_folder(tmp_path / "x", "run")
    assert str(tmp_path / "x") in str(error.value) and "dvc" in str(error.value)


def test_a_foreign_folder_is_refused(tmp_path):
    write(tmp_path / "x", kind="finished agent", game="Alien")
    with pytest.raises(RecordError, match="not a run folder"):
        open_folder(tmp_path / "x", "run")
    with pytest.raises(RecordError, match="game is 'Alien', not 'Pong'"):
        open_folder(tmp_path / "x", "finished agent", game="Pong")


def test_tables_come_back_as_they_were(tmp_path):
    rows = [{"updates": 3, "loss": 0.1 + 0.2, "small": 1e-17}, {"updates": -4, "loss": float("inf"), "small": 5.0}]
    write_table(rows, tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv") == rows
    write_table([], tmp_path / "e.csv")
    assert read_table(tmp_path / "e.csv") == []
