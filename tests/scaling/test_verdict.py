"""Four words, each given when its conditions hold and only then; a reason, and what would decide it, otherwise."""

import os
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from simulated_curves import simulated_curves

from efficientzero.scaling.evidence import gather_evidence
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.power_laws.comparison import compare_exponents
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, weights
from efficientzero.scaling.verdict import (
    asymptote_conditions,
    brackets,
    decide,
    exponent_conditions,
    judge,
    offset_conditions,
)

EIGHT_BUDGETS = 25_000.0 * 2.0 ** np.arange(8)
TRUTHS = {
    "offset": {},
    "exponent": {"exponents": (1.04, 0.8)},
    "asymptote": {"errors": (0.15, 0.4), "midpoints": (2e5, 3e5), "frames": EIGHT_BUDGETS},
}


def made(truth, seed=0, **changes):
    options = {"games": 10, "between_games": 0.0, "between_seeds": 0.15, **TRUTHS[truth], **changes}
    curves = simulated_curves(np.random.default_rng(seed), **options)
    return {"human": curves, "best": replace(curves, z=0.7 * curves.z, ceiling="best")}


def judged(by_ceiling, estimand="these games", ceiling="human", resamples=300, agents=("A", "B")):
    resampled = weights(by_ceiling[ceiling], estimand, resamples, np.random.default_rng(1))
    return judge(by_ceiling, ceiling, *agents, estimand, resampled, np.random.default_rng(2))


@pytest.fixture(scope="module")
def evidence():
    """Of an exponent that differs."""
    return judged(made("exponent")).evidence


@pytest.mark.parametrize("truth", TRUTHS)
def test_gives_the_word_that_is_true(truth):
    verdict = judged(made(truth))
    assert verdict.word == truth and verdict.needed is None
    assert verdict.reasons and all(condition.holds for condition in verdict.conditions if condition.word == truth)
    assert {condition.word for condition in verdict.conditions} == set(TRUTHS)


def test_statements_show_the_interval_that_decides_and_equal_digits():
    verdict = judged(made("offset"))
    test = verdict.evidence.fitted.equivalence
    said = f"({test.low:.{2 if verdict.evidence.fitted.ratio.estimate >= 1 else 3}f} to "
    assert said in verdict.reasons[0] and "with its 90 % interval, lies within 0.87 to 1.15" in verdict.reasons[0]
    assert brackets(1.844, 1.694, 2.0) == "1.84 (1.69 to 2.00)"
    assert brackets(0.5163, 0.4512, 0.59) == "0.516 (0.451 to 0.590)"
    assert brackets(0.0, -0.001, 0.001) == "0.000 (-0.001 to 0.001)"
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


def holds(conditions):
    return all(condition.holds for condition in conditions)


def shifted(found, center):
    """The same interval elsewhere on the logarithmic scale."""
    log = found.log_ratio
    moved = Interval(
        center, log.low - log.estimate + center, log.high - log.estimate + center, log.standard_error, log.df
    )
    return replace(found, log_ratio=moved)


def changed_forms(evidence, ceiling, model, **changes):
    return tuple(
        replace(
            forms,
            scores=tuple(replace(form, **changes) if form.model == model else form for form in forms.scores),
        )
        if forms.ceiling == ceiling
        else forms
        for forms in evidence.forms
    )


def test_each_condition_of_an_exponent_is_needed(evidence):
    assert holds(exponent_conditions(evidence))
    unequal = evidence.equal_exponents
    signs = evidence.signs

    def against(form, ceiling):
        return tuple(
            replace(sign, log_ratio=-0.1) if (sign.form, sign.ceiling) == (form, ceiling) else sign for sign in signs
        )

    m2_wins = changed_forms(evidence, "human", "M2", aicc=-1e3, held_out_error=0.0)
    for change in (
        {"transform_free": shifted(evidence.transform_free, 0.0)},
        {"transform_free": Refused("no")},
        {"equal_exponents": replace(unequal, p_value=0.06)},
        {"equal_exponents": Refused("no")},
        {"fitted": shifted(evidence.fitted, -0.3)},
        {"fitted": Refused("no")},
        {"signs": tuple(sign for sign in signs if sign.ceiling == "human")},
        {"forms": m2_wins},
        *(
            {"signs": against(form, ceiling)}
            for form in ("M1", "M3", "transform-free")
            for ceiling in ("human", "best")
        ),
        {"signs": tuple(replace(sign, log_ratio=Refused("no")) for sign in signs)},
    ):
        changed = replace(evidence, **change)
        assert not holds(exponent_conditions(changed)), change
        assert decide(changed).word == "not identified"
    for form in ("pow4", "broken power law"):  # told, but not decisive
        assert holds(exponent_conditions(replace(evidence, signs=against(form, "human"))))


