"""In how many games an agent is above the human score after a given time of play.

Estimator: per game the mean over seeds of the human-normalised score, linear in ln frames between budgets.
"""

from __future__ import annotations

import numpy as np

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.curves import Curves
from efficientzero.scaling.figures.appearance import agent_name
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.wording import listed, play_time, sentence, share

TWENTY_MINUTES, TWO_HOURS = 20 * 60 * 60, 2 * 60 * 60 * 60  # ALE frames at 60 a second
NEAR = 1.1  # a budget within this factor of the frames asked for stands for them
WHO_THE_HUMANS_ARE = (
    "The humans of these scores are professional game testers. The survey of experts that asked for half of the Atari "
    "games after 20 minutes meant novices, whose scores are lower and not known."
)


def above_human(analysis: Analysis, frames: float) -> list[str]:
    """In how many games the mean over seeds is above the human score at `frames`.

    Sentences, an answer or why there is none: beyond the budgets only one that is near them is taken.
    """
    curves = next((found for found in analysis.curves.values() if isinstance(found, Curves)), None)
    if curves is None:
        return [sentence(found.reason) for found in analysis.curves.values() if isinstance(found, Refused)][:1]
    if np.isnan(curves.human_normalised[curves.present]).any():
        return [
            "Refused: a game has no human score in the literature, or its episodes were cut short, so its score "
            "cannot be compared with one of whole games."
        ]
    budgets = curves.frames
    nearest = float(budgets[np.abs(np.log(budgets / frames)).argmin()])
    inside = budgets[0] <= frames <= budgets[-1]
    if not inside and max(nearest / frames, frames / nearest) > NEAR:
        return [
            f"Refused: {play_time(frames)} are {frames:,.0f} frames, and these budgets go from {budgets[0]:,.0f} to "
            f"{budgets[-1]:,.0f}."
        ]
    at = frames if inside else nearest
    means = np.nanmean(curves.human_normalised, axis=2)
    reached = np.apply_along_axis(lambda curve: np.interp(np.log(at), np.log(budgets), curve), -1, means)
    games = len(curves.games)
    counts = [
        f"{agent_name(agent)} in {above} of {games} ({share(above / games)})"
        for agent, above in zip(curves.agents, (reached > 1).sum(-1), strict=True)
    ]
    read = "" if inside and at in budgets else ", read between budgets" if inside else ", the budget next to it"
    return [f"At {at:,.0f} frames ({play_time(at)}{read}): {listed(counts)}."]
