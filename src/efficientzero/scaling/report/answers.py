"""What this experiment alone says to the questions that readers of the paper asked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from efficientzero.games import find_game
from efficientzero.published import expectation_in_words
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.curves import Curves
from efficientzero.scaling.findings import AT, EXPONENT, FRAMES
from efficientzero.scaling.pair import PairAnalysis
from efficientzero.scaling.reference_scores import CEILINGS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.score_tables import cost_means
from efficientzero.scaling.words import answers
from efficientzero.scaling.words.names import agent_name
from efficientzero.scaling.words.numbers import sentence

TWENTY_MINUTES, TWO_HOURS = 20 * 60 * 60, 2 * 60 * 60 * 60  # ALE frames at 60 a second
NEAR = 1.1  # a budget within this factor of the frames asked for stands for them


def questions(analysis: Analysis | Refused, table: pd.DataFrame, published: str | None = None) -> dict[str, list[str]]:
    """Questions with their answers, in sentences.

    Those that need a comparison are left out where that is refused, and those about runs of one's own where scores are
    `published`.
    """
    costs = cost_means(table)
    asked: dict[str, list[str]] = {}
    if published is None:
        games = [game for game in dict.fromkeys(table.game) if find_game(game).family == "ale"]
        last = int(table.frames.max())
        asked["What was to be expected at these budgets?"] = [
            sentence(expectation_in_words(each, last)) for each in games
        ]
    counts, flops, seconds = (
        dict(costs.get(name, pd.Series(dtype=float))) for name in ("parameters", "training_flops", "cpu_seconds")
    )
    asked["How many parameters does each agent have?"] = answers.parameters(counts)
    asked["What does a run cost?"] = answers.compute(costs.frames.max(), flops, seconds)
    if isinstance(analysis, Analysis):
        asked |= _of_comparison(analysis)
    if published is None:
        runs = len(table[["game", "agent", "seed"]].drop_duplicates())
        seeds = int(table.groupby(["agent", "game"]).seed.nunique().max())
        said = answers.networks(runs, table.agent.nunique(), table.game.nunique(), seeds)
        asked["One network for all games, or one for each?"] = [said]
    return {question: said for question, said in asked.items() if said}


def _of_comparison(analysis: Analysis) -> dict[str, list[str]]:
    asked = {
        f"How many frames does {agent_name(pair.second)} need to match {agent_name(pair.first)}?":
            _frames_to_match(analysis, pair) for pair in analysis.pairs
    }  # fmt: skip
    asked["A better exponent, or an offset?"] = [
        answers.exponent_or_offset(
            pair.first,
            pair.second,
            pair.word,
            analysis.findings[analysis.place(pair.second), EXPONENT + "transform-free"].value,
        )
        for pair in analysis.pairs
    ]
    if analysis.ceiling in CEILINGS["ale"]:  # of MinAtar nobody has published scores of people
        asked["In what share of games is an agent above the human after 20 minutes of play?"] = [
            above_human(analysis, TWENTY_MINUTES), answers.WHO_THE_HUMANS_ARE,
        ]  # fmt: skip
        asked["And after two hours?"] = [above_human(analysis, TWO_HOURS)]
    return asked


def _frames_to_match(analysis: Analysis, pair: PairAnalysis) -> list[str]:
    found, place = analysis.findings, analysis.place(pair.second)
    mean, match, own = (found[place, FRAMES + at] for at in AT[1:])
    extrapolated = found[place, "extrapolated frames to match"]
    least = found[place, "least frames ratio"].estimate if (place, "least frames ratio") in found else None
    parts = (match.value, least, own.value, mean.value, extrapolated.value)
    return answers.frames_to_match(pair.first, pair.second, analysis.agents, float(analysis.frames[-1]), *parts)


def above_human(analysis: Analysis, frames: float) -> str:
    """In how many games the mean over seeds of the human-normalised score is above the human's at `frames`.

    A sentence: the answer, or why there is none. Linear in ln frames between budgets; beyond them only one that is near
    is taken.
    """
    curves = next((found for found in analysis.curves.values() if isinstance(found, Curves)), None)
    if curves is None:
        return next(sentence(found.reason) for found in analysis.curves.values() if isinstance(found, Refused))
    if np.isnan(curves.human_normalised[curves.present]).any():
        return answers.NOT_NORMALISED
    budgets = curves.frames
    nearest = float(budgets[np.abs(np.log(budgets / frames)).argmin()])
    inside = budgets[0] <= frames <= budgets[-1]
    if not inside and max(nearest / frames, frames / nearest) > NEAR:
        return answers.outside_budgets(frames, budgets[0], budgets[-1])
    at = frames if inside else nearest
    means = np.nanmean(curves.human_normalised, axis=2)
    reached = np.apply_along_axis(lambda curve: np.interp(np.log(at), np.log(budgets), curve), -1, means)
    counts = dict(zip(curves.agents, (reached > 1).sum(-1).tolist(), strict=True))
    read = "" if inside and at in budgets else ", read between budgets" if inside else ", the budget next to it"
    return answers.above_human(at, read, counts, len(curves.games))