def test_each_condition_of_an_offset_is_needed():
    evidence = judged(made("offset")).evidence
    assert holds(offset_conditions(evidence))
    failed = replace(evidence.fitted, equivalence=replace(evidence.fitted.equivalence, passed=False))
    sloping = replace(evidence.trend, slope=Interval(1.0, 0.5, 1.5, 0.2, 9.0))
    for change in ({"fitted": failed}, {"trend": sloping}, {"fitted": Refused("no")}, {"trend": Refused("no")}):
        assert not holds(offset_conditions(replace(evidence, **change))), change


def test_each_condition_of_an_asymptote_is_needed():
    evidence = judged(made("asymptote")).evidence
    assert holds(asymptote_conditions(evidence))

    human, best = evidence.forms
    for change in (
        *({"forms": changed_forms(evidence, name, "M1", aicc=-1e3)} for name in ("human", "best")),
        *({"forms": changed_forms(evidence, name, "M0", aicc=-1e3)} for name in ("human", "best")),
        *({"forms": changed_forms(evidence, name, "M1", held_out_error=0.0)} for name in ("human", "best")),
        {"forms": changed_forms(evidence, "human", "M2", held_out_error=Refused("no"))},
        {"forms": (replace(human, scores=Refused("no")), best)},
        {"forms": (human,)},
        {"error_difference": Interval(-0.1, -0.3, 0.1, 0.1, 9.0)},
        {"error_difference": Refused("no")},
        {"fitted_with_own_errors": shifted(evidence.fitted, 1.0)},
        {"fitted_with_own_errors": Refused("no")},
    ):
        assert not holds(asymptote_conditions(replace(evidence, **change))), change


def test_two_words_at_once_are_none(evidence):
    other = judged(made("offset")).evidence
    both = replace(evidence, trend=other.trend, fitted=replace(evidence.fitted, equivalence=other.fitted.equivalence))
    verdict = decide(both)
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
    assert isinstance(verdict.evidence.fitted, Refused) and isinstance(verdict.evidence.transform_free, Refused)
    assert not any(condition.holds for condition in verdict.conditions if condition.word == "exponent")


def test_the_pair_named_is_the_pair_compared():
    three = made("exponent", exponents=(0.8, 1.3, 0.9), midpoints=(3e5, 5e5, 9e5), errors=(0.15,) * 3)
    resampled = weights(three["human"], "these games", 200, np.random.default_rng(1))
    found = gather_evidence(three, "human", "C", "B", "these games", resampled, np.random.default_rng(2))
    for ratio in (found.fitted, found.transform_free):
        assert (ratio.first, ratio.second) == ("C", "B")
        log_ratio = ratio.log_ratio
        assert log_ratio.low < np.log(0.9 / 1.3) < log_ratio.high < 0
    fit = compare_exponents(
        three["human"].select(agents=("C", "B")),
        replace(resampled, weights=resampled.weights[:, [2, 1]], aggregate=resampled.aggregate[:, [2, 1]]),
    )
    assert found.fitted == fit.ratios[0]


def test_wrong_names_are_said():
    by_ceiling = made("offset")
    resampled = weights(by_ceiling["human"], "these games", 10, np.random.default_rng(0))
    for ceiling, agents, message in (
        ("best known", ("A", "B"), "'best known'"), ("human", ("A", "Z"), "'Z'"), ("human", ("A", "A"), "with itself"),
    ):  # fmt: skip
        with pytest.raises(ScalingInputError, match=message):
            gather_evidence(by_ceiling, ceiling, *agents, "these games", resampled, np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.skipif("EFFICIENTZERO_LONG_TESTS" not in os.environ, reason="minutes of simulation")
@pytest.mark.parametrize("truth", TRUTHS)
def test_wrong_words_are_rare(truth):
    words = Counter(judged(made(truth, seed, games=8), resamples=300).word for seed in range(100))
    assert words[truth] >= 70
    assert sum(words[word] for word in TRUTHS if word != truth) <= 12
