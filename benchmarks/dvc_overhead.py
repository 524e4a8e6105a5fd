"""What DVC itself costs: ``python benchmarks/dvc_overhead.py``.

Runs this repository's own ``dvc.yaml`` in a copy of it where ``stages/run``, which starts every stage, is a shell
script that writes the outputs in a few milliseconds: what remains is DVC. Prints a table and writes
``benchmarks/results/dvc_overhead.md``. CPU time of DVC's processes, the shell scripts' subtracted; with four seeds it
takes about half an hour.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "benchmarks" / "results" / "dvc_overhead.md"
STAGE = r"""#!/bin/sh
# In place of a stage: writes as many files as it would, of a few bytes.
set -eu
stage=$1 agent= seed= to=
shift
while [ $# -gt 0 ]; do
  case $1 in --agent) agent=$2 ;; --seed) seed=$2 ;; --milestone) to=$2 ;; esac
  shift 2
done
run=$agent/$seed
game=$(grep '^game:' params.yaml)
write() {
  mkdir -p "${1%/*}"
  echo "$game $1" > "$1"
}
json() {
  mkdir -p "${1%/*}"
  echo "{\"of\": \"$game $1\"}" > "$1"
}
milestone() {
  for file in manifest.json agent.safetensors targets.safetensors progress.json environments.json episodes.csv \
    learning.csv drift.csv recording/0.npz; do write "data/runs/$run/$1/$file"; done
}
case $stage in
  collect) milestone 0; write "data/costs/$run/collect.json"; json "data/scores/$run/0.json" ;;
  train) milestone "$to"; write "data/costs/$run/train-$to.json"; write "data/soundness/$run/$to.csv" ;;
  reanalyze)
    for file in manifest.json agent.safetensors learning.csv; do write "data/finished/$run/$to/$file"; done
    write "data/costs/$run/finish-$to.json"
    write "data/drift/$run/$to.csv"
    ;;
  evaluate)
    write "data/videos/$run/$to.gif"; write "data/generalisation/$run/$to.csv"; json "data/scores/$run/$to.json"
    ;;
  scaling) json data/scaling/verdict.json; write data/scaling/curve.csv ;;
