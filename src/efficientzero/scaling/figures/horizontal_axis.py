"""The horizontal axes of the figures: the budget in frames, or the training compute."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogFormatterSciNotation,
    LogLocator,
    NullFormatter,
    NullLocator,
)

from efficientzero.games import Game

FRAMES_PER_MINUTE = 3600  # an Atari 2600 shows 60 frames a second
LONG = 600  # minutes of play beyond which they are told in hours
NARROW = 30  # spans of compute below this ratio are given ticks between the powers of ten


def frames_axis(axes: Axes, frames: Sequence[int], game: Game, labelled: Sequence[int] | None = None) -> None:
    """A logarithmic axis with a tick at each budget, ascending, or at those `labelled`; above it time of play (ALE)."""
    labelled = frames if labelled is None else labelled
    axes.set_xscale("log", base=2)
    axes.set_xlim(frames[0] / 1.25, frames[-1] * 1.25)
    axes.xaxis.set_major_locator(FixedLocator(list(labelled)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if game.family != "ale":
        axes.set_xlabel("env steps of training (log scale; one frame each)")
        return
    axes.set_xlabel("game frames of training (log scale)")
    hours = frames[-1] > LONG * FRAMES_PER_MINUTE
    unit = FRAMES_PER_MINUTE * (60 if hours else 1)
    play = axes.secondary_xaxis(
        "top", functions=(lambda frames: np.divide(frames, unit), lambda time: np.multiply(time, unit))
    )
    play.set_xscale("log", base=2)
    play.xaxis.set_major_locator(FixedLocator(list(np.array(labelled) / unit)))
    play.xaxis.set_minor_locator(NullLocator())
    play.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.1f}" if value < 10 else f"{value:,.0f}"))
    play.set_xlabel(f"{'hours' if hours else 'minutes'} of play at 60 frames a second")


def compute_axis(axes: Axes, operations: Sequence[int]) -> None:
    """A logarithmic axis from the least to the most of `operations`, all above 0; without ticks if there are none."""
    axes.set_xscale("log", base=10)
    axes.set_xlabel("training compute (floating-point operations, log scale)")
    if not operations:
        axes.xaxis.set_major_locator(NullLocator())
        axes.xaxis.set_minor_locator(NullLocator())
        return
    low, high = min(operations), max(operations)
    axes.set_xlim(low / 1.4, high * 1.4)
    between = (1.0, 2.0, 5.0) if high < NARROW * low else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=between))
    axes.xaxis.set_major_formatter(LogFormatterSciNotation(base=10, minor_thresholds=(10, 10)))
    axes.xaxis.set_minor_formatter(NullFormatter())
