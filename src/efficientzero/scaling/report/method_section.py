"""How the figures were computed, with which versions, from which experiment."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import efficientzero
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures.appearance import agent_name
from efficientzero.scaling.reference_scores import CEILING_NAMES, CEILINGS, both_ceilings
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.data_table import data_table
from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import counted, listed

PACKAGES = ("numpy", "scipy", "pandas", "matplotlib")
MINATAR = CEILINGS["minatar"]
ORIGIN_OF_MINATAR = (
    " MinAtar's games have no human score. Random play was measured here, over 1,000 whole games each in the "
    "environments of the evaluation; the published scores are those of Wu and Ren 2026 (arXiv:2510.06649), means over "
    "5 runs."
)


def installed_versions() -> dict[str, str]:
    """Of this package, Python and the packages that compute and draw."""
    found = {"efficientzero": efficientzero.__version__, "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def method_section(analysis: Analysis | Refused, versions: Mapping[str, str], published: str | None = None) -> Markup:
    """Estimands, ceilings, resamples, randomness and versions; only the last where the comparison is refused."""
    steps = {} if isinstance(analysis, Refused) else _steps(analysis, published)
    steps["Versions"] = listed([f"{name} {number}" for name, number in versions.items()]) + "."
    return element(
        "section",
        element("h2", "How it was computed", id="method"),
        element("dl", ([element("dt", term), element("dd", text)] for term, text in steps.items())),
        aria_labelledby="method",
    )


def _steps(analysis: Analysis, published: str | None) -> dict[str, str]:
    first, other = both_ceilings(analysis.ceiling)
    refused = [name for name, found in analysis.curves.items() if isinstance(found, Refused)]
    ceilings = f" Refused here: {listed(['the ' + CEILING_NAMES[name] for name in refused])}." if refused else ""
    budgets = listed([f"{frames:,.0f}" for frames in analysis.frames])
    if published is None:
        seeds = f"up to {counted(analysis.seeds, 'seed')}"
        finished = (
            "Every budget is finished the same way: no point of a curve has updates after its last frame that the "
            "others lack."
        )
    else:
        seeds = f"up to {counted(analysis.seeds, 'seed')}" if analysis.seeds > 1 else "one mean over runs of each"
        finished = f"Published scores ({published}): how runs were trained and scored is their authors'."
    return {
        "Data": f"{counted(len(analysis.agents), 'agent')}, {counted(len(analysis.games), 'game')}, {seeds}; "
        f"budgets of {budgets} frames. {finished}",
        "Scale": "Every score is placed between random play (0) and a ceiling (1) that is fixed beforehand: the "
        f"{CEILING_NAMES[first]} first, then the {CEILING_NAMES[other]}, to see if the choice matters."
        f"{ORIGIN_OF_MINATAR if first in MINATAR else ''}{ceilings}",
        "Ratio of exponents": "Both mean curves are made monotone and turned around: frames as a function of the "
        "level. The ratio of the spreads of ln frames, over the levels both reach, is the ratio of exponents.",
        "Fitted curves": "z = (1 - E) / (1 + (midpoint / frames)^exponent) by bounded least squares, as M0 to M3; two "
        "other formulas check that the direction of a difference is not the formula's.",
        "Intervals": f"{analysis.resamples:,} resamples: of whole runs within each game (for these games), or of whole "
        "games, the same for all agents (for games like these). The estimate ± Student's t times the standard "
        "deviation over resamples, which is enlarged for few runs or games.",
        "Randomness": f"Seed {analysis.seed}: the same scores give the same page.",
    }


def parameters_section(parameters: Mapping[str, Any], agents: Sequence[str]) -> Markup:
    """The parameters of the experiment: of the agents side by side, then all others. Agents that did not run are "
    "left out."""
    of_agents = {agent: dict(_flat(parameters.get("agent", {}).get(agent, {}))) for agent in agents}
    names = list(dict.fromkeys(name for found in of_agents.values() for name in found))
    others = {name: value for name, value in parameters.items() if name != "agent"}
    tables = [
        data_table("Experiment", "As in params.yaml.", ["parameter", "value"], [[*each] for each in _flat(others)]),
    ]
    if names:
        tables.append(
            data_table(
                "Agents",
                "A dash: the agent has no such parameter.",
                ["parameter", *(agent_name(agent) for agent in agents)],
                [[name, *(of_agents[agent].get(name, "") for agent in agents)] for name in names],
            )
        )
    return element(
        "section",
        element("h2", "Parameters of the experiment", id="parameters"),
        tables,
        aria_labelledby="parameters",
    )


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested parameters as (dotted name, value); lists of plain values stay together."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        keys = list(value[0])
        for key in keys:
            yield f"{name}.{key}", ", ".join(_plain(each.get(key)) for each in value)
    else:
        yield name, _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"({_plain(each)})" if isinstance(each, list) else _plain(each) for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
