"""How far a long loop is: a bar on a terminal, now and then a plain line in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

LINE_SECONDS = 20.0


class Progress:
    """Shows a loop of `total` units, of which `done` were done in an earlier process. A context manager.

    On a terminal a bar; elsewhere a line at the start, one at the end and at most one every 20 s between.

    Args:
        total, description, unit: such as ``6000, "Assault efficientzero: training", "env steps"``.
        done: where the loop begins. stream: where to show it; None is standard error.
    """

    def __init__(self, total: int, description: str, unit: str, done: int = 0, stream: TextIO | None = None) -> None:
        stream = stream or sys.stderr
        self._display: _Bar | _Lines
        if stream.isatty():
            self._display = _Bar(total, description, unit, done, stream)
        else:
            self._display = _Lines(total, description, unit, done, stream)

    def update(self, amount: int = 1) -> None:
        """`amount` more units are done."""
        self._display.update(amount)

    def note(self, **figures: float | str) -> None:
        """Current values to show along: ``note(updates=120, loss=1.25)``; they replace those before."""
        self._display.figures = ", ".join(
            f"{name.replace('_', ' ')} {_figure(value)}" for name, value in figures.items()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._display.end()


class _Bar:
    def __init__(self, total: int, description: str, unit: str, done: int, stream: TextIO) -> None:
        self.figures = ""
        self._bar = tqdm(
            total=total, initial=done, desc=description, unit=f" {unit}", file=stream, dynamic_ncols=True, leave=True
        )

    def update(self, amount: int) -> None:
        self._bar.set_postfix_str(self.figures, refresh=False)
        self._bar.update(amount)

    def end(self) -> None:
        self._bar.set_postfix_str(self.figures, refresh=True)
        self._bar.close()


class _Lines:
    def __init__(self, total: int, description: str, unit: str, done: int, stream: TextIO) -> None:
        self.figures = ""
        self._total, self._description, self._unit, self._stream = total, description, unit, stream
        self._first = self._done = done
        self._started = self._printed = time.monotonic()
        self._print("")

    def update(self, amount: int) -> None:
        self._done += amount
        now = time.monotonic()
        if now - self._printed >= LINE_SECONDS and self._first < self._done < self._total:
            elapsed = now - self._started
            remaining = elapsed * (self._total - self._done) / (self._done - self._first)
            self._print(f" in {duration(elapsed)}, about {duration(remaining)} left")
            self._printed = now

    def end(self) -> None:
        self._print(f" in {duration(time.monotonic() - self._started)}")

    def _print(self, times: str) -> None:
        figures = f" ({self.figures})" if self.figures else ""
        line = f"{self._description}: {self._done}/{self._total} {self._unit}{times}{figures}"
        print(line, file=self._stream, flush=True)


def _figure(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """``"42 s"``, ``"3 min 05 s"`` or ``"2 h 10 min"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
