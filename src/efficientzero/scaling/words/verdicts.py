"""The verdict on all pairs in one sentence, and what its four words mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from efficientzero.scaling.refused import Refused
from efficientzero.scaling.words.names import agent_name
from efficientzero.scaling.words.numbers import Estimate, listed, sentence, with_interval

WORDS = {
    "exponent": "Agents climb at different rates: the lead of one, as a multiple of frames, grows or shrinks with "
    "them.",
    "offset": "Agents climb at the same rate: at every level one needs the same multiple of the other's frames.",
    "asymptote": "Agents climb at the same rate but level off at different scores, however many frames they get.",
    "not identified": "The runs fit more than one of these, or too few runs were made to tell.",
}


class PairVerdict(NamedTuple):
    """`word`: one of `WORDS`, on the first agent against `second`. `exponents`: the ratio of their exponents without a
    formula, first over second. `frames`: the mean over levels of the frames of `second` over those of the first."""

    word: str
    second: str
    exponents: Estimate | Refused
    frames: Estimate | Refused


def headline(first: str, pairs: Sequence[PairVerdict]) -> str:
    """The verdict on the first agent against each other one."""
    by_word: dict[str, list[PairVerdict]] = {}
    for pair in pairs:
        by_word.setdefault(pair.word, []).append(pair)
    return sentence("; ".join(f"{word}: {_clause(word, agent_name(first), found)}" for word, found in by_word.items()))


def _clause(word: str, first: str, pairs: Sequence[PairVerdict]) -> str:
    others = [agent_name(pair.second) for pair in pairs]
    if word == "exponent":
        return _exponents_differ(first, pairs)
    if word == "offset":
        return "; ".join(_constant_multiple(first, pair) for pair in pairs)
    if word == "asymptote":
        return f"{first} levels off at another score than {listed(others, 'or')}"
    return (
        f"these runs cannot tell how the curve of {first} differs from {listed([f'that of {one}' for one in others])}"
    )


def _exponents_differ(first: str, pairs: Sequence[PairVerdict]) -> str:
    by_rate: dict[str, list[str]] = {}
    for pair in pairs:
        ratio = pair.exponents
        if not isinstance(ratio, Refused):
            rate = "faster" if ratio.estimate > 1 else "more slowly"
            times = f"exponent {ratio.estimate:.2f} times as large, interval {ratio.low:.2f} to {ratio.high:.2f}"
            by_rate.setdefault(rate, []).append(f"{agent_name(pair.second)} ({times})")
    said = [f"climbs {rate} with frames than {listed(others)}" for rate, others in by_rate.items()]
    return f"{first} {listed(said, 'but')}"


def _constant_multiple(first: str, pair: PairVerdict) -> str:
    second = agent_name(pair.second)
    if isinstance(pair.frames, Refused):
        return f"{second} needs a constant multiple of the frames of {first}"
    return (
        f"at every level {second} needs the same multiple of the frames of {first}, in the mean over levels "
        f"{with_interval(pair.frames, ' times')}"
    )