esac
"""
CODE_DEPENDENCY = re.compile(r"^      - (src/.*|pyx)\n", re.MULTILINE)
WITHOUT_LIBYAML = "raise ImportError('left out')\n"
RAN = re.compile(r"^Running stage '", re.MULTILINE)
CACHED = re.compile(r"^Stage '[^']+' is cached", re.MULTILINE)


@dataclass(frozen=True)
class Cost:
    """Of one command: ``cpu_seconds`` of DVC, and how many stages it ran and took from the run cache."""

    cpu_seconds: float
    ran: int
    cached: int

    @property
    def per_stage(self) -> float:
        return self.cpu_seconds / max(self.ran + self.cached, 1)


class Checkout:
    """A copy of this repository's files, committed, whose stages do nothing but write their outputs."""

    def __init__(self, folder: Path, *, one_code_dependency: bool = False, libyaml: bool = True) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        for role in ("AUTHOR", "COMMITTER"):
            self.environment |= {f"GIT_{role}_NAME": "benchmark", f"GIT_{role}_EMAIL": "benchmark@example.org"}
        if not libyaml:
            hidden = folder.with_name(f"{folder.name}-python")
            hidden.mkdir()
            (hidden / "_ruamel_yaml.py").write_text(WITHOUT_LIBYAML)
            self.environment["PYTHONPATH"] = str(hidden)
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in listed.splitlines():
            if (ROOT / name).is_file() and name != "dvc.lock":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        (folder / "stages" / "run").write_text(STAGE)
        if one_code_dependency:
            pipeline = folder / "dvc.yaml"
            text = CODE_DEPENDENCY.sub("", pipeline.read_text())
            pipeline.write_text(re.sub(r"^(      - stages/\w+\.py)$", r"\1\n      - src", text, flags=re.MULTILINE))
        self._command("git", "init", "--quiet")
        self._command("git", "add", "--all")
        self._command("git", "commit", "--quiet", "--message", "benchmark")

    def cost(self, *command: str) -> Cost:
        """What a command of DVC costs, the stages' own commands included."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = self._command("dvc", *command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = Cost(seconds, len(RAN.findall(said)), len(CACHED.findall(said)))
        print(f"  dvc {' '.join(command)}: {found}", flush=True)
        return found

    def other_game(self) -> None:
        """Changes a parameter that every stage depends on."""
        parameters = self.folder / "params.yaml"
        parameters.write_text(re.sub(r"^game: .*$", "game: Alien", parameters.read_text(), flags=re.MULTILINE))

    def _command(self, *command: str) -> str:
        result = subprocess.run(command, cwd=self.folder, env=self.environment, text=True, capture_output=True)
        if result.returncode != 0:
            raise SystemExit(f"{' '.join(command)} failed in {self.folder}:\n{result.stdout}{result.stderr}")
        return result.stdout + result.stderr


def stage_seconds(folder: Path, repetitions: int = 50) -> float:
    """CPU time of one shell script in a stage's place; that of `train`, which writes most."""
    (folder / "params.yaml").write_text("game: Pong\n")
    (folder / "run").write_text(STAGE)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for seed in range(repetitions):
        command = ["sh", "run", "train", "--agent", "none", "--seed", str(seed), "--from", "0", "--milestone", "1"]
        subprocess.run(command, cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / repetitions


def overrides(seeds: int) -> list[str]:
    return ["-S", f"seeds=[{','.join(map(str, range(seeds)))}]"]


def measured(folder: Path, seeds: int, script: float, *, changed: bool) -> list[str]:
    """A row of the first table; `changed`: with a run of all stages once more, after a change."""
    print(f"{seeds} seeds")
    checkout = Checkout(folder)
    experiment = checkout.cost("exp", "run", *overrides(seeds))
    stages = experiment.ran
    lines = len((folder / "dvc.lock").read_text().splitlines())
    nothing = checkout.cost("repro")
    again = checkout.cost("exp", "run", "--temp", "-n", "again", *overrides(seeds))
    if not (nothing.ran == nothing.cached == again.ran == 0 and again.cached == stages):
        raise SystemExit(f"not what was to be measured: {stages} stages; {nothing}, {again}")
    per_stage = ""
    if changed:
        checkout.other_game()
        repro = checkout.cost("repro")
        if repro.ran != stages:
            raise SystemExit(f"not what was to be measured: {stages} stages; {repro}")
        per_stage = f"{repro.per_stage - script:.2f}"
    return [
        str(stages),
        f"{lines:,}",
        f"{experiment.per_stage - script:.2f}",
        f"{again.per_stage:.2f}",
        per_stage,
        f"{experiment.cpu_seconds - stages * script:.0f}",
        f"{again.cpu_seconds:.0f}",
        f"{nothing.cpu_seconds:.1f}",
    ]


def variants(folder: Path, script: float) -> list[list[str]]:
    """Rows of the second table: what makes the difference, with one seed."""
    kinds = {
        "as it is": Checkout(folder / "as_it_is"),
        "the code as one dependency": Checkout(folder / "one", one_code_dependency=True),
    }
    if installed("ruamel.yaml.clib"):
        kinds["without ruamel.yaml.clib"] = Checkout(folder / "pure", libyaml=False)
    rows = []
    for name, checkout in kinds.items():
        print(name)
        cost = checkout.cost("exp", "run", *overrides(1))
        lines = len((checkout.folder / "dvc.lock").read_text().splitlines())
        rows.append([name, f"{lines:,}", f"{cost.per_stage - script:.2f}"])
    return rows


def installed(package: str) -> str:
    """The version of an installed package; empty if there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def markdown(header: list[str], rows: list[list[str]]) -> str:
    align = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, align, *rows])


def report(rows: list[list[str]], compared: list[list[str]]) -> str:
    """The text of the result."""
    header = [
        "stages",
        "lines of dvc.lock",
        "`exp run`, s per stage",
        "from the run cache, s per stage",
        "`repro` of all after a change, s per stage",
        "`exp run`, s",
        "from the run cache, s",
        "`repro` with nothing to do, s",
    ]
    packages = {name: installed(name) or "not installed" for name in ("dvc", "ruamel.yaml", "ruamel.yaml.clib")}
    versions = ", ".join([f"Python {platform.python_version()}", *map(" ".join, packages.items())])
    return f"""# What DVC itself costs

CPU-seconds of DVC on this repository's `dvc.yaml` (three agents, four milestones, one to several seeds), with stages
that do nothing but write small files; a real stage adds its own time, and that of hashing and caching what it writes.
Written by `python benchmarks/dvc_overhead.py --seeds 1 4`. From the run cache: `dvc exp run --temp` of one all
of whose stages had been run before. After a change: `dvc.lock` holds all stages from the beginning.

{versions}. On a busy machine the same run takes up to a fifth more.

{markdown(header, rows)}

The cost of a stage grows with `dvc.lock`: after each stage DVC parses the whole file, and parses and writes it again
with a YAML library written in Python. So the cost of a run grows with the square of its stages. What makes a
difference, with one seed:

{markdown(["", "lines of dvc.lock", "`exp run`, s per stage"], compared)}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seeds", type=int, nargs="+", default=[1], help="numbers of seeds (1; four of them take half an hour)"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dvc-overhead-") as temporary:
        folder = Path(temporary)
        script = stage_seconds(folder)
        fewest = min(arguments.seeds)  # with many it would take as long as all the rest
        rows = [measured(folder / f"seeds{n}", n, script, changed=n == fewest) for n in arguments.seeds]
        compared = variants(folder, script)
    text = report(rows, compared)
    print(text)
    RESULT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
