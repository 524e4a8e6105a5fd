"""Missing, damaged and wrong tables: one clear sentence, naming the file."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from efficientzero.published import PublishedFiguresError, best_scores, published_curves, table_file

HEADER = "game,agent,seed,frames,score,runs,standard_deviation,measure,publication,source"
GOOD = "Alien,A,0,400000,10.5,5,,return,P,S"
COLUMNS = {
    "game": "str", "agent": "str", "seed": "int64", "frames": "int64", "score": "float64", "runs": "Int64",
    "standard_deviation": "float64", "measure": "str", "publication": "str", "source": "str",
}  # fmt: skip


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Reads a table of the given lines."""
    monkeypatch.setattr(table_file, "FOLDER", tmp_path)

    def read(*lines, header=HEADER):
        (tmp_path / "table.csv.gz").write_bytes(gzip.compress("\n".join([header, *lines, ""]).encode()))
        return table_file.read_table("table.csv.gz", COLUMNS, ["agent", "game", "seed", "frames"], ["score"])

    return read


def test_what_is_right_is_read(read):
    row = read(GOOD, GOOD.replace(",0,", ",1,").replace(",5,,", ",,2.5,")).iloc[1]
    assert (row.game, row.seed, row.score, row.standard_deviation) == ("Alien", 1, 10.5, 2.5)
    assert row.runs is pd.NA


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (GOOD.replace("10.5", ""), "the column score is blank in row 3"),
        (GOOD.replace("10.5", "nan"), "the column score holds 'nan' in row 3, not a finite number"),
        (GOOD.replace("10.5", "inf"), "the column score holds 'inf' in row 3, not a finite number"),
        (GOOD.replace("10.5", "ten"), "the column score holds 'ten' in row 3, not a finite number"),
        (GOOD.replace(",0,", ",0.5,"), "the column seed holds '0.5' in row 3, not a whole number"),
        (GOOD.replace(",5,", ",2.5,"), "the column runs holds '2.5' in row 3, not a whole number"),
        (GOOD.replace("400000", ""), "the column frames is blank in row 3"),
        (GOOD.removesuffix("S"), "the column source is blank in row 3"),
        (GOOD.replace("10.5", "11"), "has two rows of agent A, game Alien, seed 0, frames 400000"),
        (GOOD.replace("Alien", "Aliens"), "there is no game called 'Aliens'; did you mean Alien"),
    ],
)
def test_a_wrong_row(read, tmp_path, line, message):
    other = GOOD.replace(",A,", ",B,") if "two rows" not in message else GOOD
    with pytest.raises(PublishedFiguresError) as error:
        read(other, line)
    assert str(error.value).startswith(f"{tmp_path}/table.csv.gz: ") and message in str(error.value)
    assert "git checkout" in str(error.value) and "\n" not in str(error.value)


def test_other_columns(read):
    with pytest.raises(PublishedFiguresError, match=r"has the columns game, agent, points and not game, agent, seed"):
        read("Alien,A,1", header="game,agent,points")


def test_no_rows(read):
    with pytest.raises(PublishedFiguresError, match="has no rows"):
        read()


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"game\n" + os.urandom(5000))[:900]])
def test_no_table(read, tmp_path, content):
    (tmp_path / "other.csv.gz").write_bytes(content)
    with pytest.raises(PublishedFiguresError, match=r"other.csv.gz: cannot be read as a table; restore it"):
        table_file.read_table("other.csv.gz", COLUMNS, ["game"])


def test_a_missing_table(read):
    with pytest.raises(PublishedFiguresError, match=r"none.csv.gz: is not there; restore it with `git checkout"):
        table_file.read_table("none.csv.gz", COLUMNS, ["game"])


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(
        PublishedFiguresError, match=r"no published curves called 'rainbow'; there are efficientzero_100k"
    ):
        published_curves("rainbow")
    with pytest.raises(PublishedFiguresError, match="no published curves called 'final_scores'"):
        published_curves("final_scores")
    with pytest.raises(PublishedFiguresError, match="no convention 'world'"):
        best_scores("world")


def test_a_package_without_a_checkout_says_so(tmp_path):
    """Here the package is copied to where no data folder is near, as `pip install` would."""
    package = Path(table_file.__file__).parents[1]
    for part in ("games", "published"):
        shutil.copytree(package / part, tmp_path / "efficientzero" / part)
    (tmp_path / "efficientzero" / "__init__.py").write_text("")
    code = "from efficientzero.published import list_published; list_published()"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True)
    assert "PublishedFiguresError" in result.stderr
    assert "not with an installed package: install from a clone" in result.stderr
