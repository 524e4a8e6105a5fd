"""A suite on a Ray cluster: a task for each experiment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from efficientzero.experiments.cluster.head import Ended, Share, follow_tasks
from efficientzero.experiments.cluster.sharing import Meeting, fetch_experiments
from efficientzero.experiments.experiment import Stages
from efficientzero.experiments.suite.status import State, Status

RUNGS = "efficientzero.experiments.cluster.rungs"


def run_on_cluster(
    statuses: Sequence[Status], repository: Path, meeting: Meeting, share: Share, refresh: Callable[[], None]
) -> None:
    """Runs all experiments that wait on the machines of the cluster joined; one that fails does not stop the others.

    Each task works in a clone of its own and pushes to the meeting's remotes (see `rungs`); one that is started again
    fetches what was pushed. Calls `refresh` every second. The experiments' names are in `repository` afterwards; their
    data stays in the DVC remote, from which it can be read or pulled.
    """
    waiting = {status.name: status for status in statuses if status.state is State.WAITING}
    orders = {
        name: {**vars(meeting), "overrides": dict(status.member.experiment.overrides)}
        for name, status in waiting.items()
    }
    for reports, ended in follow_tasks(RUNGS, orders, share):
        for name, status in waiting.items():
            _show(status, reports.get(name))
        for each in ended:
            _end(waiting[each.name], each)
        refresh()
    fetch_experiments(meeting, repository)


def _show(status: Status, report: dict[str, Any] | None) -> None:
    if report is None:
        if status.state is State.RUNNING:
            status.state = State.WAITING  # its machine is lost; Ray starts it again
        return
    if status.state is State.WAITING:
        status.start(report["place"])
    if status.state is State.RUNNING:
        status.place, status.stages = report["place"], _stages(report)


def _end(status: Status, ended: Ended) -> None:
    if ended.error:
        status.fail(ended.error)
    else:
        status.finish(_stages(ended.report))
    status.log.parent.mkdir(parents=True, exist_ok=True)
    status.log.write_text(ended.report.get("log", "") or f"{ended.error}\n")


def _stages(report: dict[str, Any]) -> Stages:
    found = report.get("stages", {})
    return Stages(*(tuple(found.get(kind, ())) for kind in ("ran", "cached", "unchanged")))
