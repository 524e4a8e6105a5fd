"""Stages run in the tests' own process: a new one takes seconds to import what it needs.

Not those that call DVC or GTO: after the stage `register` the standard streams of pytest's worker were closed.
"""

import io
import runpy
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

STAGES = Path(__file__).parents[1] / "stages"


def run_stage(folder, stage, *arguments):
    """What `sh stages/run STAGE ARGUMENTS` would in a folder, by this checkout's code: returncode, stdout and stderr.

    Not what is written by processes it starts, nor warnings, which pytest collects.
    """
    path, out, error, code = str(STAGES / f"{stage}.py"), io.StringIO(), io.StringIO(), 0
    with chdir(folder), redirect_stdout(out), redirect_stderr(error), patch.object(sys, "argv", [path, *arguments]):
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as ended:
            code = ended.code or 0
    return SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=error.getvalue())
