"""One page of HTML that needs nothing but itself: no network, no scripts."""

from __future__ import annotations

import base64
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import pandas as pd

import efficientzero
from efficientzero.games import find_game
from efficientzero.records.files import write_whole
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.reference_scores import CEILING_NAMES, CEILINGS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.answers import questions
from efficientzero.scaling.report.comparison import comparison
from efficientzero.scaling.report.score_tables import (
    Table,
    costs_table,
    reference_scores_of,
    scores_table,
)
from efficientzero.scaling.soundness import judge, overall
from efficientzero.scaling.words import numbers
from efficientzero.scaling.words.captions import Caption, caption, refused_caption, terms
from efficientzero.scaling.words.names import agent_name, named
from efficientzero.scaling.words.verdicts import WORDS

PACKAGES = ("numpy", "scipy", "pandas", "matplotlib")
OPENING = re.compile(r"<svg\b[^>]*>", re.DOTALL)
VIEW_BOX = re.compile(r'viewBox="\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)\s*"')
SOUND = {"sound": "sound", "not sound": "not sound", "cannot be said": "sound as far as can be said"}


def write_report(
    path: Path,
    analysis: Analysis | Refused,
    figures: Mapping[str, Path],
    table: pd.DataFrame,
    title: str = "Does the lead grow with frames?",
    *,
    soundness: pd.DataFrame | None = None,
    parameters: Mapping[str, Any] | None = None,
    versions: Mapping[str, str] | None = None,
    published: str | None = None,
) -> None:
    """Writes the page, whole or not at all; the same arguments give the same bytes.

    Args:
        path: of the HTML file; its folder is made if need be. analysis: refused where there is nothing to compare.
        figures: SVG files by name, in the order in which they are shown; captions are by name (`words/captions.py`).
        table: what `analysis` is of: columns game, agent, seed, frames, score; of those of a `score_table`,
            standard_error, parameters, updates, training_flops, cpu_seconds and wall_seconds are shown if there.
        soundness: of `read_soundness`; the section is left out without, and the table needs frame_skip with it.
        parameters: of the experiment, the content of params.yaml; the section is left out without.
        versions: by name; those installed here if not given. published: where the scores are from, of published
            ones; nothing is said then of how runs were trained.

    Raises ScalingInputError: a figure that is no SVG image, or a table that is of other agents or games.
    """
    agents, games = list(dict.fromkeys(table["agent"])), list(dict.fromkeys(table["game"]))
    if isinstance(analysis, Analysis) and ({*agents} != {*analysis.agents} or {*games} != {*analysis.games}):
        raise ScalingInputError(
            "table: its agents or games are not those of the analysis; pass the table that was analysed"
        )
    ceilings = CEILINGS[find_game(games[0]).family]
    compared = None if isinstance(analysis, Refused) else comparison(analysis)
    content = {
        "title": title,
        "published": published,
        "run": _run(table),
        "verdict_words": WORDS,
        "questions": questions(analysis, table, published),
        "soundness": None if soundness is None else _soundness(soundness, agents, int(table.frame_skip.iloc[0])),
        "scores": scores_table(table),
        "costs": costs_table(table),
        "comparison": compared,
        "why_none": named(analysis.reason, agents) if isinstance(analysis, Refused) else "",
        "figures": [_figure(name, each, len(games), compared) for name, each in figures.items()],
        "terms": terms(*(CEILING_NAMES[name] for name in ceilings), is_atari=ceilings == CEILINGS["ale"]),
        "versions": [f"{name} {number}" for name, number in (versions or installed_versions()).items()],
        "parameters": _parameters(parameters, agents) if parameters else None,
    }
    text = _template().render(content) + "\n"
    write_whole(Path(path), partial(Path.write_bytes, data=text.encode("utf-8")))


def installed_versions() -> dict[str, str]:
    """Of this package, Python and the packages that compute and draw."""
    here = {"efficientzero": efficientzero.__version__, "Python": platform.python_version()}
    return here | {name: version(name) for name in PACKAGES}


