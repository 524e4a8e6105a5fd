"""The figure of score against frames."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from efficientzero.games import Game

FRAMES_PER_MINUTE = 3600  # an Atari 2600 shows 60 frames a second
NAMES = {"efficientzero": "EfficientZero", "muzero_reanalyze": "MuZero-Reanalyze", "random": "random agent"}
# Okabe and Ito's colours, apart for the colour-blind; markers and dashes keep the agents apart in greyscale.
STYLES = [("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "^", "-."), ("#CC79A7", "D", (0, (5, 1, 1, 1)))]
GREY = "0.35"
NOTE_WIDTH = 120  # characters
SIGHT = 0.6  # the human score is drawn if it is at most this share of the data's span away from it

DETERMINISTIC_SETTINGS: dict[Any, Any] = {"svg.hashsalt": "efficientzero", "svg.fonttype": "path", "font.size": 9.5}


def draw_curve(table: pd.DataFrame, curve: pd.DataFrame, game: Game, random_score: float | None) -> Figure:
    """The figure; `table` from `score_table`, `curve` from `curve_table`, `random_score` under the same rules."""
    with matplotlib.rc_context(DETERMINISTIC_SETTINGS):
        figure = Figure(figsize=(7.2, 4.9), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        for number, agent in enumerate(dict.fromkeys(curve.agent)):
            _draw_agent(axes, agent, STYLES[number % len(STYLES)], table, curve)
        _draw_references(axes, table, game, random_score)
        _draw_budgets(axes, sorted(set(curve.frames)), game)
        axes.set_ylabel("score (unclipped return of an episode)")
        axes.grid(axis="y", color="0.9", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["right"] if game.family == "ale" else ["top", "right"]].set_visible(False)
        axes.margins(y=0.08)
        figure.suptitle(f"{game.name}: score against frames", fontweight="bold", fontsize=12)
        axes.legend(loc="best", framealpha=0.85, edgecolor="none", handlelength=2.8)
        figure.supxlabel(_note(table), fontsize=8, color=GREY, x=0.01, ha="left")
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Writes a PNG or SVG, by the suffix of `path`; the same figure gives the same bytes."""
    metadata = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}[path.suffix]
    with matplotlib.rc_context(DETERMINISTIC_SETTINGS):
        figure.savefig(path, dpi=150, metadata=metadata)


def _draw_agent(axes: Axes, agent: str, style: tuple, table: pd.DataFrame, curve: pd.DataFrame) -> None:
    color, marker, dashes = style
    mean = curve[curve.agent == agent]
    label = NAMES.get(agent, agent.replace("_", " "))
    axes.plot(
        mean.frames, mean.score, color=color, marker=marker, markersize=6, linestyle=dashes, label=label, zorder=3
    )
    seeds = table[table.agent == agent]
    if not (mean.seeds > 1).any():
        low, high = seeds.score - seeds.standard_error, seeds.score + seeds.standard_error
        axes.vlines(seeds.frames, low, high, color=color, linewidth=1.2, alpha=0.6)
    else:
        axes.scatter(seeds.frames, seeds.score, s=14, color=color, marker=marker, alpha=0.35, linewidth=0, zorder=2)
        low, high = mean.score - mean.standard_error, mean.score + mean.standard_error
        axes.fill_between(mean.frames, low, high, color=color, alpha=0.15, linewidth=0, zorder=1)


def _draw_references(axes: Axes, table: pd.DataFrame, game: Game, random_score: float | None) -> None:
    in_sight = [*table.score]
    if random_score is not None:
        in_sight.append(random_score)
        axes.axhline(random_score, color=GREY, linestyle=(0, (4, 3)), linewidth=1.1, label="random play, measured here")
    span = max(in_sight) - min(in_sight)
    human = game.human_score if table.max_env_steps.isna().all() else None  # of whole games
    if human is not None and min(in_sight) - SIGHT * span <= human <= max(in_sight) + SIGHT * span:
        axes.axhline(human, color=GREY, linestyle=":", linewidth=1.4, label="human, from the literature")


def _draw_budgets(axes: Axes, frames: list[int], game: Game) -> None:
    """A logarithmic axis with a tick at each budget; above it minutes of play, for the ALE."""
    axes.set_xscale("log", base=2)
    axes.set_xlim(frames[0] / 1.25, frames[-1] * 1.25)
    axes.xaxis.set_major_locator(FixedLocator(frames))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if game.family != "ale":
        axes.set_xlabel("env steps of training (log scale; one frame each)")
        return
    axes.set_xlabel("game frames of training (log scale)")
    minutes = axes.secondary_xaxis(
        "top",
        functions=(
            lambda frames: np.divide(frames, FRAMES_PER_MINUTE),
            lambda time: np.multiply(time, FRAMES_PER_MINUTE),
        ),
    )
    minutes.set_xscale("log", base=2)
    minutes.xaxis.set_major_locator(FixedLocator(list(np.array(frames) / FRAMES_PER_MINUTE)))
    minutes.xaxis.set_minor_locator(NullLocator())
    minutes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.1f}" if value < 10 else f"{value:.0f}"))
    minutes.set_xlabel("minutes of play at 60 frames a second")


def _note(table: pd.DataFrame) -> str:
    episodes = sorted(set(table.episodes))
    seeds = table.seed.nunique()
    count = f"{episodes[0]}" if len(episodes) == 1 else f"{episodes[0]} to {episodes[-1]}"
    note = f"A point: mean over {count} episode{'s' * (episodes[-1] > 1)} of the agent finished at that budget"
    note += f", and over {seeds} seeds (faint: each seed; band: ± 1 standard error)." if seeds > 1 else ", one seed."
    if seeds == 1:
        note += "\nBars: ± 1 standard error over the episodes; from seed to seed scores differ by more."
    if table.sample_actions.all():
        note += "\nActions are drawn from the search's policy; published scores take its best action."
    if table.max_env_steps.notna().any():
        note += (
            f"\nEpisodes are cut after {table.max_env_steps.max():,} env steps: "
            "scores are not comparable with published ones, which are of whole games."
        )
    return "\n".join(line for sentence in note.splitlines() for line in wrap(sentence, NOTE_WIDTH))
