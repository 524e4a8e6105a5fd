"""The machine that hands the tasks of a suite or of a sweep out to a Ray cluster and follows them."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster import node
from efficientzero.experiments.cluster.sharing import Meeting, fetch_experiments
from efficientzero.experiments.experiment import Stages
from efficientzero.experiments.suite import Member, State, Suite

TASK = "efficientzero.experiments.cluster.task"
POLL_SECONDS = 1.0
CONNECT_SECONDS = 5.0
Report = dict[str, Any]  # what a task told last, with the machine's name as ``place`` and Ray's ``node``


@dataclass(frozen=True)
class Share:
    """What a task takes of its machine, and how often it is started again after its machine was lost or it failed."""

    cpus: float = 1
    gpus: float = 0
    retries: int = 3


def connect(address: str, share: Share) -> None:
    """Joins the cluster at `address` (``"auto"``: the one that this machine belongs to).

    Raises ExperimentError: Ray is not installed, there is no such cluster, or no machine of it has room for one task.
    """
    if min(share.cpus, share.gpus, share.retries) < 0:
        raise ExperimentError("--cpus-per-task, --gpus-per-task, --retries: none of them can be negative")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise ExperimentError(
            "--ray: Ray is not installed; `pip install -c constraints.txt -e '.[cluster]'` brings it"
        ) from None
    try:
        host, colon, port = address.rpartition(":")
        if colon:  # Ray itself tries for minutes
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as error:
        raise ExperimentError(
            f"--ray {address}: there is no cluster to join ({str(error).splitlines()[0]}); `ray start --head` starts "
            "one and says how other machines join it"
        ) from None
    machines = [each["Resources"] for each in ray.nodes() if each["Alive"]]
    if not any(each.get("CPU", 0) >= share.cpus and each.get("GPU", 0) >= share.gpus for each in machines):
        raise ExperimentError(
            f"--cpus-per-task {share.cpus:g} --gpus-per-task {share.gpus:g}: none of the cluster's {len(machines)} "
            "machines has that much"
        )


def follow_tasks(
    orders: Mapping[str, dict[str, Any]], share: Share
) -> Iterator[tuple[dict[str, Report], dict[str, tuple[Report, str]]]]:
    """Runs a task for each order on the cluster joined, and follows them to their end.

    A task whose machine is lost, or that fails, is started again.

    Args:
        orders: by the tasks' names; each with the meeting's facts, and whatever else the module `task` wants.

    Yields, about every second, the newest report of each task that has begun on a machine that still lives, and of
    those that ended since the last one, or none and the error of the last attempt.
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
    names = {task.remote(TASK, {**order, "name": name}, board): name for name, order in orders.items()}
    waiting = list(names)
    while waiting:
        done, waiting = ray.wait(waiting, timeout=POLL_SECONDS)
        reports: dict[str, Report] = ray.get(board.read.remote())
        alive = {each["NodeID"] for each in ray.nodes() if each["Alive"]}
        reports = {name: report for name, report in reports.items() if report["node"] in alive}
        ended: dict[str, tuple[Report, str]] = {}
        for reference in done:
            name = names[reference]
            try:
                ended[name] = ray.get(reference), ""
            except ray.exceptions.RayError as error:
                ended[name] = (
                    {},
                    f"{name}: {getattr(error, 'cause', None) or error}",
                )  # the cause is without Ray's frames
        yield reports, ended


def run_suite_on_cluster(
    suite: Suite, repository: Path, meeting: Meeting, share: Share, show: Callable[[], None]
) -> None:
    """Runs all experiments that wait on the machines of the cluster joined; one that fails does not stop the others.

    Each task works in a clone of its own and pushes to the meeting's remotes (see `task`); one that is started
    again fetches what was pushed. Calls `show` every second. The experiments' names are in `repository` afterwards;
    their data stays in the DVC remote, from which it can be read or pulled.
    """
    waiting = {member.name: member for member in suite.of(State.WAITING)}
    orders = {name: {**asdict(meeting), "overrides": dict(each.experiment.overrides)} for name, each in waiting.items()}
    for reports, ended in follow_tasks(orders, share):
        for name, member in waiting.items():
            _follow(member, reports.get(name))
        for name, (report, error) in ended.items():
            _end(waiting[name], report, error)
        show()
    fetch_experiments(meeting, repository)


def _follow(member: Member, report: Report | None) -> None:
    if report is None:
        if member.state is State.RUNNING:
            member.state = State.WAITING  # its machine is lost; Ray starts it again
        return
    if member.state is State.WAITING:
        member.start(report["place"])
    if member.state is State.RUNNING:
        member.place, member.stages = report["place"], _stages(report)


def _end(member: Member, report: Report, error: str) -> None:
    if error:
        member.fail(error)
    else:
        member.finish(_stages(report))
    member.log.parent.mkdir(parents=True, exist_ok=True)
    member.log.write_text(report.get("log", "") or f"{error}\n")


def _stages(report: Report) -> Stages:
    return Stages(**{kind: tuple(names) for kind, names in report.get("stages", {}).items()})


def run_sweep_on_cluster(
    order: Mapping[str, Any], workers: int, repository: Path, meeting: Meeting, share: Share, show: Callable[[], None]
) -> list[str]:
    """Runs a sweep's trials with several workers on the machines of the cluster joined; returns the errors of any.

    Each worker runs one trial at a time in a clone of its own and pushes each rung to the meeting's remotes. A trial
    whose machine is lost is run again by another worker, which fetches what was pushed; the lost worker is started
    again. Calls `show` every second. The trials' experiments are in `repository` afterwards.

    Args:
        order: ``sweep``, a file of conf/sweep; ``study``, its name in the database ``storage``, an SQLAlchemy URL;
            ``trials``, how many it is to have; ``heartbeat``, seconds between a running trial's signs of life;
            ``overrides``, in place of the file's.

    Raises ExperimentError if the database is a file, which other machines cannot share.
    """
    if order["storage"].startswith("sqlite"):
        raise ExperimentError(
            f"--storage {order['storage']}: the workers of a cluster need a database server; "
            "expected postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )
    orders = {f"{order['study']}-worker{number}": {**asdict(meeting), **order} for number in range(workers)}
    errors: list[str] = []
    for _, ended in follow_tasks(orders, share):
        errors += [error for _, error in ended.values() if error]
        show()
    fetch_experiments(meeting, repository)
    return errors
