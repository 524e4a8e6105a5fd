"""Whether the networks are sound enough to be searched, agent by agent in plain sentences."""

from __future__ import annotations

import pandas as pd

from efficientzero.scaling.figures.appearance import agent_name
from efficientzero.scaling.report.markup import Content, Markup, element
from efficientzero.scaling.report.wording import counted, listed, sentence
from efficientzero.scaling.soundness import Check, Judgement, judge, overall

MEANING = (
    "A search is as good as the model that it runs on, and no loss shows whether that is good: losses are computed in "
    "training mode, and the search runs in evaluation mode. The two are the same function of a network with layer "
    "normalisation, and not of one with BatchNorm, which normalises by the batch in the one and by running statistics "
    "in the other; and even the same function may hold for fewer steps than a search goes deep. So at every budget, "
    "before it is finished, what each network says of positions of its own replay is held against what came of them. "
    "From these it has learned. How far that carries is seen in the games that the finished agent is scored on, from "
    "which nothing was learned: what is sound of the replay and not there was learned by heart. Their ends "
    "are hard cases: those that the agent did not avoid."
)
HEADS: dict[Judgement, str] = {
    "sound": "sound",
    "not sound": "not sound",
    "cannot be said": "sound as far as can be said",
}


def soundness_section(soundness: pd.DataFrame, agents: list[str], frame_skip: int) -> Markup:
    """For each agent what was found at its largest budget, and how it was at the smaller ones.

    Args:
        soundness: of `read_soundness`. agents: all of the experiment. frame_skip: ALE frames of an env step.
    """
    measured = [agent for agent in agents if (soundness.agent == agent).any()]
    others = [agent_name(agent) for agent in agents if agent not in measured]
    parts: list[Content] = [element("p", MEANING)]
    parts += [part for agent in measured for part in _of_agent(agent, soundness[soundness.agent == agent], frame_skip)]
    if others:
        verb = "has" if len(others) == 1 else "have"
        parts.append(element("p", f"{listed(others)} {verb} no model, so that there is nothing to say."))
    return element(
        "section",
        element("h2", "Is the model sound?", id="soundness"),
        parts,
        aria_labelledby="soundness",
    )


def _of_agent(agent: str, rows: pd.DataFrame, frame_skip: int) -> list[Markup]:
    *smaller, largest = sorted(rows.env_steps.unique())
    checks = judge(rows[rows.env_steps == largest])
    runs = int(rows[rows.env_steps == largest].runs.max())
    word = HEADS[overall(checks)]
    if all(check.judgement == "cannot be said" for check in checks):
        word = "cannot be said"
    head = f"{agent_name(agent)}: {word}"
    over = f", mean of {counted(runs, 'run')}" if runs > 1 else ""
    before = [_before(judge(rows[rows.env_steps == budget]), budget * frame_skip) for budget in smaller]
    return [
        element("h3", head),
        element("p", f"After {largest * frame_skip:,} frames{over}:"),
        element("ul", (element("li", _said(check)) for check in checks), class_="why"),
        *([element("p", "Before that: " + "; ".join(before) + ".")] if before else []),
    ]


def _said(check: Check) -> list[Content]:
    return [element("strong", f"{check.subject.capitalize()}: {check.judgement}."), " " + sentence(check.reason)]


def _before(checks: list[Check], frames: int) -> str:
    wrong = [check.subject for check in checks if check.judgement == "not sound"]
    said = f"not sound ({listed(wrong)})" if wrong else HEADS[overall(checks)]
    return f"after {frames:,} frames {said}"
