"""The verdict: one sentence, what its words mean, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures.appearance import agent_name, named
from efficientzero.scaling.pair import PairAnalysis, PairEstimates
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import listed, sentence, with_interval

WORDS = {
    "exponent": "Agents climb at different rates: the lead of one, as a multiple of frames, grows or shrinks with "
    "them.",
    "offset": "Agents climb at the same rate: at every level one needs the same multiple of the other's frames.",
    "asymptote": "Agents climb at the same rate but level off at different scores, however many frames they get.",
    "not identified": "The runs fit more than one of these, or too few runs were made to tell.",
}


def headline(analysis: Analysis | Refused) -> str:
    """The verdict on all pairs in one sentence."""
    if isinstance(analysis, Refused):
        return f"Not identified: {analysis.reason}."
    by_word: dict[str, list[PairAnalysis]] = {}
    for pair in analysis.pairs:
        by_word.setdefault(pair.word, []).append(pair)
    return sentence("; ".join(f"{word}: {_clause(word, found)}" for word, found in by_word.items()))


def verdict_section(analysis: Analysis | Refused) -> Markup:
    """What the four words mean, and a card for each pair."""
    words = [element("div", element("dt", word), element("dd", meaning)) for word, meaning in WORDS.items()]
    return element(
        "section",
        element("h2", "The verdict, and what it rests on", id="verdict"),
        element("p", "A verdict is one of four words:"),
        element("dl", words, class_="terms"),
        element("p", f"Here there is none: {analysis.reason}.")
        if isinstance(analysis, Refused)
        else element("div", (_card(pair, analysis.agents) for pair in analysis.pairs), class_="pairs"),
        aria_labelledby="verdict",
    )


def _clause(word: str, pairs: Sequence[PairAnalysis]) -> str:
    first = agent_name(pairs[0].first)
    others = [agent_name(pair.second) for pair in pairs]
    if word == "exponent":
        return _exponents_differ(first, pairs)
    if word == "offset":
        return "; ".join(_constant_multiple(pair) for pair in pairs)
    if word == "asymptote":
        return f"{first} levels off at another score than {listed(others, 'or')}"
    return (
        f"these runs cannot tell how the curve of {first} differs from {listed([f'that of {one}' for one in others])}"
    )


def _exponents_differ(first: str, pairs: Sequence[PairAnalysis]) -> str:
    by_rate: dict[str, list[str]] = {}
    for pair in pairs:
        found = Refused("") if isinstance(pair.verdict, Refused) else pair.verdict.evidence.transform_free
        if not isinstance(found, Refused):
            rate = "faster" if found.log_ratio.estimate > 0 else "more slowly"
            ratio = found.ratio
            times = f"exponent {ratio.estimate:.2f} times as large, interval {ratio.low:.2f} to {ratio.high:.2f}"
            by_rate.setdefault(rate, []).append(f"{agent_name(pair.second)} ({times})")
    said = [f"climbs {rate} with frames than {listed(others)}" for rate, others in by_rate.items()]
    return f"{first} {listed(said, 'but')}"


def _constant_multiple(pair: PairAnalysis) -> str:
    first, second = agent_name(pair.first), agent_name(pair.second)
    ratio = Refused("") if isinstance(pair.verdict, Refused) else _estimates_of_verdict(pair).mean_frames_ratio
    if isinstance(ratio, Refused):
        return f"{second} needs a constant multiple of the frames of {first}"
    return (
        f"at every level {second} needs the same multiple of the frames of {first}, in the mean over levels "
        f"{with_interval(ratio, ' times')}"
    )


def _estimates_of_verdict(pair: PairAnalysis) -> PairEstimates:
    return next(each for each in pair.estimates.values() if each.estimand == pair.headline)


def _card(pair: PairAnalysis, agents: Sequence[str]) -> Markup:
    reasons = [sentence(named(reason, agents)) for reason in pair.reasons]
    others = [
        f"For {estimand} the verdict is: {'not identified' if isinstance(found, Refused) else found.word}."
        for estimand, found in pair.verdicts.items()
        if estimand != pair.headline
    ]
    return element(
        "article",
        element("h3", f"{agent_name(pair.first)} against {agent_name(pair.second)}, for {pair.headline}"),
        element("p", pair.word, class_="word"),
        element("ul", (element("li", reason) for reason in [*reasons, *others])),
        class_=f"pair {pair.word.replace(' ', '-')}",
    )
