"""The figures of score against frames and against training compute."""

from __future__ import annotations

from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from efficientzero.games import Game
from efficientzero.scaling.figures import style
from efficientzero.scaling.figures.axes import (
    compute_axis,
    frames_axis,
    half_widths,
    plain,
    published_in_sight,
    reference_line,
)
from efficientzero.scaling.words import notes

MARKER_SIZES = {"*": 9, "P": 7.5}  # points; the others have 6
SIGHT = 0.6  # the score of others is drawn if it is at most this share of the data's span away from it
FEW = 3  # with more agents bands would hide one another
SIDE_STEP = 0.03  # octaves between many agents' points of one budget, so that their bars do not cover one another


@style.deterministic
def draw_curve(
    table: pd.DataFrame,
    curve: pd.DataFrame,
    game: Game,
    random_score: float | None,
    x: Literal["frames", "training_flops"] = "frames",
    published: pd.DataFrame | None = None,
) -> Figure:
    """A line per agent through its score at each budget.

    Args:
        table, curve: from `score_table` and `curve_table`. random_score: of random play under the same rules.
        x: the horizontal axis, logarithmic: the budget in frames (many agents' points stand side by side at it), or the
            floating-point operations of training (agents that do not train have none and are left out).
        published: other people's scores of this game, with columns agent, frames and score, shown behind against
            frames; those outside the span of our budgets are left out.
    """
    compute = x == "training_flops"
    looks = style.appearances(curve.agent)
    shown = curve[curve.training_flops > 0] if compute else curve
    agents = list(dict.fromkeys(shown.agent))
    crowded = len(agents) > FEW
    behind = published_in_sight(published, shown) if not compute else []
    wide = len(agents) >= FEW or bool(behind)  # the legend stands beside the axes, where it covers nothing
    against = "training compute" if compute else "frames"
    figure = style.new_figure(f"{game.name}: score against {against}", *((9.2, 5.2) if wide else (7.2, 4.9)))
    axes = figure.add_subplot()
    for number, agent in enumerate(agents):
        shift = 2.0 ** (SIDE_STEP * (number - (len(agents) - 1) / 2)) if crowded and not compute else 1.0
        seeds, mean = table[table.agent == agent], shown[shown.agent == agent]
        _draw_agent(axes, looks[agent], seeds, mean, seeds[x] * shift, mean[x] * shift, bands=not crowded)
    _draw_references(axes, table, game, random_score)
    for look, points in behind:
        axes.plot(points.frames, points.score, linestyle="", marker=look.marker, markersize=6.5, color=look.color,
                  markerfacecolor="none", alpha=0.7, label=f"{look.name}, published", zorder=1)  # fmt: skip
    if compute:
        compute_axis(axes, list(shown.training_flops))
    else:
        frames_axis(axes, sorted(set(shown.frames)), game)
    axes.set_ylabel("score (unclipped return of an episode)")
    plain(axes, ["right"] if game.family == "ale" and not compute else ["top", "right"])
    axes.margins(y=0.08)
    if axes.get_legend_handles_labels()[0]:
        place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if wide else {"loc": "best"}
        axes.legend(framealpha=0.85, edgecolor="none", handlelength=3.6 if wide else 2.8, **place)
    sentences = notes.of_scores(table, compute=compute, crowded=crowded, published=bool(behind))
    style.add_note(figure, sentences, 150 if wide else 120)
    return figure


def _draw_agent(
    axes: Axes,
    look: style.Appearance,
    seeds: pd.DataFrame,
    mean: pd.DataFrame,
    seeds_x: pd.Series,
    mean_x: pd.Series,
    *,
    bands: bool,
) -> None:
    color, marker = look.color, look.marker
    axes.plot(
        mean_x, mean.score, color=color, marker=marker, markersize=MARKER_SIZES.get(marker, 6), linestyle=look.dashes,
        markeredgecolor="white", markeredgewidth=0.5, label=look.name, zorder=3,
    )  # fmt: skip
    if not (mean.seeds > 1).any():
        low, high = seeds.score - seeds.standard_error, seeds.score + seeds.standard_error
        axes.vlines(seeds_x, low, high, color=color, linewidth=1.2, alpha=0.6)
        return
    axes.scatter(seeds_x, seeds.score, s=14, color=color, marker=marker, alpha=0.35, linewidth=0, zorder=2)
    half = half_widths(mean)
    low, high = mean.score - half, mean.score + half
    if bands:
        axes.fill_between(mean_x, low, high, color=color, alpha=0.15, linewidth=0, zorder=1)
    else:
        axes.vlines(mean_x, low, high, color=color, linewidth=1.2, alpha=0.6)


def _draw_references(axes: Axes, table: pd.DataFrame, game: Game, random_score: float | None) -> None:
    in_sight = [*table.score]
    if random_score is not None:
        in_sight.append(random_score)
        axes.axhline(
            random_score, color=style.GREY, linestyle=(0, (4, 3)), linewidth=1.1, label="random play, measured here"
        )
    span = max(in_sight) - min(in_sight)
    line = reference_line(game) if table.max_env_steps.isna().all() else None  # of whole games
    if line is not None and min(in_sight) - SIGHT * span <= line.score <= max(in_sight) + SIGHT * span:
        axes.axhline(line.score, color=style.GREY, linestyle=":", linewidth=1.4, label=line.label)
