"""What the data could not give and why, the power this design had, and what would decide."""

from __future__ import annotations

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures.appearance import agent_name, named
from efficientzero.scaling.power_laws.power import Needed
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.data_table import data_table
from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import counted, sentence, share
from efficientzero.scaling.verdict import Verdict

SHOWN = 4  # of the figures that one reason stands in the way of


def refusals_section(analysis: Analysis | Refused) -> Markup:
    """Reasons as a list; power and the needed design as tables, or in words where they are refused, too."""
    if isinstance(analysis, Refused):
        said = [element("p", sentence(analysis.reason))]
    else:
        said = [
            element("h3", "Power of this design"),
            _power(analysis),
            element("h3", "What would decide"),
            _needed(analysis),
            element("h3", "Refused"),
            _refusals(analysis),
        ]
    title = element("h2", "What was refused, and what would decide", id="refused")
    return element("section", title, said, aria_labelledby="refused")


def _verdicts(analysis: Analysis) -> list[tuple[str, Verdict]]:
    """With a row's head. Refused ones are among the refusals."""
    return [
        (f"{agent_name(pair.first)} / {agent_name(pair.second)}, for {estimand}", found)
        for pair in analysis.pairs
        for estimand, found in pair.verdicts.items()
        if not isinstance(found, Refused)
    ]


def _power(analysis: Analysis) -> Markup:
    found = [(name, verdict.evidence.power) for name, verdict in _verdicts(analysis)]
    known = [(name, power) for name, power in found if not isinstance(power, Refused)]
    if not known:
        return element(
            "p",
            "It cannot be computed: power is simulated from the spread between runs and around fitted curves, and "
            "these data show no such spread or curves. The list below has the reasons.",
        )
    ratio = known[0][1].exponent_ratio
    return data_table(
        "Power",
        f"If one exponent were {ratio:.2f} times the other, how often would an experiment like this one find it? And "
        "how often would it decide anything, a difference or an offset only? By simulation from the curves and the "
        "scatter seen here.",
        ["agents", "finds the difference", "decides"],
        [[name, share(power.difference), share(power.decided)] for name, power in known],
    )


def _needed(analysis: Analysis) -> Markup:
    rows = []
    for name, verdict in _verdicts(analysis):
        needed = verdict.needed
        if isinstance(needed, Needed):
            numbers = ("more than were tried" if number is None else f"{number:,}"
                       for number in (needed.games, needed.seeds, needed.budgets))  # fmt: skip
            rows.append([name, f"{needed.present.exponent_ratio:.2f}", share(needed.present.decided), *numbers])
    if rows:
        return data_table(
            "Runs that would decide in four of five experiments",
            "One number changed, the others as they are, if the ratio of exponents is what was estimated. Budgets are "
            "added above the largest one, in the same step.",
            ["agents", "ratio", "decides now", "games", "seeds", "budgets"],
            rows,
        )
    if not isinstance(analysis.pairs[0].verdict, Refused) and all(
        pair.word != "not identified" for pair in analysis.pairs
    ):
        return element("p", "The verdicts are there; nothing more is needed for them.")
    least = f"Here there are {counted(len(analysis.games), 'game')}, {counted(analysis.seeds, 'seed')} and "
    return element(
        "p",
        f"{least}{counted(len(analysis.frames), 'budget')}. How many would decide is simulated from what is seen, "
        "which is too little for it. As a rule: two seeds are the least that show how much seeds differ, five are "
        "better; three budgets the least that show an exponent, six are better; and for a statement about games like "
        "these, ten games or more.",
    )


def _refusals(analysis: Analysis) -> Markup:
    if not analysis.refusals:
        return element("p", "Nothing.")
    items = []
    for refusal in analysis.refusals:
        parts = refusal.what.split("; ")
        more = f"; and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
        what = named("; ".join(parts[:SHOWN]) + more, analysis.agents)
        items.append(element("li", sentence(named(refusal.why, analysis.agents)), " ",
                             element("span", f"Refused: {what}.", class_="soft")))  # fmt: skip
    return element("ul", items, class_="why")
