"""The machine that hands tasks out to a Ray cluster and follows them."""

from __future__ import annotations

import argparse
import logging
import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from efficientzero.experiments.cluster import node

POLL_SECONDS = 1.0
CONNECT_SECONDS = 5.0


class ClusterError(Exception):
    """There is no cluster to run on; the message says what to do."""


@dataclass(frozen=True)
class Share:
    """What a task takes of its machine, and how often it is started again after its machine was lost or it failed."""

    cpus: float = 1
    gpus: float = 0
    retries: int = 3


@dataclass(frozen=True)
class Ended:
    """A task that ended: with its last report, or with the error of its last attempt."""

    name: str
    report: dict[str, Any]
    error: str = ""


def cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that `connect` and `check_meeting` need."""
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


def connect(address: str, share: Share) -> None:
    """Joins the cluster at `address` (``"auto"``: the one that this machine belongs to).

    Raises ClusterError: Ray is not installed, there is no such cluster, or no machine of it has room for one task.
    """
    if min(share.cpus, share.gpus, share.retries) < 0:
        raise ClusterError("--cpus-per-task, --gpus-per-task, --retries: none of them can be negative")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise ClusterError(
            "--ray: Ray is not installed; `pip install -c constraints.txt -e '.[cluster]'` brings it"
        ) from None
    try:
        host, colon, port = address.rpartition(":")
        if colon:  # Ray itself tries for minutes
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError(
            f"--ray {address}: there is no cluster to join ({str(error).splitlines()[0]}); `ray start --head` starts "
            "one and says how other machines join it"
        ) from None
    machines = [each["Resources"] for each in ray.nodes() if each["Alive"]]
    if not any(each.get("CPU", 0) >= share.cpus and each.get("GPU", 0) >= share.gpus for each in machines):
        raise ClusterError(
            f"--cpus-per-task {share.cpus:g} --gpus-per-task {share.gpus:g}: none of the cluster's {len(machines)} "
            "machines has that much"
        )


def follow_tasks(
    module: str, orders: Mapping[str, dict[str, Any]], share: Share
) -> Iterator[tuple[dict[str, dict[str, Any]], list[Ended]]]:
    """Runs a task for each order on the cluster joined, and follows them to their end.

    A task whose machine is lost, or that fails, is started again.

    Args:
        module: what each runs in its clone (see `node.run_in_clone`). orders: by the tasks' names; each with ``git``
            and ``commit``, and whatever else the module wants.

    Yields, about every second, the newest report of each task that has begun on a machine that still lives, and the
    tasks that ended since.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ray.cloudpickle.register_pickle_by_value(node)
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    board: Any = ray.remote(node.Board).options(num_cpus=0, scheduling_strategy=here).remote()
    task = ray.remote(
        num_cpus=share.cpus, num_gpus=share.gpus, max_retries=share.retries, retry_exceptions=True,
        scheduling_strategy="SPREAD",
    )(node.task)  # fmt: skip
    names = {task.remote(module, {**order, "name": name}, board): name for name, order in orders.items()}
    waiting = list(names)
    while waiting:
        done, waiting = ray.wait(waiting, timeout=POLL_SECONDS)
        reports: dict[str, dict[str, Any]] = ray.get(board.read.remote())
        alive = {each["NodeID"] for each in ray.nodes() if each["Alive"]}
        reports = {name: report for name, report in reports.items() if report["node"] in alive}
        yield reports, [_ended(names[reference], reference) for reference in done]


def _ended(name: str, reference: Any) -> Ended:
    import ray

    try:
        return Ended(name, ray.get(reference))
    except ray.exceptions.RayError as error:
        return Ended(name, {}, f"{name}: {getattr(error, 'cause', None) or error}")  # the cause is without Ray's frames
