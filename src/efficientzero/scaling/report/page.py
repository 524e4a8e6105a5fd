"""One page of HTML that needs nothing but itself: no network, no scripts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from efficientzero.folders import write_whole
from efficientzero.games import find_game
from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.figures.appearance import agent_name, named
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.reference_scores import CEILINGS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.comparison_tables import crossings, exponents_table, frames_table, predictions_table
from efficientzero.scaling.report.costs_table import costs_table
from efficientzero.scaling.report.figures_section import figures_section
from efficientzero.scaling.report.markup import Content, Markup, element
from efficientzero.scaling.report.method_section import installed_versions, method_section, parameters_section
from efficientzero.scaling.report.questions import questions_section
from efficientzero.scaling.report.refusals_section import refusals_section
from efficientzero.scaling.report.scores_tables import scores_tables
from efficientzero.scaling.report.soundness_section import soundness_section
from efficientzero.scaling.report.terms_section import terms_section
from efficientzero.scaling.report.verdict_section import headline, verdict_section
from efficientzero.scaling.report.wording import counted, listed

# Nothing may be loaded or run: the style is the page's own, images are in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SECTIONS = {
    "verdict": "Verdict", "questions": "Questions", "soundness": "Soundness", "figures": "Figures", "tables": "Tables",
    "refused": "Refused", "words": "Words", "method": "Method", "parameters": "Parameters",
}  # fmt: skip


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
        figures: SVG files by name, in the order in which they are shown; captions are by name (`captions.py`).
        table: what `analysis` is of: columns game, agent, seed, frames, score; of those of a `score_table`,
            standard_error, parameters, updates, training_flops, cpu_seconds and wall_seconds are shown if there.
        soundness: of `read_soundness`; the section is left out without, and the table needs frame_skip with it.
        parameters: of the experiment, the content of params.yaml; the section is left out without.
        versions: by name; those installed here if not given. published: where the scores are from, of published
            ones; nothing is said then of how runs were trained.

    Raises ScalingInputError: a figure that is no SVG image, or a table that is of other agents or games.
    """
    content = report_page(
        analysis, figures, table, title, soundness, parameters, versions or installed_versions(), published
    )
    write_whole(Path(path), partial(Path.write_bytes, data=content.encode("utf-8")))


def report_page(
    analysis: Analysis | Refused,
    figures: Mapping[str, Path],
    table: pd.DataFrame,
    title: str,
    soundness: pd.DataFrame | None,
    parameters: Mapping[str, Any] | None,
    versions: Mapping[str, str],
    published: str | None = None,
) -> Markup:
    """The page as text; arguments as for `write_report`."""
    agents, games = list(dict.fromkeys(table["agent"])), list(dict.fromkeys(table["game"]))
    if isinstance(analysis, Analysis) and ({*agents} != {*analysis.agents} or {*games} != {*analysis.games}):
        raise ScalingInputError(
            "table: its agents or games are not those of the analysis; pass the table that was analysed"
        )
    if isinstance(analysis, Refused):
        analysis = Refused(named(analysis.reason, agents))
    shown = [
        verdict_section(analysis),
        questions_section(analysis, table, published),
        *([] if soundness is None else [soundness_section(soundness, agents, int(table.frame_skip.iloc[0]))]),
        *([figures_section(figures, len(games), analysis)] if figures else []),
        _tables_section(analysis, table, published),
        refusals_section(analysis),
        terms_section(CEILINGS[find_game(games[0]).family]),
        method_section(analysis, versions, published),
        *([parameters_section(parameters, agents)] if parameters else []),
    ]
    there = {"soundness": soundness is not None, "figures": bool(figures), "parameters": bool(parameters)}
    links = [
        element("li", element("a", text, href=f"#{name}")) for name, text in SECTIONS.items() if there.get(name, True)
    ]
    body = element(
        "body",
        element(
            "header",
            element("h1", title),
            element("p", _what_was_run(table, published), class_="soft"),
            element("p", headline(analysis), class_="answer", id="answer"),
            element("nav", element("ul", links), aria_label="Sections"),
        ),
        element("main", shown),
    )
    return Markup("<!DOCTYPE html>\n" + element("html", _head(title), body, lang="en") + "\n")


def _head(title: str) -> Markup:
    style = files("efficientzero.scaling.report").joinpath("style.css").read_text(encoding="utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(style)),
    )


def _tables_section(analysis: Analysis | Refused, table: pd.DataFrame, published: str | None) -> Markup:
    compared: list[Content] = []
    if isinstance(analysis, Analysis):
        compared = [
            element("h3", "Exponents"),
            exponents_table(analysis),
            element("h3", "Frames"),
            frames_table(analysis),
            crossings(analysis),
            predictions_table(analysis),
        ]
    return element(
        "section",
        element("h2", "Tables", id="tables"),
        element("h3", "Scores"),
        scores_tables(analysis, table, published),
        compared,
        element("h3", "Cost"),
        costs_table(table),
        aria_labelledby="tables",
    )


def _what_was_run(table: pd.DataFrame, published: str | None) -> str:
    agents = listed([agent_name(agent) for agent in dict.fromkeys(table.agent)])
    games = str(table.game.iloc[0]) if table.game.nunique() == 1 else counted(table.game.nunique(), "game")
    most = int(table.groupby(["agent", "game"]).seed.nunique().max())
    seeds = counted(most, "seed") if published is None or most > 1 else "one published mean over runs of each"
    budgets = counted(table.frames.nunique(), "budget")
    ends = [f"{frames:,.0f}" for frames in dict.fromkeys((table.frames.min(), table.frames.max()))]
    at = f"from {ends[0]} to {ends[1]} frames" if len(ends) > 1 else f"of {ends[0]} frames"
    return f"{agents} on {games}, {seeds}, {budgets} {at}."
