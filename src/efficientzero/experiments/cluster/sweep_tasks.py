"""A sweep on a Ray cluster: several workers, each a task, that share the study's database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from efficientzero.experiments.cluster.head import ClusterError, Share, follow_tasks
from efficientzero.experiments.cluster.sharing import Meeting, fetch_experiments

WORKER = "efficientzero.experiments.cluster.sweep_worker"


@dataclass(frozen=True)
class SharedStudy:
    """``sweep``: a file of conf/sweep; ``study``: its name in the database ``storage``, an SQLAlchemy URL; ``trials``:
    how many it is to have; ``heartbeat``: seconds between a running trial's signs of life; ``overrides``: in place of
    the file's."""

    sweep: str
    study: str
    storage: str
    trials: int
    heartbeat: int
    overrides: dict[str, Any] = field(default_factory=dict)


def run_sweep_on_cluster(
    shared: SharedStudy, workers: int, repository: Path, meeting: Meeting, share: Share, show: Callable[[], None]
) -> list[str]:
    """Runs a sweep's trials with several workers on the machines of the cluster joined; returns the errors of any.

    Each worker runs one trial at a time in a clone of its own and pushes each rung to the meeting's remotes. A trial
    whose machine is lost is run again by another worker, which fetches what was pushed; the lost worker is started
    again. Calls `show` every second. The trials' experiments are in `repository` afterwards.

    Raises ClusterError if the database is a file, which other machines cannot share.
    """
    if shared.storage.startswith("sqlite"):
        raise ClusterError(
            f"--storage {shared.storage}: the workers of a cluster need a database server; "
            "expected postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )
    orders = {f"{shared.study}-worker{number}": {**vars(meeting), **vars(shared)} for number in range(workers)}
    errors: list[str] = []
    for _, ended in follow_tasks(WORKER, orders, share):
        errors += [each.error for each in ended if each.error]
        show()
    fetch_experiments(meeting, repository)
    return errors
