"""Stages run in the tests' own process: a new one takes seconds to import what it needs."""

import io
import runpy
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

STAGES = Path(__file__).parents[1] / "stages"


def run_stage(folder, stage, *arguments):
    """`sh stages/run STAGE ARGUMENTS` in a folder: its returncode, stdout and stderr."""
    path, out, error, code = str(STAGES / f"{stage}.py"), io.StringIO(), io.StringIO(), 0
    with chdir(folder), redirect_stdout(out), redirect_stderr(error), patch.object(sys, "argv", [path, *arguments]):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as ended:
            code = ended.code or 0
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=error.getvalue())
