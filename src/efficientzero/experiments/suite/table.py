"""What waits, runs, is finished and failed: a table on a terminal, now and then a plain line in a log."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from efficientzero.experiments.suite.status import State, Status
from efficientzero.progress import LINE_SECONDS, duration

ROWS_LEFT = 6  # of a terminal's height: the table's head, the counts, the prompt
STYLES = {State.FAILED: "bold red", State.RUNNING: "bold", State.PRESENT: "dim"}


class SuiteTable:
    """Shows the experiments of a suite while they run. A context manager; call :meth:`refresh` every second or so.

    On a terminal a table, which shows what failed and what runs first where it is too small for all. Elsewhere a line
    whenever an experiment starts, ends or fails, and every 20 s what runs.
    """

    def __init__(self, statuses: Sequence[Status], stream: TextIO) -> None:
        self._statuses, self._stream = statuses, stream
        self._console = Console(file=stream)
        self._live = Live(console=self._console, auto_refresh=False) if stream.isatty() else None
        self._told = {status.name: State.WAITING for status in statuses}
        self._printed = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        self.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.refresh()
        if self._live:
            self._live.stop()

    def refresh(self) -> None:
        for status in self._statuses:
            status.read_log()
        if self._live:
            self._live.update(self._table(), refresh=True)
        else:
            self._print_lines()

    def _table(self) -> Table:
        table = Table(title=counts(self._statuses), title_justify="left", box=None, pad_edge=False)
        table.add_column("experiment", no_wrap=True, min_width=min(max(len(each.name) for each in self._statuses), 48))
        table.add_column("state", no_wrap=True, min_width=len(State.FINISHED))
        table.add_column("stages", no_wrap=True, min_width=18)
        table.add_column("time", no_wrap=True, min_width=9, justify="right")
        table.add_column("now", no_wrap=True, overflow="ellipsis")  # this one gives way where it is narrow
        room = max(self._console.height - ROWS_LEFT, 3)
        shown = list(self._statuses)
        if len(shown) > room:
            shown = sorted(shown, key=lambda status: list(State).index(status.state))[:room]
        for status in shown:
            stages = "" if status.state in (State.WAITING, State.PRESENT) else stages_done(status)
            seconds = "" if status.seconds is None else duration(status.seconds)
            cells = (status.name, str(status.state), stages, seconds, _now(status))
            table.add_row(*cells, style=STYLES.get(status.state))
        if len(shown) < len(self._statuses):
            table.add_row(f"... and {len(self._statuses) - len(shown)} more")
        return table

    def _print_lines(self) -> None:
        for status in self._statuses:
            if status.state is not self._told[status.name]:
                self._told[status.name] = status.state
                self._print(status)
        if time.monotonic() - self._printed >= LINE_SECONDS:
            running = [status for status in self._statuses if status.state is State.RUNNING]
            for status in running:
                self._print(status)
            self._tell(counts(self._statuses))

    def _print(self, status: Status) -> None:
        parts = [str(status.state)]
        if status.state not in (State.WAITING, State.PRESENT):
            parts.append(f"{stages_done(status)} stages")
            parts.append(f"{duration(status.seconds or 0.0)}")
            parts += [_now(status)] if _now(status) else []
        self._tell(f"{status.name}: {', '.join(parts)}")

    def _tell(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
        self._printed = time.monotonic()


def counts(statuses: Sequence[Status]) -> str:
    """Such as ``"6 experiments: 2 running, 4 waiting"``."""
    number = Counter(status.state for status in statuses)
    what = "1 experiment" if len(statuses) == 1 else f"{len(statuses)} experiments"
    return f"{what}: " + ", ".join(f"{number[state]} {state}" for state in State if number[state])


def stages_done(status: Status) -> str:
    """Such as ``"5/22 (3 executed)"``; the last stage of a running experiment is not done yet."""
    under_way = status.state is State.RUNNING and bool(status.stages.ran)
    executed = len(status.stages.ran) - under_way
    return f"{status.stages.done - under_way}/{status.expected} ({executed} executed)"


def _now(status: Status) -> str:
    if status.state is State.FAILED:
        return f"see {status.log}"
    if status.state is State.RUNNING:
        stage = status.stages.ran[-1] if status.stages.ran else "preparing"
        return f"{stage} on {status.place}" if status.place else stage
    return ""
