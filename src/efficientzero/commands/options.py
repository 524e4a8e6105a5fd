"""The options that a suite and a sweep have in common."""

from __future__ import annotations

import argparse
from pathlib import Path

from efficientzero.experiments.cluster.head import Share, connect
from efficientzero.experiments.cluster.sharing import Meeting, check_meeting


def positive(text: str) -> int:
    """A number of an option that counts something."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number of at least 1")
    return int(text)


def add_common_arguments(parser: argparse.ArgumentParser, each: str, overrides: str) -> None:
    """Parameters, which `overrides` explains, how many of what `each` names at a time, and the cluster."""
    parser.add_argument(
        "-S", action="append", default=[], dest="overrides", metavar="KEY=VALUE",
        help=f"of every {each}, {overrides}; repeatable",
    )  # fmt: skip
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help=f"{each}s at a time; 1 if not given")
    group = parser.add_argument_group("on a Ray cluster")
    group.add_argument(
        "--ray", nargs="?", const="auto", metavar="ADDRESS", help="run on this cluster, or on the one of this machine"
    )
    group.add_argument(
        "--git-remote", metavar="URL", help="a repository with this commit that all machines reach; this one's path"
    )
    group.add_argument("--cpus-per-task", type=float, default=1, metavar="N", help="(1)")
    group.add_argument("--gpus-per-task", type=float, default=0, metavar="N", help="may be a fraction (0)")
    group.add_argument("--retries", type=int, default=3, metavar="N", help="of a lost or failed task (3)")


def join(arguments: argparse.Namespace, repository: Path) -> tuple[Meeting, Share]:
    """Joins the cluster named: where its machines meet, and what a task takes of one. Raises ExperimentError."""
    share = Share(arguments.cpus_per_task, arguments.gpus_per_task, arguments.retries)
    meeting = check_meeting(repository, arguments.git_remote)
    connect(arguments.ray, share)
    return meeting, share
