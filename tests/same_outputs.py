"""Whether this checkout makes byte for byte what an earlier commit makes: for changes that move code and no number.

    .venv/bin/python tests/same_outputs.py main                    # what is committed here against branch main
    .venv/bin/python tests/same_outputs.py HEAD~3 --keep FOLDER    # and keep both clones to look into

In a clone of each commit every agent goes through the whole chain of the smoke profile, and the analysis is made of the
committed scores of MinAtar and of published ones, by that commit's own commands (`--make`). Then every file under data/
is compared, but for what a clock says. Both run on this machine, since another processor may round otherwise. Takes a
quarter of an hour of two cores. Exits with 1 if a file differs, is missing or is new.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
CLOCK = ("cpu_seconds", "wall_seconds")
TIMED = {"data/scaling/report.html"}  # it shows the seconds; those of the other two analyses are fixed
AGENTS = "efficientzero,muzero_reanalyze,model_free_muzero,rainbow,rainbow_classic,dqn,ppo,random"
COMMANDS = (
    ["dvc", "exp", "run", "-S", "profile=smoke", "-S", f"agents=[{AGENTS}]"],
    ["efficientzero", "compare", "--published", "dopamine_log_budgets", "--output", "data/of_published"],
    ["python", "benchmarks/minatar_agents.py", "--analysis", "data/of_minatar"],
)


def run(folder: Path, *command: str) -> None:
    """Runs a command of this environment in a clone.

    Raises:
        SystemExit: it failed; with what it printed.
    """
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": sys.prefix, "PYTHONPATH": str(folder / "src"), "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1",
        "GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@localhost", "GIT_COMMITTER_NAME": "test",
        "GIT_COMMITTER_EMAIL": "test@localhost",
    }  # fmt: skip
    result = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)
    if result.returncode:
        sys.exit(f"{folder}: {' '.join(command)} failed:\n{result.stdout}{result.stderr}")


def outputs(folder: Path, commit: str) -> dict[str, bytes]:
    """Every file that a commit's commands leave under data/ in a fresh clone, without what a clock says."""
    run(ROOT, "git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder))
    run(folder, "git", "checkout", "--quiet", "--detach", commit)
    run(folder, "python", "-m", "efficientzero.compiled")
    run(folder, "python", "tests/same_outputs.py", "--make")
    kept = {}
    for path in sorted((folder / "data").rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith("data/published/") and name not in TIMED:
            kept[name] = without_clock(path)
    return kept


def without_clock(path: Path) -> bytes:
    """A file's bytes; of tables and records without the columns and keys that hold times."""
    content = path.read_bytes()
    if path.suffix == ".json":
        return json.dumps(_without_keys(json.loads(content))).encode()
    if path.suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        return "\n".join(str({key: row[key] for key in row if key not in CLOCK}) for row in rows).encode()
    return content


def _without_keys(record: Any) -> Any:
    if isinstance(record, dict):
        return {key: _without_keys(value) for key, value in record.items() if key not in CLOCK}
    return [_without_keys(value) for value in record] if isinstance(record, list) else record


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("base", nargs="?", help="the commit to compare HEAD with; it must have this file")
    what.add_argument("--make", action="store_true", help="only make the outputs, in the current folder")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the clones `base` and `here` in this folder")
    arguments = parser.parse_args()
    if arguments.make:
        for command in COMMANDS:
            run(Path.cwd(), *command)
        return 0
    work = Path(tempfile.mkdtemp()) if arguments.keep is None else arguments.keep.resolve()
    found = [name for name in ("base", "here") if (work / name).exists()]
    if found:
        parser.error(f"--keep: {work} already has {' and '.join(found)}; name another folder or delete them")
    changed = subprocess.run(["git", "status", "--porcelain", "-uno"], cwd=ROOT, text=True, capture_output=True).stdout
    if changed:
        parser.error(f"these are not committed, and what is compared is HEAD: commit them first\n{changed}")
    with ThreadPoolExecutor(2) as pool:
        base, here = pool.map(outputs, (work / "base", work / "here"), (arguments.base, "HEAD"))
    differences = [name for name in sorted(base | here) if base.get(name) != here.get(name)]
    for name in differences:
        print("differs:" if name in base and name in here else "missing:" if name in base else "new:", name)
    print(f"{len(base)} files of {arguments.base}, {len(here)} of HEAD: {len(differences) or 'none'} differ")
    if arguments.keep is None:
        shutil.rmtree(work)
    return int(bool(differences))


if __name__ == "__main__":
    sys.exit(main())
