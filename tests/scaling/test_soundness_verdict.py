"""What is called sound, not sound, and what cannot be said."""

import pytest
from soundness_tables import BLIND, BROKEN, SOUND, rows

from efficientzero.scaling.soundness import judge, overall

SUBJECTS = [
    "rewards", "rewards in both modes", "values", "values in both modes", "ends", "search values", "latents",
    "search policies", "rewards in scored games", "values in scored games", "ends in scored games",
]  # fmt: skip


def judged(figures, **changes):
    """Changed in the replay alone."""
    return {check.subject: check for check in judge(rows("a", 100, figures | changes, unseen=figures))}


@pytest.mark.parametrize(
    ("figures", "judgement"), [(SOUND, "sound"), (BROKEN, "not sound")], ids=["sound", "not sound"]
)
def test_everything_is_looked_at(figures, judgement):
    checks = judged(figures)
    assert list(checks) == SUBJECTS
    assert {check.judgement for check in checks.values()} == {judgement} == {overall(list(checks.values()))}


def test_what_was_learned_by_heart_is_not_sound():
    checks = {check.subject: check for check in judge(rows("a", 100, SOUND, unseen=BROKEN))}
    wrong = [subject for subject, check in checks.items() if check.judgement == "not sound"]
    assert wrong == ["rewards in scored games", "values in scored games", "ends in scored games"]
    assert "0.95, 0.17 and 0.01" in checks["rewards in scored games"].reason


def test_what_is_wrong_is_said_in_figures():
    checks = judged(BROKEN)
    assert "at depths 1, 2 and 3 is 0.95, 0.17 and 0.01, where a search needs 0.8" in checks["rewards"].reason
    assert "at depth 3 the correlation is 0.95 in training mode and 0.01 in evaluation" in (
        checks["rewards in both modes"].reason
    )
    assert "0.8 below the recorded returns in the mean, more than 50 % of" in checks["values"].reason
    assert "0.8 apart in the mean, more than 25 %" in checks["values in both modes"].reason
    assert "the value is 0.95 of that of a usual position: the search does not see" in checks["ends"].reason
    assert "values 0.46 above the network's own" in checks["search values"].reason
    assert "4.3 times their norm at the root at depth 5" in checks["latents"].reason
    assert "hardly prefers one action" in checks["search policies"].reason


@pytest.mark.parametrize(
    ("subject", "within", "beyond"),
    [
        (
            "rewards",
            {"evaluation": [0.9, 0.9, 0.81, 0, 0]},
            {"evaluation": [0.9, 0.9, 0.79, 1, 1], "training": [0.85] * 5},
        ),
        ("rewards in both modes", {"evaluation": [0.9, 0.88, 0.95, 0, 0]}, {"evaluation": [0.88, 0.97, 0.95, 1, 1]}),
        ("values", {"bias": (-0.49, 9.0)}, {"bias": (0.51, 0.0)}),
        ("values in both modes", {"apart": 0.24}, {"apart": 0.26}),
        ("ends", {"past_end": (0.49, 5)}, {"past_end": (0.51, 5)}),
        ("search values", {"drift": -0.09}, {"drift": -0.11}),
        ("latents", {"norms": [2.0, 2.9, 1.0]}, {"norms": [2.0, 3.1, 1.0]}),
        ("search policies", {"entropy": 0.06}, {"entropy": 0.04}),
        ("search policies", {"entropy": 0.94}, {"entropy": 0.96}),
    ],
)
def test_thresholds(subject, within, beyond):
    assert judged(SOUND, **within)[subject].judgement == "sound"
    checks = judged(SOUND, **beyond)
    assert [name for name, check in checks.items() if check.judgement == "not sound"] == [subject]
    assert overall(list(checks.values())) == "not sound"


def test_a_bias_is_large_or_small_against_the_spread_of_returns():
    assert judged(SOUND, bias=(3.0, 3.0), returns=(50.0, 20.0, 100))["values"].judgement == "sound"
    assert judged(SOUND, bias=(0.1, 0.1), returns=(0.1, 0.1, 100))["values"].judgement == "not sound"


def test_what_cannot_be_said():
    checks = judged(BLIND)
    unknown = [name for name, check in checks.items() if check.judgement == "cannot be said"]
    assert unknown == SUBJECTS[:6] + SUBJECTS[8:]
    assert checks["ends"].reason.startswith("0 terminations were sampled; at least 5 are needed")
    assert checks["rewards"].reason.startswith("2, 0 and 0 of the sampled positions had a reward at depths 1, 2 and 3")
    assert "known of 0 of the sampled positions" in checks["values"].reason
    assert overall(list(checks.values())) == "cannot be said"
    assert judged(BLIND, entropy=None)["search policies"].judgement == "cannot be said"
    assert judged(BLIND, norms=[0.0, 0.0])["latents"].judgement == "cannot be said"


def test_a_few_rewards_or_returns_are_too_few():
    assert judged(SOUND, rewarded=[4] * 5)["rewards"].judgement == "cannot be said"
    assert judged(SOUND, rewarded=[4, 5, 4, 9, 9])["rewards"].reason.count("at depth 2 is 0.95") == 1
    assert judged(SOUND, past_end=(0.9, 64), returns=(0.0, 0.0, 200))["ends"].judgement == "cannot be said"
    assert judged(SOUND, past_end=(0.9, 4))["ends"].judgement == "cannot be said"
    assert judged(SOUND, returns=(2.0, 1.0, 9))["values"].judgement == "cannot be said"
    assert judged(SOUND, returns=(2.0, 0.0, 200))["values"].judgement == "cannot be said"


def test_counts_are_of_one_run():
    """Three runs of four known returns each are not twelve of one."""
    for known, judgement in ((4, "cannot be said"), (10, "sound")):
        figures = SOUND | {"returns": (2.0, 1.0, known)}
        checks = {check.subject: check.judgement for check in judge(rows("a", 100, figures, runs=3))}
        assert checks["values"] == judgement


def test_an_agent_without_a_model_is_asked_for_its_values_alone():
    checks = judge(rows("a", 100, SOUND, model=False))
    assert [check.subject for check in checks] == ["values", "values in both modes", "values in scored games"]
