"""The questions that readers of the paper asked, answered from this experiment alone."""

from __future__ import annotations

import pandas as pd

from efficientzero.games import find_game
from efficientzero.published import expectation_in_words
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures.appearance import agent_name, named
from efficientzero.scaling.pair import PairAnalysis
from efficientzero.scaling.reference_scores import CEILINGS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.above_human import TWENTY_MINUTES, TWO_HOURS, WHO_THE_HUMANS_ARE, above_human
from efficientzero.scaling.report.costs_table import cost_means
from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import (
    counted,
    duration,
    power_of_ten,
    sentence,
    with_interval,
)

MATCHED, GUESS = "muzero_reanalyze", 3.8  # times the frames of EfficientZero, guessed by readers of the paper


def questions_section(analysis: Analysis | Refused, table: pd.DataFrame, published: str | None = None) -> Markup:
    """Questions and answers as a list; those that need a comparison are left out where that is refused, and those
    about runs of one's own where scores are `published`."""
    costs = cost_means(table)
    expected = _expected(table) if published is None else []
    asked = [
        *([("What was to be expected at these budgets?", expected)] if expected else []),
        ("How many parameters does each agent have?", _parameters(costs)),
        ("What does a run cost?", _compute(costs)),
        *(_of_comparison(analysis) if isinstance(analysis, Analysis) else []),
        *([("One network for all games, or one for each?", _networks(table))] if published is None else []),
    ]
    return element(
        "section",
        element("h2", "Questions asked about the paper", id="questions"),
        element(
            "dl",
            ([element("dt", question), (element("dd", answer) for answer in answers)] for question, answers in asked),
            class_="asked",
        ),
        aria_labelledby="questions",
    )


def _of_comparison(analysis: Analysis) -> list[tuple[str, list[str]]]:
    return [
        *(
            (
                f"How many frames does {agent_name(pair.second)} need to match {agent_name(pair.first)}?",
                _frames_to_match(analysis, pair),
            )
            for pair in analysis.pairs
        ),
        ("A better exponent, or an offset?", _exponent_or_offset(analysis)),
        *(_of_humans(analysis) if analysis.ceiling in CEILINGS["ale"] else []),
    ]


def _of_humans(analysis: Analysis) -> list[tuple[str, list[str]]]:
    """Not asked of MinAtar, which nobody has published scores of people for."""
    return [
        (
            "In what share of games is an agent above the human after 20 minutes of play?",
            [*above_human(analysis, TWENTY_MINUTES), WHO_THE_HUMANS_ARE],
        ),
        ("And after two hours?", above_human(analysis, TWO_HOURS)),
    ]


def _expected(table: pd.DataFrame) -> list[str]:
    """Of every Atari game, what published EfficientZero had at the largest budget."""
    frames = int(table.frames.max())
    games = [game for game in dict.fromkeys(table.game) if find_game(game).family == "ale"]
    return [sentence(expectation_in_words(game, frames)) for game in games]


def _parameters(costs: pd.DataFrame) -> list[str]:
    if "parameters" not in costs or not (costs.parameters > 0).any():
        return ["These scores came without it."]
    return [f"{agent}: {count:,.0f}." for agent, count in zip(_names(costs), costs.parameters, strict=True)]


def _compute(costs: pd.DataFrame) -> list[str]:
    if "training_flops" not in costs or not (costs.training_flops > 0).any():
        return ["These scores came without it."]
    counts = [f"{power_of_ten(flops)} floating-point operations" for flops in costs.training_flops]
    if "cpu_seconds" in costs:
        times = [f" in {duration(seconds)} of processor time" for seconds in costs.cpu_seconds]
        counts = [count + time for count, time in zip(counts, times, strict=True)]
    agents = [f"{agent}: {count}." for agent, count in zip(_names(costs), counts, strict=True)]
    return [f"One run on one game, to {costs.frames.max():,.0f} frames:", *agents]


def _names(costs: pd.DataFrame) -> list[str]:
    return [agent_name(str(agent)) for agent in costs.index]


def _frames_to_match(analysis: Analysis, pair: PairAnalysis) -> list[str]:
    found = pair.estimates[analysis.ceiling, pair.headline]
    match, first, second = found.frames_to_match, agent_name(pair.first), agent_name(pair.second)
    guess = [f"Readers of the paper guessed {GUESS} times."] if pair.second == MATCHED else []
    if isinstance(match, Refused):
        return ["Refused: " + sentence(named(match.reason, analysis.agents)), *guess]
    last = float(analysis.frames[-1])
    if not isinstance(match.ratio, Refused):
        return [f"{with_interval(match.ratio, ' times')} as many, for the final level of {first}.", *guess]
    answers = []
    if match.at_least is None:
        answers.append("Refused: " + sentence(named(match.ratio.reason, analysis.agents)))
    else:
        answers.append(
            f"More than {match.at_least:.2f} times as many: at {last:,.0f} frames {second} was still below the final "
            f"level of {first}."
        )
    if not isinstance(match.at_own_final_level, Refused):
        times = with_interval(match.at_own_final_level, " times")
        answers.append(f"For the highest level that {second} did reach it took {times} the frames of {first}.")
    if not isinstance(found.mean_frames_ratio, Refused):
        times = with_interval(found.mean_frames_ratio, " times")
        answers.append(f"In the mean over the levels that both reached it took {times} the frames of {first}.")
    if not isinstance(found.extrapolated_match, Refused):
        answers.append(
            f"A curve fitted to {second} gets there at {with_interval(found.extrapolated_match, ' frames')}: an "
            "extrapolation."
        )
    return [*answers, *guess]


def _exponent_or_offset(analysis: Analysis) -> list[str]:
    answers = []
    for pair in analysis.pairs:
        ratio = pair.estimates[analysis.ceiling, pair.headline].transform_free
        said = "no ratio of exponents can be given" if isinstance(ratio, Refused) else (
            f"the ratio of their exponents is {with_interval(ratio.ratio)}"
        )  # fmt: skip
        answers.append(f"{agent_name(pair.first)} against {agent_name(pair.second)}: {pair.word}; {said}.")
    return answers


def _networks(table: pd.DataFrame) -> list[str]:
    runs = len(table[["game", "agent", "seed"]].drop_duplicates())
    agents, games = counted(table.agent.nunique(), "agent"), counted(table.game.nunique(), "game")
    seeds = counted(int(table.groupby(["agent", "game"]).seed.nunique().max()), "seed")
    return [
        "One for each: every run trains a new network on one game from nothing. This experiment has "
        f"{counted(runs, 'run')}: {agents} on {games}, with up to {seeds}."
    ]
