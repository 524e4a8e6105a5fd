"""Runs the agents on a suite of games and several seeds, and gathers all scores into one report."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path

from efficientzero.experiments import ExperimentError, experiment_names, pinned_checkout
from efficientzero.experiments.cluster import (
    ClusterError,
    Share,
    check_meeting,
    cluster_arguments,
    connect,
    run_on_cluster,
)
from efficientzero.experiments.experiment import git
from efficientzero.experiments.overrides import parse_overrides
from efficientzero.experiments.suite import (
    ReportError,
    State,
    Status,
    Suite,
    SuiteTable,
    counts,
    nothing_found,
    plan_suite,
    run_here,
    running,
    statuses,
    suite_folder,
    write_listing,
    write_report,
)
from efficientzero.games import SUITES
from efficientzero.parameters import ParameterError

EXAMPLES = """examples:
  sh stages/run suite minatar --seeds 0 1 2 --jobs 2
  sh stages/run suite atari26 --seeds 0 1 2 -S profile=atari100k -S 'agents=[efficientzero,rainbow]'
  sh stages/run suite Alien Pong minatar/breakout --name three -S profile=smoke
  sh stages/run suite minatar --seeds 0 1 2 --gather-only
  sh stages/run suite atari26 --seeds 0 1 2 -S profile=atari100k --ray --cpus-per-task 4 --gpus-per-task 0.5

Each game and seed is one DVC experiment; `dvc exp show -A` lists them. The same command again goes on where it was
stopped: experiments that are there are not run again, and finished stages come from DVC's run cache.

On a Ray cluster (--ray) each experiment runs in a clone of this commit on some machine, and is pushed to the default
DVC remote after each milestone, so that a lost machine costs one milestone at most. All machines need this Python
environment, Git, a C compiler, and access to the remote and to this repository. Clones are made in $TMPDIR.
"""


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="sh stages/run suite",
        description="Runs the agents on all games of a suite with several seeds, one experiment for each game and "
        "seed, and writes one table, analysis and report of all scores to data/suites/<name>/.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("games", nargs="+", metavar="SUITE|GAME", help=f"{', '.join(SUITES)}, or names of games")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], metavar="SEED", help="default: 0")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="experiments at a time; default: 1")
    parser.add_argument(
        "-S", action="append", default=[], dest="overrides", metavar="KEY=VALUE", help="as of `dvc exp run`; repeatable"
    )
    parser.add_argument("--name", help="of the suite; if not given, that of the suite or of up to three games")
    parser.add_argument("--gather-only", action="store_true", help="run nothing; report what is there")
    cluster_arguments(parser)
    arguments = parser.parse_args()
    if arguments.jobs < 1:
        parser.error(f"--jobs {arguments.jobs}: at least 1")
    return arguments


def run(arguments: argparse.Namespace, repository: Path, found: list[Status]) -> None:
    """Runs what is not there yet, here or on a cluster."""
    if not any(status.state is State.WAITING for status in found):
        return
    checkout = pinned_checkout(repository)
    if arguments.ray:
        share = Share(arguments.cpus_per_task, arguments.gpus_per_task, arguments.retries)
        meeting = check_meeting(repository, arguments.git_remote)
        connect(arguments.ray, share)
        with SuiteTable(found, sys.stderr) as table:
            run_on_cluster(found, repository, meeting, share, table.refresh)
    else:
        with SuiteTable(found, sys.stderr) as table:
            run_here(found, checkout, arguments.jobs, table.refresh)


def report(suite: Suite, found: list[Status], repository: Path, folder: Path) -> bool:
    """Gathers what there is; whether that is all."""
    there = [status.name for status in found if status.state in (State.PRESENT, State.FINISHED)]
    for status in found:
        if status.state is State.FAILED:
            print(f"\n{status.error}", file=sys.stderr)
    print(counts(found))
    if not there:
        failed = any(status.state is State.FAILED for status in found)
        print("There is nothing to report." if failed else nothing_found(suite), file=sys.stderr)
        return False
    write_listing(suite, folder)
    print(write_report(there, repository, folder), end="")
    missing = len(found) - len(there)
    without = f", without the {missing} that are missing" if missing else ""
    print(f"{folder / 'report.html'}: {len(there)} experiments{without}")
    return not missing


def main() -> None:
    arguments, repository = read_arguments(), Path()
    try:
        commit = git(repository, "rev-parse", "HEAD").strip()
        overrides = parse_overrides(arguments.overrides)
        suite = plan_suite(arguments.games, arguments.seeds, overrides, repository, commit, arguments.name)
        folder = suite_folder(suite, repository)
        with nullcontext() if arguments.gather_only else running(folder):
            found = statuses(suite, folder / "logs", set(experiment_names(repository)).__contains__)
            if not arguments.gather_only:
                run(arguments, repository, found)
        complete = report(suite, found, repository, folder)
    except (ParameterError, ClusterError, ExperimentError, ReportError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command again goes on, finished stages are in the run cache", file=sys.stderr)
        sys.stderr.flush()
        os._exit(130)  # the experiments end with this process; their threads would wait for them
    sys.exit(0 if complete else 1)


if __name__ == "__main__":
    main()
