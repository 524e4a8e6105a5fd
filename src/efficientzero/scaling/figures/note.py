"""The note under a figure: what its points and bars are, and what they cannot be compared with."""

from __future__ import annotations

from textwrap import wrap

import pandas as pd

from efficientzero.scaling.figures.score_spread import ENOUGH_SEEDS, SPREADS


def note(table: pd.DataFrame, *, compute: bool, crowded: bool, published: bool = False, width: int) -> str:
    """The lines of the note.

    Args:
        table: a `score_table`. compute: whether the figure is over training compute. crowded: whether there are
            so many agents that their points stand side by side, with bars instead of bands. published: whether scores
            of others stand behind. width: the most characters of a line.
    """
    episodes = sorted(set(table.episodes))
    seeds = table.seed.nunique()
    count = f"{episodes[0]}" if len(episodes) == 1 else f"{episodes[0]} to {episodes[-1]}"
    first = f"A point: mean over {count} episode{'s' * (episodes[-1] > 1)} of the agent finished at that budget"
    spread = "bar" if crowded else "band"
    first += (
        f", and over {seeds} seeds (faint: each seed; {spread}: {SPREADS[seeds >= ENOUGH_SEEDS]})."
        if seeds > 1
        else ", one seed."
    )
    sentences = [first]
    if seeds == 1:
        sentences.append("Bars: ± 1 standard error over the episodes; from seed to seed scores differ by more.")
    if crowded and not compute:
        sentences.append("The agents' points of one budget stand side by side.")
    if compute and table.training_flops.any():
        frames = sorted(set(table.frames))
        budgets = f"after {', '.join(f'{budget:,}' for budget in frames)} frames"
        sentences.append(
            f"Along a line, from left to right: {budgets}. Compute is the networks' arithmetic in acting, learning "
            "and reanalysis up to that point, its finishing branch included."
        )
    if published:
        sentences.append("Hollow: published scores, of other networks, hyperparameters and evaluation rules.")
    if table.sample_actions.all():
        sentences.append("Actions are drawn as in training; published scores take the best action.")
    if table.max_env_steps.notna().any():
        sentences.append(
            f"Episodes are cut after {table.max_env_steps.max():,} env steps: "
            "scores are not comparable with published ones, which are of whole games."
        )
    return "\n".join(line for sentence in sentences for line in wrap(sentence, width))
