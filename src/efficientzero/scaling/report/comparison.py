"""What the comparison of the first agent with each other one gives to the page: words, tables, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.findings import EXPONENT, FRAMES, PREDICTED
from efficientzero.scaling.pair import PairAnalysis
from efficientzero.scaling.power_laws.power import Needed
from efficientzero.scaling.reference_scores import CEILING_NAMES, both_ceilings
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.score_tables import Table, aggregates_table, mean_curves_table
from efficientzero.scaling.verdict import Verdict
from efficientzero.scaling.words.names import agent_name, named
from efficientzero.scaling.words.numbers import probability, share, with_interval
from efficientzero.scaling.words.verdicts import PairVerdict, headline

AT_ONCE = 4  # refused figures that are named with a reason
METHODS = {
    "transform-free": "no formula",
    "M1": "M1",
    "M1, soft_l1": "M1, robust",
    "M3": "M3",
}


def comparison(analysis: Analysis) -> dict[str, Any]:
    """Plain values for the template, by name; a table is None where all in it is refused."""
    refused = (name for name, found in analysis.curves.items() if isinstance(found, Refused))
    return {
        "answer": headline(analysis.agents[0], [_pair_verdict(analysis, pair) for pair in analysis.pairs]),
        "pairs": [_card(pair, analysis.agents) for pair in analysis.pairs],
        "estimand": analysis.estimand,
        "ceiling": CEILING_NAMES[analysis.ceiling],
        "ceilings": [CEILING_NAMES[name] for name in both_ceilings(analysis.ceiling)],
        "refused_ceilings": [f"the {CEILING_NAMES[name]}" for name in refused],
        "resamples": analysis.resamples,
        "seed": analysis.seed,
        "mean_curves": mean_curves_table(analysis),
        "aggregates": aggregates_table(analysis),
        "warnings": {game: "; ".join(found) for game, found in analysis.warnings.items()},
        "exponents": exponents_table(analysis),
        "frames": frames_table(analysis),
        "predictions": predictions_table(analysis),
        "crossings": crossings(analysis),
        "power": power_table(analysis),
        "needed": needed_table(analysis),
        "is_decided": not isinstance(analysis.pairs[0].verdict, Refused)
        and all(pair.word != "not identified" for pair in analysis.pairs),
        "refusals": [_refusal(each.what, each.why, analysis.agents) for each in analysis.refusals],
    }


def _pair_verdict(analysis: Analysis, pair: PairAnalysis) -> PairVerdict:
    found, place = analysis.findings, analysis.place(pair.second)
    free, frames = found[place, EXPONENT + "transform-free"], found[place, FRAMES + "mean over common levels"]
    return PairVerdict(pair.word, pair.second, free.value, frames.value)


def _card(pair: PairAnalysis, agents: Sequence[str]) -> dict[str, Any]:
    """Of a pair: who, the word, its reasons, and the words for other estimands."""
    return {
        "agents": [agent_name(pair.first), agent_name(pair.second)],
        "estimand": pair.headline,
        "word": pair.word,
        "reasons": [named(reason, agents) for reason in pair.reasons],
        "others": {
            estimand: "not identified" if isinstance(found, Refused) else found.word
            for estimand, found in pair.verdicts.items()
            if estimand != pair.headline
        },
    }


def _refusal(what: str, why: str, agents: Sequence[str]) -> tuple[str, str]:
    parts = what.split("; ")
    more = f"; and {len(parts) - AT_ONCE} more" if len(parts) > AT_ONCE else ""
    return named("; ".join(parts[:AT_ONCE]) + more, agents), named(why, agents)


def exponents_table(analysis: Analysis) -> Table | None:
    """A row per pair, ceiling and estimand; None if all are refused."""
    rows: list[list[str]] = []
    groups: dict[int, str] = {}
    for pair in analysis.pairs:
        start = len(rows)
        for place in analysis.findings.places(EXPONENT + "M1"):
            ratios = [analysis.findings[place, EXPONENT + method].value for method in METHODS]
            if place.second != pair.second or all(isinstance(ratio, Refused) for ratio in ratios):
                continue
            tests = [analysis.findings[place, test] for test in ("equal exponents: p", "equivalence: p")]
            rows.append(
                [
                    f"{place.estimand}, {place.ceiling} ceiling",
                    *(with_interval(ratio) for ratio in ratios),
                    *("refused" if test.refused else probability(test.estimate) for test in tests),
                ]
            )
        if len(rows) > start:
            groups[start] = f"{agent_name(pair.first)} over {agent_name(pair.second)}"
    return Table(["interval for", *METHODS.values(), "p: equal", "p: not equivalent"], rows, groups) if rows else None


def frames_table(analysis: Analysis) -> Table | None:
    """R at every level where at least one pair has it; None if none has."""
    found = [analysis.findings.levels(analysis.place(pair.second), FRAMES + "level") for pair in analysis.pairs]
    rows = [
        [share(at[0].level), *("" if each.refused else with_interval(each, "×") for each in at)]
        for at in zip(*found, strict=True)
        if not all(each.refused for each in at)
    ]
    return Table(["level", *(agent_name(pair.second) for pair in analysis.pairs)], rows) if rows else None


def predictions_table(analysis: Analysis) -> Table | None:
    """Scores beyond the largest budget; None if all are refused."""
    rows = [
        [agent_name(each.place.first), f"{each.level:,.0f}", with_interval(each)]
        for each in analysis.findings.of([PREDICTED])
        if each.place[2:] == (analysis.ceiling, analysis.estimand) and not each.refused
    ]
    return Table(["agent", "frames", "z"], rows) if rows else None


def crossings(analysis: Analysis) -> list[tuple[str, str, str]]:
    """Who overtakes whom at how many frames, of each pair whose curves cross."""
    found = analysis.findings.of(["crossing: first ahead", "crossing: second ahead"])
    said = []
    for each in found:
        if each.place[2:] == (analysis.ceiling, analysis.estimand):
            names = [agent_name(agent) for agent in each.place[:2]]
            ahead, behind = names if each.quantity == "crossing: first ahead" else names[::-1]
            said.append((ahead, behind, with_interval(each)))
    return said


def power_table(analysis: Analysis) -> tuple[float, Table] | None:
    """The ratio of exponents that is simulated, and how often it is found; None if all are refused."""
    found = [(name, verdict.power) for name, verdict in _verdicts(analysis)]
    known = [(name, power) for name, power in found if not isinstance(power, Refused)]
    if not known:
        return None
    rows = [[name, share(power.difference), share(power.decided)] for name, power in known]
    return known[0][1].exponent_ratio, Table(["agents", "finds the difference", "decides"], rows)


def needed_table(analysis: Analysis) -> Table | None:
    """How many games, seeds or budgets would decide; None where nothing says so."""
    rows = []
    for name, verdict in _verdicts(analysis):
        needed = verdict.needed
        if isinstance(needed, Needed):
            numbers = (
                "more than were tried" if number is None else f"{number:,}"
                for number in (needed.games, needed.seeds, needed.budgets)
            )  # fmt: skip
            rows.append([name, f"{needed.present.exponent_ratio:.2f}", share(needed.present.decided), *numbers])
    return Table(["agents", "ratio", "decides now", "games", "seeds", "budgets"], rows) if rows else None


def _verdicts(analysis: Analysis) -> list[tuple[str, Verdict]]:
    """With a row's head. Refused ones are among the refusals."""
    return [
        (f"{agent_name(pair.first)} / {agent_name(pair.second)}, for {estimand}", found)
        for pair in analysis.pairs
        for estimand, found in pair.verdicts.items()
        if not isinstance(found, Refused)
    ]
