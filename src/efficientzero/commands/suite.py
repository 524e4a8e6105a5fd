"""Runs the agents on all games of a suite with several seeds, one experiment for each game and seed, and writes one
table, analysis and report of all scores to data/suites/<name>/."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path

from efficientzero.commands import compare
from efficientzero.commands.options import add_common_arguments, join
from efficientzero.experiments import suite as suites
from efficientzero.experiments.checkout import pinned_checkout
from efficientzero.experiments.cluster.head import run_suite_on_cluster
from efficientzero.experiments.composition import hydra_value, parse_overrides
from efficientzero.experiments.display import SuiteDisplay, counts
from efficientzero.experiments.git import head
from efficientzero.experiments.suite import State, Suite
from efficientzero.games import SUITES
from efficientzero.scaling import gather

EXAMPLES = """examples:
  efficientzero suite minatar --seeds 0 1 2 --jobs 2
  efficientzero suite atari26 --seeds 0 1 2 -S profile=atari100k -S 'agents=[efficientzero,rainbow]'
  efficientzero suite Alien Pong Krull --name three -S profile=smoke
  efficientzero suite minatar --seeds 0 1 2 --gather-only
  efficientzero suite atari26 --seeds 0 1 2 -S profile=atari100k --ray --cpus-per-task 4 --gpus-per-task 0.5

Each game and seed is one DVC experiment; `dvc exp show -A` lists them. The same command again goes on where it was
stopped: experiments that are there are not run again, and finished stages come from DVC's run cache.

On a Ray cluster (--ray) each experiment runs in a clone of this commit on some machine, and is pushed to the default
DVC remote after each milestone, so that a lost machine costs one milestone at most. All machines need this Python
environment, Git, a C compiler, and access to the remote and to this repository. Clones are made in $TMPDIR.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("games", nargs="+", metavar="SUITE|GAME", help=f"{', '.join(SUITES)}, or names of games")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED", help="0 if none is given")
    parser.add_argument("--name", help="of the suite; if not given, that of the suite or of up to three games")
    parser.add_argument("--gather-only", action="store_true", help="run nothing; report what is there")
    add_common_arguments(parser, "experiment", "as of `dvc exp run`")


def run(arguments: argparse.Namespace, repository: Path) -> int:
    overrides = parse_overrides(arguments.overrides)
    suite = suites.plan_suite(arguments.games, arguments.seeds, overrides, repository, head(repository), arguments.name)
    with nullcontext() if arguments.gather_only else suite.running():
        suite.look(repository)
        if suite.of(State.WAITING) and not arguments.gather_only:
            checkout = pinned_checkout(repository)
            cluster = join(arguments, repository) if arguments.ray else None
            with SuiteDisplay(suite.members, sys.stderr) as display:
                if cluster:
                    run_suite_on_cluster(suite, repository, *cluster, display.show)
                else:
                    suites.run_here(suite, checkout, arguments.jobs, display.show)
    return 0 if report(suite, repository) else 1


def report(suite: Suite, repository: Path) -> bool:
    """Gathers what there is; whether that is all."""
    failed = suite.of(State.FAILED)
    for member in failed:
        print(f"\n{member.error}", file=sys.stderr)
    print(counts(suite.members))
    there = [member.name for member in suite.of(State.PRESENT, State.FINISHED)]
    if not there:
        print("There is nothing to report." if failed else nothing_found(suite), file=sys.stderr)
        return False
    suite.write_listing()
    compare.report(gather(there, repository), suite.folder)
    missing = len(suite.members) - len(there)
    without = f", without the {missing} that are missing" if missing else ""
    print(f"{suite.folder / 'report.html'}: {len(there)} experiments{without}")
    return not missing


def nothing_found(suite: Suite) -> str:
    """What was looked for, when none of a suite's experiments is there, and how those of other commits are reported."""
    overrides = " ".join(f"-S {key}={hydra_value(value)}" for key, value in suite.overrides.items())
    return (
        f"There is nothing to report: none of the suite's experiments ({suite.members[0].name}, ...) is there for "
        f"commit {suite.commit[:7]} with {overrides or 'no -S'}. `dvc exp show -A` lists all experiments; "
        "`efficientzero compare NAME ...` reports those of other commits or overrides."
    )
