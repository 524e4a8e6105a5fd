"""Executes the notebooks as in a fresh clone, without results in data/, and writes their outputs into them.

python analysis/execute.py [NOTEBOOK ...]    all of them if none is named; analysis/README.md says more
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parent
CHECKOUT = FOLDER.parent
SECONDS = 600  # the longest that a cell may take
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def execute(path: Path, folder: str = "analysis") -> nbformat.NotebookNode:
    """The notebook with new outputs and nothing that depends on when or where it ran; `path` itself is left as it is.

    `folder`: where its kernel works, from the top of the checkout. Raises CellExecutionError: a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    source = os.pathsep.join(filter(None, [str(CHECKOUT / "src"), os.environ.get("PYTHONPATH")]))
    with TemporaryDirectory() as temporary:
        shutil.copy(CHECKOUT / "dvc.yaml", temporary)
        shutil.copytree(FOLDER, Path(temporary, "analysis"), ignore=shutil.ignore_patterns(".*", "__pycache__"))
        resources = {"metadata": {"path": str(Path(temporary, folder))}}
        client = NotebookClient(
            notebook, timeout=SECONDS, kernel_name="python3", record_timing=False, resources=resources
        )
        client.execute(env={**os.environ, "PYTHONPATH": source})
    notebook.metadata = nbformat.from_dict(METADATA)
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description="Executes notebooks anew and writes their outputs into them.")
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="all in analysis/ if none is named")
    paths = parser.parse_args().notebooks or sorted(FOLDER.glob("*.ipynb"))
    for path in paths:
        if not path.is_file():
            sys.exit(f"{path}: there is no such notebook; those in analysis/ are executed if none is named")
        print(f"{path.name}: executing", flush=True)
        try:
            notebook = execute(path)
        except CellExecutionError as error:
            sys.exit(f"{path}: a cell fails, the file is left as it was\n{error}")
        partial = path.with_suffix(".ipynb.partial")
        nbformat.write(notebook, partial)
        partial.replace(path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
