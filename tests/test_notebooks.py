"""The notebooks in analysis/ run in a fresh clone, and what they show is what the package computes now."""

import re
import runpy
from pathlib import Path

import nbformat
import pytest

ANALYSIS = Path(__file__).parents[1] / "analysis"
NOTEBOOKS = sorted(ANALYSIS.glob("*.ipynb"))
# Where each is run: next to it as in Jupyter, or at the top of the checkout; both must give what is committed.
FOLDERS = {"scaling_curves": ".", "ablations": ".", "published": "analysis"}
MOST_BYTES = 500_000
PLACE_OF_A_MACHINE = re.compile(r"(?<![\w.:/-])(/(home|root|tmp|work|usr|opt|var|Users|private)/|[A-Z]:\\\\)")

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts(notebook):
    """What every code cell shows, without pictures: by stream, or the plain text of a value.

    On a busy machine a kernel may send in two messages what it prints at once; they are one text here.
    """
    shown = []
    for cell in code_cells(notebook):
        outputs = []
        for output in cell.outputs:
            if output.output_type == "stream" and outputs and outputs[-1][0] == output.name:
                outputs[-1] = (output.name, outputs[-1][1] + output.text)
            elif output.output_type == "stream":
                outputs.append((output.name, output.text))
            else:
                outputs.append((sorted(output.data), output.data.get("text/plain", "")))
        shown.append((cell.source, outputs))
    return shown


def test_the_notebooks_are_these():
    assert {path.stem for path in NOTEBOOKS} == set(FOLDERS)


@each_notebook
def test_is_small(path):
    assert path.stat().st_size < MOST_BYTES


@each_notebook
def test_was_executed_whole_and_in_order_without_errors_or_warnings(path):
    cells = code_cells(nbformat.read(path, as_version=4))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []


@each_notebook
def test_names_no_place_of_a_machine(path):
    assert PLACE_OF_A_MACHINE.findall(path.read_text(encoding="utf-8")) == []


@each_notebook
def test_cells_call_the_package_and_are_short(path):
    _, *cells = code_cells(nbformat.read(path, as_version=4))  # the first one imports
    for cell in cells:
        assert len(cell.source.splitlines()) <= 12 and not re.search(r"^\s*(def|class) ", cell.source, re.MULTILINE)


@each_notebook
def test_links_lead_somewhere(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", cell.source):
                assert target.startswith("https://") or (ANALYSIS / target).is_file(), target


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=pytest.mark.long if path.stem in ("ablations", "published") else ())
        for path in NOTEBOOKS
    ],
    ids=lambda path: path.stem,
)
def test_shows_what_comes_out_now(path):
    """Where results have changed: `python analysis/execute.py`, then read what the text between the cells says."""
    execute = runpy.run_path(str(ANALYSIS / "execute.py"))["execute"]
    executed = execute(path, FOLDERS[path.stem])
    for (source, found), (_, committed) in zip(texts(executed), texts(nbformat.read(path, as_version=4)), strict=True):
        assert found == committed, source
