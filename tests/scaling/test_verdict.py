"""Four words, each given when its conditions hold and only then; a reason, and what would decide it, otherwise."""

import os
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from changed_findings import REFUSED, changed
from simulated_curves import simulated_curves

from efficientzero.scaling.findings import EXPONENT, Findings, Place
from efficientzero.scaling.pair import form_findings, pair_findings
from efficientzero.scaling.power_laws.comparison import compare_exponents
from efficientzero.scaling.power_laws.power import plasmode
from efficientzero.scaling.resampling import of_two, weights
from efficientzero.scaling.verdict import (
    Evidence,
    asymptote_conditions,
    decide,
    exponent_conditions,
    judge,
    offset_conditions,
)
from efficientzero.scaling.words.statements import shown

FREE, M1, M3 = (EXPONENT + method for method in ("transform-free", "M1", "M3"))
EIGHT_BUDGETS = 25_000.0 * 2.0 ** np.arange(8)
TWO = ("human", "best")
TRUTHS = {
    "offset": {},
    "exponent": {"exponents": (1.04, 0.8)},
    "asymptote": {"errors": (0.15, 0.4), "midpoints": (2e5, 3e5), "frames": EIGHT_BUDGETS},
}


def made(truth, seed=0, **changes):
    options = {"games": 10, "between_games": 0.0, "between_seeds": 0.15, **TRUTHS[truth], **changes}
    curves = simulated_curves(np.random.default_rng(seed), **options)
    return {"human": curves, "best": replace(curves, z=0.7 * curves.z, ceiling="best")}


def found(by_ceiling, estimand="these games", ceiling="human", resamples=300, agents=("A", "B")):
    """The findings, and where in them those of the agents are."""
    place = Place(*agents, ceiling, estimand)
    resampled = weights(by_ceiling[ceiling], estimand, resamples, np.random.default_rng(1))
    of_forms = (row for name, curves in by_ceiling.items() for row in form_findings(curves, Place(*agents, name)))
    return Findings([*pair_findings(by_ceiling[ceiling], resampled, place), *of_forms]), place


def judged(by_ceiling, **options):
    findings, place = found(by_ceiling, **options)
    made = plasmode(by_ceiling[place.ceiling].select(agents=place[:2]), place.estimand)
    return judge(findings, place, made, np.random.default_rng(2))


@pytest.fixture(scope="module")
def evidence():
    """Of an exponent that differs."""
    return found(made("exponent"))


@pytest.mark.parametrize("truth", TRUTHS)
def test_gives_the_word_that_is_true(truth):
    verdict = judged(made(truth))
    assert verdict.word == truth and verdict.needed is None
    assert verdict.reasons and all(condition.holds for condition in verdict.conditions if condition.word == truth)
    assert {condition.word for condition in verdict.conditions} == set(TRUTHS)


def test_statements_show_the_interval_that_decides_and_equal_digits():
    verdict = judged(made("offset"))
    findings, place = found(made("offset"))
    ninety = findings[place, "equivalence: 90 % interval"]
    said = f"({ninety.low:.{2 if ninety.estimate >= 1 else 3}f} to "
    assert said in verdict.reasons[0] and "with its 90 % interval, lies within 0.87 to 1.15" in verdict.reasons[0]
    assert shown(ninety._replace(estimate=1.844, low=1.694, high=2.0)) == "1.84 (1.69 to 2.00)"
    assert shown(ninety._replace(estimate=0.5163, low=0.4512, high=0.59)) == "0.516 (0.451 to 0.590)"
    assert shown(ninety._replace(estimate=0.0, low=-0.001, high=0.001)) == "0.000 (-0.001 to 0.001)"
    forms = next(each.statement for each in verdict.conditions if "fitted without the largest" in each.statement)
    assert re.search(r"the first misses it by \d\.\d{3} and the second by \d\.\d{3} in z", forms)


def test_not_identified_says_why_and_what_would_decide_it():
    noisy = made("exponent", games=3, seeds=3, between_seeds=0.5)
    verdict = judged(noisy)
    assert verdict.word == "not identified"
    text = " | ".join(verdict.reasons)
    assert "holds 1" in text and "not offset" in text and "not asymptote" in text
    assert "3 games, 3 seeds and 6 budgets would decide" in verdict.reasons[-1]
    assert verdict.needed.present.design.games == 3


@pytest.mark.parametrize(
    "by_ceiling",
    [
        *(made(truth) for truth in TRUTHS),
        made("exponent", games=3, seeds=3, between_seeds=0.5),
        made("exponent", exponents=(0.8, 60.0)),
        {name: curves.select(budgets=[0, 2, 5]) for name, curves in made("offset").items()},
    ],
    ids=[*TRUTHS, "noisy", "a step", "three budgets"],
)
def test_reasons_are_sentences_in_words(by_ceiling):
    """Names of tests and models stand in brackets at most."""
    verdict = judged(by_ceiling)
    for sentence in (*verdict.reasons, *(condition.statement for condition in verdict.conditions)):
        words = re.sub(r"\([^()]*\)", "", sentence)
        assert not re.search(r"\b(M[0-3]|AICc|TOST|Wald|soft_l1|pow4|p|E|R|df|transform-free)\b", words), sentence
        assert "\n" not in sentence and ". " not in words and not sentence.endswith("."), sentence


def holds(conditions, findings, place):
    return all(held for held, _ in conditions(Evidence(findings, place)))


def without_ceiling(findings, ceiling):
    return Findings(row for row in findings.rows if row.place.ceiling != ceiling or row.place.estimand)


