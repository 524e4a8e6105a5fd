"""What each figure of the report shows, and the words of the page that not every reader knows."""

from __future__ import annotations

from typing import NamedTuple


class Caption(NamedTuple):
    """`alternative`: for those who cannot see the figure. `seen`, `unseen`: sentences under it."""

    title: str
    alternative: str
    seen: str
    unseen: str


ONE_GAME = {
    "score_against_frames": Caption(
        "Score against frames",
        "A line for each agent through its score at each budget of frames, which the table of scores has as well.",
        "Seen: what each agent scored when its training was finished at each budget. The frames double from mark to "
        "mark, so that a constant multiple of frames is a constant distance sideways.",
        "Not seen: how much of a gap would remain with other seeds or games, beyond the bars or bands drawn.",
    ),
    "score_against_compute": Caption(
        "Score against compute",
        "A line for each agent through its scores over the floating-point operations of its training; the table of "
        "cost has its end.",
        "Seen: what each score cost in arithmetic of the networks, for acting, learning and searching again.",
        "Not seen: the emulator's work, and how well the arithmetic suits a device. Processor time, in the table of "
        "cost, holds both.",
    ),
    "frames_ratio": Caption(
        "How many times the frames",
        "For each other agent a line of the ratio of frames over the level reached, with a band for its interval; the "
        "table of frames has its figures.",
        "Seen: how many times the frames of the first agent the other one needs for the same level. A flat line is an "
        "offset; a slope is a difference of exponents or of asymptotes.",
        "Not seen: levels that only one of the two reached, where there is no ratio.",
    ),
    "exponents": Caption(
        "Ratios of exponents",
        "For each other agent the ratio of exponents by every method, as points with bars; the table of exponents has "
        "its figures.",
        "Seen: the exponent of the first agent divided by that of the other, by each way to compute it, with its 95 % "
        "interval. At 1 the exponents are the same.",
        "Not seen: that exponents are equal, because a bar reaches over 1. A wide bar says little either way.",
    ),
    "drift": Caption(
        "How search targets age",
        "For each agent that searches, lines of the distance between old and new search results over their age.",
        "Seen: how far the result of a search when a frame was played lies from that of one with the finished network.",
        "Not seen: whether a score suffers from it.",
    ),
    "soundness": Caption(
        "What networks know of their own replay, and of games that they did not learn from",
        "For each agent with a model three panels: how well rewards are foreseen by depth, how far root values are "
        "from returns by budget, how latents grow by depth; the section on soundness has it in sentences.",
        "Seen: what the network that searches says of positions that it has learned from, at each budget before it is "
        "finished. Where the full line falls below the dashed one, search runs on another function than was trained; "
        "where the dotted one falls below the full one, in the games that the finished agent is scored on, what it "
        "learned does not carry.",
        "Not seen: how it does on positions that neither its replay nor those games have. Returns are those of the "
        "older policies that recorded them, so that values of a better policy lie above.",
    ),
}
SEVERAL_GAMES = {
    name: ONE_GAME[name]._replace(
        alternative="A large panel of the mean over games and a small panel for each game, with a line for each agent; "
        "the tables of scores have the figures.",
        seen="Seen: in the large panel the mean over games, which all of the analysis is about; in the small ones each "
        "game, with its own scale of scores.",
    )
    for name in ("score_against_frames", "score_against_compute")
}


def caption(name: str, games: int) -> Caption:
    """Of the figure `name` of an experiment with that many games; of an unknown figure no more than its name."""
    known = ONE_GAME | SEVERAL_GAMES if games > 1 else ONE_GAME
    return known.get(name) or Caption(name.replace("_", " ").capitalize(), "A figure of this experiment.", "", "")


def refused_caption(name: str, games: int) -> Caption:
    """Of a card in the place of the figure `name`."""
    title = f"{caption(name, games).title}: refused"
    return Caption(title, "A card with the reason in words.", "Seen: why there is nothing to draw.", "")


LEVEL, HUMAN_NORMALISED = "z, the level", "human-normalised score"
TERMS = {
    "frame": "One picture of the Atari console, which draws 60 a second. An agent acts once in every few of them.",
    "budget": "How many frames an agent may play before its training is finished and it is scored.",
    "seed": "The number that starts a run's chance events. Runs that differ only by it show how much is luck.",
    LEVEL: "The share of the way from random play (0) to the ceiling (1), cut to that range, as a mean over "
    "games. The ceiling of a game is the {first} or the {other}.",
    HUMAN_NORMALISED: "The same share with the human score as ceiling, but not cut: 2 is twice as far as the "
    "human.",
    "95 % interval": "In brackets behind an estimate. Were everything repeated, 95 of 100 such intervals would hold "
    "the true value.",
    "for these games": "The interval says what other seeds would have given on the same games. Up to the best "
    "known scores a few games make up most of the mean, and it says what they do.",
    "for games like these": "The interval says what other games of the kind would have given; mostly it is wider.",
    "transform-free": "Compares the frames at which both curves pass the same levels, with no formula for a curve.",
    "M0, M1, M2, M3": "One formula fitted to both curves: with the same exponent and asymptote (M0), own exponents "
    "(M1), own asymptotes (M2), both (M3).",
    "robust": "Points far from a fitted curve pull less at it.",
    "E": "The share of the way to the ceiling that a fitted curve never covers; its asymptote is 1 - E.",
    "AICc": "How well a formula fits, less a penalty for each number it may choose; lower is better.",
    "held-out largest budget": "Formulas are fitted without the last budget and then have to predict it.",
    "p": "How often chance alone would give at least as strong a result; below 0.05 counts as found.",
    "test that exponents are equivalent": "Asks for evidence that the ratio of exponents lies between 0.87 and 1.15. "
    "That no difference was found is no such evidence.",
    "refused": "The data cannot give this figure, and a number in its place would mislead.",
}  # fmt: skip


def terms(first: str, other: str, *, is_atari: bool) -> dict[str, str]:
    """Words with their meaning; `first`, `other`: the ceilings of the games of the page."""
    found = TERMS | {LEVEL: TERMS[LEVEL].format(first=first, other=other)}
    if not is_atari:
        del found[HUMAN_NORMALISED], found["frame"]
        found["frame"] = "In MinAtar an env step: nothing is skipped, and there is no clock."
    return found
