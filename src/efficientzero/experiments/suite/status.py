"""How far each experiment of a suite is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from efficientzero.experiments.experiment import Stages, stages_in_log
from efficientzero.experiments.suite.plan import Member, Suite


class State(StrEnum):
    FAILED = "failed"
    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"
    PRESENT = "there already"


@dataclass
class Status:
    """What is known of one experiment while its suite runs; the runner changes it, the table shows it.

    ``stages`` of ``expected`` are done or, the last of those that ``ran``, under way; ``place``: the machine, if there
    are several; ``error``: why it failed.
    """

    member: Member
    log: Path
    expected: int
    state: State = State.WAITING
    stages: Stages = field(default_factory=lambda: Stages((), (), ()))
    place: str = ""
    error: str = ""
    started: float | None = None
    ended: float | None = None

    @property
    def name(self) -> str:
        return self.member.experiment.name

    @property
    def seconds(self) -> float | None:
        """Wall-seconds since it was started."""
        return None if self.started is None else (self.ended or time.monotonic()) - self.started

    def start(self, place: str = "") -> None:
        self.state, self.place, self.started, self.ended = State.RUNNING, place, time.monotonic(), None

    def finish(self, stages: Stages) -> None:
        self.state, self.stages, self.ended = State.FINISHED, stages, time.monotonic()

    def fail(self, error: str) -> None:
        self.state, self.error, self.ended = State.FAILED, error, time.monotonic()

    def read_log(self) -> None:
        """Counts the stages of a running experiment by what DVC has said so far."""
        if self.state is State.RUNNING and not self.place:
            self.stages = stages_in_log(self.log)


def statuses(suite: Suite, logs: Path, present: Callable[[str], bool]) -> list[Status]:
    """One for each member in order; ``present`` says whether an experiment of that name is there already."""
    found = [Status(member, logs / f"{member.experiment.name}.log", suite.stages) for member in suite.members]
    for status in found:
        if present(status.name):
            status.state = State.PRESENT
    return found