def test_each_condition_of_an_exponent_is_needed(evidence):
    findings, place = evidence
    assert holds(exponent_conditions, *evidence)
    m2_wins = changed(
        changed(findings, "AICc: M2", "human", estimate=-1e3), "held-out error: M2", "human", estimate=0.0
    )
    decisive = [(form, ceiling) for form in ("M1", "M3", "transform-free") for ceiling in ("human", "best")]
    for other in (
        changed(findings, FREE, estimate=1.0, low=0.9, high=1.1),
        changed(findings, FREE, **REFUSED),
        changed(findings, "equal exponents: p", estimate=0.06),
        changed(findings, "equal exponents: p", **REFUSED),
        changed(findings, M1, estimate=0.7),
        changed(findings, M1, **REFUSED),
        without_ceiling(findings, "best"),
        m2_wins,
        *(changed(findings, f"ln exponent ratio: {form}", ceiling, estimate=-0.1) for form, ceiling in decisive),
        *(changed(findings, f"ln exponent ratio: {form}", ceiling, **REFUSED) for form, ceiling in decisive),
    ):
        assert not holds(exponent_conditions, other, place)
        assert decide(other, place).word == "not identified"
    for form in ("pow4", "broken power law"):  # told, but not decisive
        assert holds(exponent_conditions, changed(findings, f"ln exponent ratio: {form}", estimate=-0.1), place)


def test_each_condition_of_an_offset_is_needed():
    findings, place = found(made("offset"))
    assert holds(offset_conditions, findings, place)
    for other in (
        changed(findings, "equivalence: p", estimate=0.06),
        changed(findings, "equivalence: p", **REFUSED),
        changed(findings, "trend: slope", estimate=1.0, low=0.5, high=1.5),
        changed(findings, "trend: slope", **REFUSED),
    ):
        assert not holds(offset_conditions, other, place)


def test_each_condition_of_an_asymptote_is_needed():
    findings, place = found(made("asymptote"))
    assert holds(asymptote_conditions, findings, place)
    for other in (
        *(changed(findings, f"AICc: {model}", name, estimate=-1e3) for model in ("M1", "M0") for name in TWO),
        *(changed(findings, "held-out error: M1", name, estimate=0.0) for name in TWO),
        changed(findings, "held-out error: M2", "human", **REFUSED),
        changed(findings, "AICc: M2", "human", **REFUSED),
        without_ceiling(findings, "best"),
        changed(findings, "difference of asymptotes", estimate=-0.1, low=-0.3, high=0.1),
        changed(findings, "difference of asymptotes", **REFUSED),
        changed(findings, M3, estimate=2.7, low=2.0, high=3.5),
        changed(findings, M3, **REFUSED),
    ):
        assert not holds(asymptote_conditions, other, place)


def test_two_words_at_once_are_none(evidence):
    findings, place = evidence
    other, _ = found(made("offset"))
    taken = {"trend: slope", "trend: change", "equivalence: p", "equivalence: 90 % interval"}
    both = Findings(other[place, row.quantity] if row.quantity in taken else row for row in findings.rows)
    verdict = decide(both, place)
    assert verdict.word == "not identified"
    assert verdict.reasons == (
        "the conditions of exponent and of offset hold at the same time, so neither can be told",
    )


@pytest.mark.parametrize(
    ("by_ceiling", "reason"),
    [
        (made("offset", seeds=1), "one seed"),
        ({name: curves.select(budgets=[3]) for name, curves in made("offset").items()}, "1 budget"),
        (
            {name: replace(curves, z=0.0 * curves.z) for name, curves in made("offset").items()},
            "no better than random play",
        ),
        (
            {name: replace(curves, z=curves.z * [[[[0.0]]], [[[1.0]]]]) for name, curves in made("offset").items()},
            "curve of A is no better than random play at any budget",
        ),
    ],
    ids=["one seed", "one budget", "flat", "below random"],
)
def test_what_cannot_be_compared_gets_a_statement_and_no_number(by_ceiling, reason):
    verdict = judged(by_ceiling, resamples=100)
    assert verdict.word == "not identified" and verdict.needed is None
    assert reason in verdict.reasons[0]
    findings, place = found(by_ceiling, resamples=100)
    assert findings[place, FREE].refused and findings[place, M1].refused
    assert not any(condition.holds for condition in verdict.conditions if condition.word == "exponent")


def test_the_pair_named_is_the_pair_compared():
    three = made("exponent", exponents=(0.8, 1.3, 0.9), midpoints=(3e5, 5e5, 9e5), errors=(0.15,) * 3)
    findings, place = found(three, agents=("C", "B"), resamples=200)
    for ratio in (findings[place, M1], findings[place, FREE]):
        assert ratio.low < 0.9 / 1.3 < ratio.high < 1
    resampled = weights(three["human"], "these games", 200, np.random.default_rng(1))
    alone = compare_exponents(*of_two(three["human"], resampled, "C", "B")).log_ratio
    assert findings[place, M1].estimate == np.exp(alone.estimate)


@pytest.mark.slow
@pytest.mark.skipif("EFFICIENTZERO_LONG_TESTS" not in os.environ, reason="minutes of simulation")
@pytest.mark.parametrize("truth", TRUTHS)
def test_wrong_words_are_rare(truth):
    words = Counter(judged(made(truth, seed, games=8), resamples=300).word for seed in range(100))
    assert words[truth] >= 70
    assert sum(words[word] for word in TRUTHS if word != truth) <= 12
