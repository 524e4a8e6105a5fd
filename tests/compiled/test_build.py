"""A checkout's Cython is compiled once, apart from every other checkout's, and again when anything in it changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import efficientzero.compiled
from efficientzero.compiled import build as building
from efficientzero.compiled.build import CompilationError, build, build_key, find_checkout

ROOT = Path(__file__).parents[2]
TRIVIAL = "def answer(double x):\n    return 42 + x\n"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout, whose builds go to ``tmp_path / "builds"``."""
    folder = tmp_path / "checkout"
    (folder / "pyx").mkdir(parents=True)
    shutil.copy(ROOT / "setup.py", folder)
    (folder / "pyx" / "small.pyx").write_text(TRIVIAL)
    monkeypatch.setattr(building, "_places", lambda: (tmp_path / "builds", tmp_path / "other"))
    return folder


def test_this_checkout_is_found_and_compiled_outside_itself():
    assert find_checkout() == ROOT
    folder = Path(efficientzero.compiled.__path__[0])
    assert {path.name.split(".")[0] for path in folder.iterdir()} == {
        path.stem for path in (ROOT / "pyx").glob("*.pyx")
    }
    assert ROOT / "src" not in folder.parents


def test_every_source_turns_the_checks_off_itself():
    """A .pxd file that did not would bring those of bounds and of division by zero back into the loops."""
    for path in (ROOT / "pyx").iterdir():
        directives = path.read_text().splitlines()[0]
        assert all(each in directives for each in ("boundscheck=False", "wraparound=False", "cdivision=True")), path


def test_compiles_once(checkout, capfd):
    folder = build(checkout)
    announced = capfd.readouterr().err
    assert announced.startswith("compiling pyx/ (once, about ") and announced.count("\n") == 1
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import small; print(small.answer(1))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "43.0\n"
    assert build(checkout) == folder
    assert capfd.readouterr().err == ""
    assert list((checkout / "pyx").iterdir()) == [checkout / "pyx" / "small.pyx"]  # nothing generated in the checkout
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name, f"{folder.name}.lock"]


def test_the_folder_changes_with_what_it_is_made_from(checkout):
    keys = [build_key(checkout)]
    for path, addition in [("pyx/small.pyx", "# more\n"), ("pyx/small.pxd", ""), ("setup.py", "# more\n")]:
        with (checkout / path).open("a") as file:
            file.write(addition)
        keys.append(build_key(checkout))
    (checkout / "pyx" / "notes.txt").write_text("no source")
    assert len(set(keys)) == 4
    assert build_key(checkout) == keys[-1]


def test_a_renamed_source_is_another_build(checkout):
    before = build_key(checkout)
    (checkout / "pyx" / "small.pyx").rename(checkout / "pyx" / "other.pyx")
    assert build_key(checkout) != before


def test_a_failed_compilation_leaves_nothing_and_says_why(checkout):
    (checkout / "pyx" / "small.pyx").write_text("def answer(:\n")
    with pytest.raises(CompilationError, match=r"small\.pyx:1:") as caught:
        build(checkout)
    assert "C compiler" in str(caught.value)
    assert [path.suffix for path in building._places()[0].iterdir()] == [".lock"]


def test_without_a_compiler_it_says_how_to_get_one(checkout, monkeypatch):
    monkeypatch.setenv("CC", "/nonexistent/compiler")
    with pytest.raises(CompilationError, match="apt-get install gcc"):
        build(checkout)


def test_nowhere_to_write(checkout, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(building, "_places", lambda: (tmp_path / "file" / "a", tmp_path / "file" / "b"))
    with pytest.raises(CompilationError, match=r"neither .* is writable"):
        build(checkout)


def test_the_second_place_serves_when_the_first_is_not_writable(checkout, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(building, "_places", lambda: (tmp_path / "file" / "a", tmp_path / "other"))
    assert build(checkout).parent == tmp_path / "other"


def test_processes_at_once_compile_once(checkout, tmp_path):
    code = (
        "import sys; from pathlib import Path; from efficientzero.compiled import build as building\n"
        f"building._places = lambda: (Path({str(tmp_path / 'builds')!r}),) * 2\n"
        f"print(building.build(Path({str(checkout)!r})))"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len({output for output, _ in outputs}) == 1
    assert sum(errors.count("compiling") for _, errors in outputs) == 1
