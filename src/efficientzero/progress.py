"""What goes on: drawn on a terminal, now and then a plain line in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self, TextIO

from rich import progress as bars
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Column
from rich.text import Text

LINE_SECONDS = 20.0  # between lines where nothing happens
DRAW_SECONDS = 0.1


class Display:
    """Shows how something long stands. A context manager; call :meth:`show` whenever it may have changed.

    Args:
        draw: the drawing as it is now, for a terminal of that many lines.
        lines: what is new, for where there is no terminal; given whether 20 s have passed since the last line.
        stream: where to show it. transient: whether the drawing is wiped at the end.
    """

    def __init__(
        self,
        draw: Callable[[int], RenderableType],
        lines: Callable[[bool], Iterable[str]],
        stream: TextIO,
        transient: bool = False,
    ) -> None:
        self._draw, self._lines, self._stream = draw, lines, stream
        console = Console(file=stream)
        terminal = stream.isatty() and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False, transient=transient) if terminal else None
        self._drawn, self._told = 0.0, time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        self.show(always=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.show(always=True)
        if self._live:
            self._live.stop()

    def show(self, always: bool = False) -> None:
        """Brings what is shown up to date; a drawing at most ten times a second, if not `always`."""
        now = time.monotonic()
        if self._live is None:
            for line in self._lines(now - self._told >= LINE_SECONDS):
                print(line, file=self._stream, flush=True)
                self._told = now
        elif always or now - self._drawn >= DRAW_SECONDS:
            self._live.update(self._draw(self._live.console.height), refresh=True)
            self._drawn = now


class Progress:
    """Shows a loop of `total` units, of which `done` were done in an earlier process. A context manager.

    On a terminal a bar; elsewhere a line at the start, one at the end and at most one every 20 s between.

    Args:
        total, description, unit: such as ``6000, "Assault efficientzero: training", "env steps"``.
        done: where the loop begins. stream: where to show it; None is standard error.
    """

    def __init__(self, total: int, description: str, unit: str, done: int = 0, stream: TextIO | None = None) -> None:
        self._total, self._description, self._unit = total, description, unit
        self._first = self._done = done
        self._started = time.monotonic()
        self._notes = ""
        self._entered = self._ended = False
        whole = Column(no_wrap=True)  # the bar itself gives way where a terminal is narrow
        self._bar = bars.Progress(
            bars.TextColumn("{task.description}", table_column=whole),
            bars.BarColumn(),
            bars.TextColumn(f"{{task.completed}}/{{task.total}} {unit}", table_column=whole),
            bars.TimeElapsedColumn(table_column=whole),
            bars.TimeRemainingColumn(table_column=whole),
        )
        self._task = self._bar.add_task(description, total=total, completed=done)
        self._display = Display(self._draw, self._lines, stream or sys.stderr)

    def update(self, amount: int = 1) -> None:
        """`amount` more units are done."""
        self._done += amount
        self._display.show()

    def note(self, **values: float | str) -> None:
        """Current values to show along: ``note(updates=120, loss=1.25)``; they replace those before."""
        self._notes = ", ".join(f"{name.replace('_', ' ')} {_short(value)}" for name, value in values.items())

    def __enter__(self) -> Self:
        self._display.__enter__()
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended = True
        self._display.__exit__(kind, error, traceback)

    def _draw(self, height: int) -> RenderableType:
        self._bar.update(self._task, completed=self._done)
        notes = [Text(f"  {self._notes}", "dim", no_wrap=True, overflow="ellipsis")] if self._notes else []
        return Group(self._bar.get_renderable(), *notes)

    def _lines(self, due: bool) -> Iterable[str]:
        elapsed = time.monotonic() - self._started
        times = f" in {duration(elapsed)}"
        if not self._entered:
            times = ""
        elif not self._ended:
            if not due or not self._first < self._done < self._total:
                return
            remaining = elapsed * (self._total - self._done) / (self._done - self._first)
            times += f", about {duration(remaining)} left"
        notes = f" ({self._notes})" if self._notes else ""
        yield f"{self._description}: {self._done}/{self._total} {self._unit}{times}{notes}"


def _short(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """``"42 s"``, ``"3 min 05 s"`` or ``"2 h 10 min"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
