"""The notes under the figures: what points, bands and bars are, and what they cannot be compared with."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from efficientzero.scaling.reference_scores import CEILING_NAMES, CEILINGS, Ceiling
from efficientzero.scaling.resampling import Estimand
from efficientzero.scaling.soundness import REWARDED_POSITIONS, VALUE_BIAS

ENOUGH_SEEDS = 3  # for an interval; that of two seeds, 12.7 standard errors to either side, would hide the curves
SPREADS = {False: "± 1 standard error", True: "95\u00a0%\u00a0interval"}
MEANING: dict[Estimand, str] = {
    "these games": "other seeds on these games",
    "games like these": "other games like these",
}
OWN_MEASURE = "mean return of whole games of the agent finished at that budget"


def of_scores(table: pd.DataFrame, *, compute: bool, crowded: bool, published: bool) -> list[str]:
    """Of one game's scores.

    Args:
        table: a `score_table`. compute: whether the figure is over training compute. crowded: whether there are so many
            agents that their points stand side by side, with bars instead of bands. published: whether scores of others
            stand behind.
    """
    seeds, episodes = table.seed.nunique(), table.episodes.dropna().astype(int)  # published scores come without
    first = "A point: mean over the episodes scored at that budget"
    if len(episodes):
        many = "s" if episodes.max() > 1 else ""
        first = f"A point: mean over {_span(episodes)} episode{many} of the agent finished at that budget"
    spread = f"{'bar' if crowded else 'band'}: {SPREADS[seeds >= ENOUGH_SEEDS]}"
    sentences = [
        f"{first}, and over {seeds} seeds (faint: each seed; {spread})." if seeds > 1 else f"{first}, one seed."
    ]
    if seeds == 1:
        sentences.append("Bars: ± 1 standard error over the episodes; from seed to seed scores differ by more.")
    if crowded and not compute:
        sentences.append("The agents' points of one budget stand side by side.")
    if compute and table.training_flops.any():
        sentences.append(
            f"Along a line, from left to right: after {_each(sorted(set(table.frames)))} frames. Compute is the "
            "networks' arithmetic in acting, learning and reanalysis up to that point, its finishing branch included."
        )
    if published:
        sentences.append("Hollow: published scores, of other networks, hyperparameters and evaluation rules.")
    if table.sample_actions.all():
        sentences.append("Actions are drawn as in training; published scores take the best action.")
    if table.max_env_steps.notna().any():
        sentences.append(
            f"Episodes are cut after {table.max_env_steps.max():,} env steps: scores are not comparable with published "
            "ones, which are of whole games."
        )
    return sentences


def of_games(seeds: pd.Series, dotted: str, ceiling: Ceiling | None, estimand: Estimand | None) -> list[str]:
    """Of several games' scores.

    Args:
        seeds: of every point. dotted: what the dotted line of a game is. ceiling: of the large panel, None where it is
            refused. estimand: of its band, None where it has none.
    """
    sentences = []
    if ceiling is not None:
        band = "No band: one seed." if estimand is None else f"Band: 95 % interval, {MEANING[estimand]}."
        sentences.append(f"Large panel: every game counts the same, from random play to the ceiling. {band}")
        if ceiling in CEILINGS["minatar"]:
            sentences.append(
                "MinAtar has no human scores: normalised by random play measured here and the "
                f"{CEILING_NAMES[ceiling]} (Wu and Ren 2026)."
            )
    several = bool(seeds.max() > 1)
    return [
        *sentences,
        f"Small panels: score of an episode, mean over {_span(seeds)} seed{'s' * several}"
        f"{' with its interval' * several}; dotted: {dotted}, where it is in sight.",
    ]


def of_frames_ratio(games: int, band: Estimand, dotted: Estimand | None) -> list[str]:
    """Of R(level); the estimands of the band and of the dotted lines, if there are any."""
    return [
        *([f"A level is the mean over {games} games."] if games > 1 else []),
        f"Band: 95 % interval, {MEANING[band]}{f'; dotted: {MEANING[dotted]}' if dotted else ''}.",
        "A level line is a lead by a constant multiple of frames (an offset); a line that rises or falls is a lead "
        "that changes with the budget. Levels that one of the two did not reach are not shown.",
    ]


def of_exponents(low: float, high: float) -> list[str]:
    """Of ratios of exponents, of which those from `low` to `high` are taken as equal."""
    return [
        "Above 1 the lead grows with the frames; at 1 it is a constant multiple. Titles: the verdict.",
        f"Grey: within {low:g} to {high:g}, taken as equal. Lines: 95 % intervals.",
    ]


def of_drift(frames: Sequence[int], runs: int) -> list[str]:
    """Of drift at budgets of that many frames, ascending."""
    return [
        f"A point: mean over the positions of that age in the replay after {frames[-1]:,} frames"
        + (f", then over {runs} runs" if runs > 1 else ", one run")
        + (f" (faint: after {_each(frames[:-1])})." if len(frames) > 1 else "."),
        "Both searches have root noise of their own, so that the distance is above 0 even at age 0.",
    ]


def of_soundness(frames: Sequence[int], runs: int) -> list[str]:
    """Of soundness at budgets of that many frames, ascending."""
    return [
        f"Positions of the run's own replay after {_each(frames)} frames"
        + (", paler where fewer" if len(frames) > 1 else "")
        + (f"; means over {runs} runs. " if runs > 1 else "; one run. ")
        + "Rewards of games not learned from: at the largest budget.",
        f"Hollow: fewer than {REWARDED_POSITIONS} of them rewarded. Grey band: ± {100 * VALUE_BIAS:.0f} % of the "
        "standard deviation of the returns. Returns are known where an episode ended.",
    ]


def of_measures(table: pd.DataFrame) -> list[str]:
    """How agents of several tables were scored; `table`: with the columns agent and, of published ones, measure."""
    measure = table.get("measure", pd.Series(OWN_MEASURE, table.index)).fillna(OWN_MEASURE)
    agents = table.agent.groupby(measure, sort=False).agg(lambda found: ", ".join(found.unique()))
    if len(agents) == 1:
        return [f"Every point: {agents.index[0]}."]
    by_measure = [f"{str(measure).capitalize()}: {named}." for measure, named in agents.items()]
    return [" ".join(["Measures differ, so the lines are not strictly comparable.", *by_measure])]


def _each(counts: Sequence[int]) -> str:
    return ", ".join(f"{count:,}" for count in counts)


def _span(counts: pd.Series) -> str:
    return f"{counts.min()}" if counts.nunique() == 1 else f"{counts.min()} to {counts.max()}"
