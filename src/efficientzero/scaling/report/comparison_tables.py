"""The tables that compare the first agent with each other one: exponents, frames, predictions."""

from __future__ import annotations

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.estimators.frames_ratio import RatioAtLevel
from efficientzero.scaling.figures.appearance import agent_name
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.data_table import data_table
from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import probability, share, with_interval

METHODS = {
    "transform-free": "no formula",
    "M1": "M1",
    "M1, soft_l1": "M1, robust",
    "M3": "M3",
}


def has_exponents(analysis: Analysis) -> bool:
    """Whether any ratio of exponents is there."""
    ratios = [ratio for pair in analysis.pairs for each in pair.estimates.values() for ratio in each.exponents.values()]
    return any(not isinstance(ratio, Refused) for ratio in ratios)


def has_frames_ratios(analysis: Analysis) -> bool:
    """Whether the ratio of frames is there at any level, under the headline's ceiling and estimand."""
    found = [pair.estimates[analysis.ceiling, pair.headline].frames_ratio for pair in analysis.pairs]
    return any(not isinstance(each.ratio, Refused) for ratios in found for each in ratios)


def exponents_table(analysis: Analysis) -> Markup:
    """A row per pair, ceiling and estimand; or a sentence if all are refused."""
    rows: list[list[str]] = []
    groups: dict[str, int] = {}
    for pair in analysis.pairs:
        for each in pair.estimates.values():
            ratios = [each.exponents[method] for method in METHODS]
            if all(isinstance(ratio, Refused) for ratio in ratios):
                continue
            groups.setdefault(pair.second, len(rows))
            equal, fitted = each.equal_exponents, each.fitted
            rows.append(
                [
                    f"{each.estimand}, {each.ceiling} ceiling",
                    *(with_interval(ratio) for ratio in ratios),
                    "refused" if isinstance(equal, Refused) else probability(equal.p_value),
                    "refused" if isinstance(fitted, Refused) else probability(fitted.equivalence.p_value),
                ]
            )
    if not rows:
        return _none("ratio of exponents")
    return data_table(
        "Ratios of exponents",
        "The exponent of the first agent divided by that of the other, with its 95 % interval: 1 is an offset, above "
        "1 the first agent climbs faster. The verdict rests on the column “no formula” first. p: of the tests that "
        "the exponents of M1 are equal, and that they are not equivalent.",
        ["interval for", *METHODS.values(), "p: equal", "p: not equivalent"],
        rows,
        {row: f"{agent_name(analysis.agents[0])} over {agent_name(second)}" for second, row in groups.items()},
    )


def frames_table(analysis: Analysis) -> Markup:
    """R at every level where at least one pair has it; or a sentence."""
    found = [pair.estimates[analysis.ceiling, pair.headline].frames_ratio for pair in analysis.pairs]
    rows = [
        [share(at[0].level), *(_times(each) for each in at)]
        for at in zip(*found, strict=True)
        if any(not isinstance(each.ratio, Refused) for each in at)
    ]
    if not rows:
        return _none("ratio of frames at any of the levels 5 %, 10 %, … 95 %")
    return data_table(
        "Frames to the same level",
        f"How many times the frames of {agent_name(analysis.agents[0])} each other agent needs to cover that share of "
        f"the way from random play to the ceiling. Interval: for {analysis.estimand}. A dash: one of the two was not "
        "seen there.",
        ["level", *(agent_name(pair.second) for pair in analysis.pairs)],
        rows,
    )


def predictions_table(analysis: Analysis) -> Markup:
    """Scores beyond the largest budget; or a sentence."""
    found = [
        each for each in analysis.predictions
        if each.ceiling == analysis.ceiling and each.estimand == analysis.estimand and not isinstance(each.z, Refused)
    ]  # fmt: skip
    if not found:
        return _none("prediction beyond the largest budget")
    return data_table(
        "Predicted levels",
        "z at budgets that were not run, from each agent's own fitted curve, with the 95 % interval of a new "
        "measurement. An extrapolation: no more certain than the formula.",
        ["agent", "frames", "z"],
        [[agent_name(each.agent), f"{each.frames:,.0f}", with_interval(each.z)] for each in found],
    )


def crossings(analysis: Analysis) -> list[Markup]:
    """A sentence for each pair whose curves cross."""
    sentences = []
    for pair in analysis.pairs:
        found = pair.estimates[analysis.ceiling, pair.headline].crossing
        if not isinstance(found, Refused):
            sentences.append(
                f"{agent_name(found.ahead)} overtakes {agent_name(found.behind)} at {with_interval(found.frames)} "
                "frames."
            )
    return [element("p", each) for each in sentences]


def _times(at: RatioAtLevel) -> str:
    return "" if isinstance(at.ratio, Refused) else with_interval(at.ratio, "×")


def _none(what: str) -> Markup:
    link = element("a", "what was refused", href="#refused")
    return element("p", f"There is no {what}: see ", link, ".")