def _template() -> jinja2.Template:
    """Whatever is filled in is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("efficientzero.scaling.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in (numbers.counted, numbers.listed, numbers.number, numbers.sentence):
        environment.filters[each.__name__] = each
    environment.filters["frames"] = "{:,.0f}".format
    return environment.get_template("page.html.j2")


def _run(table: pd.DataFrame) -> dict[str, Any]:
    """What was run, and what its scores can be held against."""
    games = list(dict.fromkeys(table.game))
    return {
        "agents": [agent_name(agent) for agent in dict.fromkeys(table.agent)],
        "games": games,
        "seeds": int(table.groupby(["agent", "game"]).seed.nunique().max()),
        "budgets": sorted(set(table.frames.tolist())),
        "has_errors": "standard_error" in table and bool(table.standard_error.notna().any()),
        "is_minatar": all(find_game(game).family == "minatar" for game in games),
        "known": reference_scores_of(games[0]),
    }


def _soundness(soundness: pd.DataFrame, agents: Sequence[str], frame_skip: int) -> dict[str, Any]:
    """What was found of each agent at every budget, ascending; and the agents without a model.

    Args:
        soundness: of `read_soundness`. agents: all of the experiment. frame_skip: ALE frames of an env step.
    """
    found: dict[str, list[dict[str, Any]]] = {agent: [] for agent in agents}
    for _, rows in soundness.groupby(["agent", "env_steps"], sort=True):
        checks = judge(rows)
        found[rows.agent.iloc[0]].append({
            "frames": int(rows.env_steps.iloc[0]) * frame_skip,
            "runs": int(rows.runs.max()),
            "checks": checks,
            "word": SOUND[overall(checks)],
            "is_unknown": all(check.judgement == "cannot be said" for check in checks),
            "wrong": [check.subject for check in checks if check.judgement == "not sound"],
        })  # fmt: skip
    return {
        "agents": {agent_name(agent): budgets for agent, budgets in found.items() if budgets},
        "others": [agent_name(agent) for agent, budgets in found.items() if not budgets],
    }


class Image(NamedTuple):
    """Width and height in CSS pixels, and the address of an image that is in the page itself."""

    name: str
    words: Caption
    width: int
    height: int
    address: str


def _figure(name: str, path: Path, games: int, compared: Mapping[str, Any] | None) -> Image:
    table = {"exponents": "exponents", "frames_ratio": "frames"}.get(name)  # without it there is nothing to draw
    is_refused = table is not None and (compared is None or compared[table] is None)
    words = (refused_caption if is_refused else caption)(name, games)
    try:
        content = path.read_bytes()
        opening = OPENING.search(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScalingInputError(f"figure {name}: {path} cannot be read ({error}); draw the figures first") from None
    box = VIEW_BOX.search(opening[0]) if opening else None
    if box is None:
        raise ScalingInputError(f"figure {name}: {path} is no SVG image with a viewBox; draw the figures again")
    width, height = (max(1, round(float(size) * 4 / 3)) for size in box.groups())  # points to CSS pixels
    address = "data:image/svg+xml;base64," + base64.b64encode(content).decode("ascii")
    return Image(name, words, width, height, address)


def _parameters(parameters: Mapping[str, Any], agents: Sequence[str]) -> dict[str, Table | None]:
    """Those of the agents that ran side by side, and all others."""
    of_agents = {agent: dict(_flat(parameters.get("agent", {}).get(agent, {}))) for agent in agents}
    names = list(dict.fromkeys(name for found in of_agents.values() for name in found))
    others = {name: value for name, value in parameters.items() if name != "agent"}
    rows = [[name, *(of_agents[agent].get(name, "") for agent in agents)] for name in names]
    return {
        "others": Table(["parameter", "value"], [[*each] for each in _flat(others)]),
        "agents": Table(["parameter", *(agent_name(agent) for agent in agents)], rows) if rows else None,
    }


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Nested parameters as (dotted name, value); lists of plain values stay together."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for key in value[0]:
            yield f"{name}.{key}", ", ".join(_plain(each.get(key)) for each in value)
    else:
        yield name, _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"({_plain(each)})" if isinstance(each, list) else _plain(each) for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
