"""Answers to what readers of the paper asked, as lists of sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from efficientzero.scaling.refused import Refused
from efficientzero.scaling.words.names import agent_name, named
from efficientzero.scaling.words.numbers import (
    Estimate,
    counted,
    duration,
    listed,
    play_time,
    power_of_ten,
    sentence,
    share,
)
from efficientzero.scaling.words.numbers import with_interval as written

UNKNOWN = ["These scores came without it."]
MATCHED, GUESS = "muzero_reanalyze", 3.8  # times the frames of EfficientZero, guessed by readers of the paper
NOT_NORMALISED = (
    "Refused: a game has no human score in the literature, or its episodes were cut short, so its score cannot be "
    "compared with one of whole games."
)
WHO_THE_HUMANS_ARE = (
    "The humans of these scores are professional game testers. The survey of experts that asked for half of the Atari "
    "games after 20 minutes meant novices, whose scores are lower and not known."
)


def parameters(counts: Mapping[str, float]) -> list[str]:
    """How many each agent has."""
    if not any(count > 0 for count in counts.values()):
        return UNKNOWN
    return [f"{agent_name(agent)}: {count:,.0f}." for agent, count in counts.items()]


def compute(frames: float, flops: Mapping[str, float], seconds: Mapping[str, float]) -> list[str]:
    """What one run to `frames` cost each agent; `seconds`: of processor time, empty where they are not known."""
    if not any(count > 0 for count in flops.values()):
        return UNKNOWN
    agents = [
        f"{agent_name(agent)}: {power_of_ten(count)} floating-point operations"
        + (f" in {duration(seconds[agent])} of processor time." if seconds else ".")
        for agent, count in flops.items()
    ]
    return [f"One run on one game, to {frames:,.0f} frames:", *agents]


def frames_to_match(
    first: str,
    second: str,
    agents: Sequence[str],
    last: float,
    ratio: Estimate | Refused,
    at_least: float | None,
    own: Estimate | Refused,
    mean: Estimate | Refused,
    extrapolated: Estimate | Refused,
) -> list[str]:
    """How many frames `second` needs to match `first`.

    Args:
        agents: all whom a reason may name. last: the largest budget in frames. ratio, at_least: frames of `second` over
            those of `first` at the final level of `first`, or what they are more than. own: the same at the final level
            of `second`. mean: over the levels that both reached. extrapolated: frames at which `second` gets there.
    """
    guess = [f"Readers of the paper guessed {GUESS} times."] if second == MATCHED else []
    first, second = agent_name(first), agent_name(second)
    answers = []
    if not isinstance(ratio, Refused):
        answers.append(f"{written(ratio, ' times')} as many, for the final level of {first}.")
    elif at_least is None:
        answers.append("Refused: " + sentence(named(ratio.reason, agents)))
    else:
        answers.append(
            f"More than {at_least:.2f} times as many: at {last:,.0f} frames {second} was still below the final level "
            f"of {first}."
        )
    if isinstance(ratio, Refused):
        if not isinstance(own, Refused):
            answers.append(
                f"For the highest level that {second} did reach it took {written(own, ' times')} the frames of {first}."
            )
        if not isinstance(mean, Refused):
            times = written(mean, " times")
            answers.append(f"In the mean over the levels that both reached it took {times} the frames of {first}.")
        if not isinstance(extrapolated, Refused):
            answers.append(
                f"A curve fitted to {second} gets there at {written(extrapolated, ' frames')}: an extrapolation."
            )
    return [*answers, *guess]


def exponent_or_offset(first: str, second: str, word: str, ratio: Estimate | Refused) -> str:
    """The verdict on a pair, with the ratio of exponents that needs no formula."""
    none = isinstance(ratio, Refused)
    said = "no ratio of exponents can be given" if none else f"the ratio of their exponents is {written(ratio)}"
    return f"{agent_name(first)} against {agent_name(second)}: {word}; {said}."


def above_human(at: float, read: str, counts: Mapping[str, int], games: int) -> str:
    """In how many games each agent is above the human at `at` frames; `read`: how, if not at a budget."""
    said = [f"{agent_name(agent)} in {above} of {games} ({share(above / games)})" for agent, above in counts.items()]
    return f"At {at:,.0f} frames ({play_time(at)}{read}): {listed(said)}."


def outside_budgets(frames: float, low: float, high: float) -> str:
    """Why nothing is said of a budget."""
    return (
        f"Refused: {play_time(frames)} are {frames:,.0f} frames, and these budgets go from {low:,.0f} to {high:,.0f}."
    )


def networks(runs: int, agents: int, games: int, seeds: int) -> str:
    """That there is one network for each game."""
    return (
        "One for each: every run trains a new network on one game from nothing. This experiment has "
        f"{counted(runs, 'run')}: {counted(agents, 'agent')} on {counted(games, 'game')}, with up to "
        f"{counted(seeds, 'seed')}."
    )
