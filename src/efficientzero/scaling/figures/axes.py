"""The axes of the figures, how wide intervals are drawn, and what others have scored, to stand behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogFormatterSciNotation,
    LogLocator,
    NullFormatter,
    NullLocator,
)
from scipy import stats

from efficientzero.games import Game
from efficientzero.published import final_scores, published_curves
from efficientzero.scaling.figures.style import KNOWN, Appearance
from efficientzero.scaling.reference_scores import minatar_scale
from efficientzero.scaling.words.notes import ENOUGH_SEEDS

FRAMES_PER_MINUTE = 3600  # an Atari 2600 shows 60 frames a second
LONG = 600  # minutes of play beyond which they are told in hours
NARROW = 30  # spans of compute below this ratio are given ticks between the powers of ten
# Published names of the agents that we train, too; the curves are of unfinished checkpoints, the final scores are not.
AGENTS = {
    "EfficientZero": "efficientzero", "MuZero": "muzero_reanalyze", "DER": "rainbow", "Rainbow": "rainbow_classic",
    "DQN": "dqn", "PPO (fixed hyperparameters)": "ppo",
}  # fmt: skip
CURVES = ("efficientzero_100k",)
SIGHT = 1.15  # times the largest budget or under the least, so that no marker is cut by the frame


def ticks(axis: Axis | Any, places: Iterable[float], write: Callable[[float], str]) -> None:
    """Ticks at these places and nowhere else."""
    axis.set_major_locator(FixedLocator(list(places)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))


def plain(axes: Axes, hidden: Sequence[str] = ("top", "right"), grid: str = "0.9") -> None:
    """Horizontal lines of that grey behind all else, and no frame at these sides."""
    axes.grid(axis="y", color=grid, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[list(hidden)].set_visible(False)


def frames_axis(axes: Axes, frames: Sequence[int], game: Game, labelled: Sequence[int] | None = None) -> None:
    """A logarithmic axis with a tick at each budget, ascending, or at those `labelled`; above it time of play (ALE)."""
    labelled = frames if labelled is None else labelled
    axes.set_xscale("log", base=2)
    axes.set_xlim(frames[0] / 1.25, frames[-1] * 1.25)
    ticks(axes.xaxis, labelled, "{:,.0f}".format)
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
    times = list(np.array(labelled) / unit)
    ticks(play.xaxis, times, lambda value: f"{value:.1f}" if value < 10 else f"{value:,.0f}")
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


def half_widths(curve: pd.DataFrame) -> pd.Series:
    """Of the rows of a `curve_table`: half of Student's t 95 % interval of the mean, or the standard error where fewer
    than `ENOUGH_SEEDS` seeds are there; NaN for one seed."""
    enough = curve.seeds >= ENOUGH_SEEDS
    factor = pd.Series(stats.t.ppf(0.975, curve.seeds.clip(lower=2) - 1), curve.index).where(enough, 1.0)
    return curve.standard_error * factor


class ReferenceLine(NamedTuple):
    """The score of others that a game's figure shows as a dotted line: the human's, in MinAtar that of published DQN.

    `score`: mean unclipped return of an episode. `label`: of the legend. `name`: in a sentence.
    """

    score: float
    label: str
    name: str


def reference_line(game: Game) -> ReferenceLine | None:
    """None where nobody has published such a score."""
    if game.family == "minatar":
        return ReferenceLine(minatar_scale(game.name).dqn, "DQN, published", "the published score of DQN")
    if game.human_score is None:
        return None
    return ReferenceLine(game.human_score, "human, from the literature", "the human score")


def published_points(game: str) -> pd.DataFrame:
    """agent (as we call it), frames and score of a game; mean over runs; empty for games that others did not play."""
    finals = final_scores().dropna(subset=["frames"])
    tables = [published_curves(name) for name in CURVES] + [finals]
    table = pd.concat([each[["game", "agent", "frames", "score"]] for each in tables], ignore_index=True)
    own = table[(table.game == game) & table.agent.isin(AGENTS)].replace({"agent": AGENTS})
    means = own.groupby(["agent", "frames"], sort=False).score.mean().reset_index()
    return means.astype({"frames": "int64"})


def published_in_sight(published: pd.DataFrame | None, curve: pd.DataFrame) -> list[tuple[Appearance, pd.DataFrame]]:
    """Per agent of `curve` its look, under its published name, and its published points within the budgets."""
    if published is None or curve.empty:
        return []
    low, high = curve.frames.min() / SIGHT, curve.frames.max() * SIGHT
    near = published[(published.frames >= low) & (published.frames <= high)]
    names = {own: name for name, own in AGENTS.items()}
    return [
        (KNOWN[agent]._replace(name=names[agent]), near[near.agent == agent])
        for agent in dict.fromkeys(curve.agent)
        if agent in names and (near.agent == agent).any()
    ]
