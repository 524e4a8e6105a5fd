"""The words of the page that not every reader knows, in a sentence each."""

from __future__ import annotations

from efficientzero.scaling.reference_scores import CEILING_NAMES, CEILINGS, Ceiling
from efficientzero.scaling.report.markup import Markup, element

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


def terms_section(ceilings: tuple[Ceiling, Ceiling]) -> Markup:
    """A list of definitions; `ceilings`: those of the games of this page."""
    first, other = (CEILING_NAMES[name] for name in ceilings)
    terms = TERMS | {LEVEL: TERMS[LEVEL].format(first=first, other=other)}
    if ceilings != CEILINGS["ale"]:
        del terms[HUMAN_NORMALISED], terms["frame"]
        terms["frame"] = "In MinAtar an env step: nothing is skipped, and there is no clock."
    found = [element("div", element("dt", term), element("dd", meaning)) for term, meaning in terms.items()]
    return element(
        "section",
        element("h2", "Words used here", id="words"),
        element("dl", found, class_="terms"),
        aria_labelledby="words",
    )
