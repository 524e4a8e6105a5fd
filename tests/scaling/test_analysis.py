"""The analysis as a whole: all it holds, what it refuses, what it says of bad input, and its JSON."""

import json
from itertools import product

import numpy as np
import pandas as pd
import pytest
from score_tables import THREE, simulated_table

from efficientzero.games import suite
from efficientzero.published import published_curves
from efficientzero.scaling import aggregates_table, exponents_table, frames_ratio_table
from efficientzero.scaling.analysis import analyse, rounded
from efficientzero.scaling.curves import make_curves
from efficientzero.scaling.estimators.transform_free import exponent_ratio
from efficientzero.scaling.findings import EXPONENT, FRAMES, METHODS, PREDICTED, Place
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.power_laws.comparison import compare_exponents
from efficientzero.scaling.reference_scores import CEILINGS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, exponentiated, of_two, weights

FREE, M1 = EXPONENT + "transform-free", EXPONENT + "M1"
RESAMPLES = 60


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Without the simulations of power and the sensitivity to other forms, which have tests of their own."""
    skipped = Refused("left out of these tests")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("efficientzero.scaling.pair.plasmode", lambda *_: skipped)
        patch.setattr("efficientzero.scaling.power_laws.forms.FORMS", ())
        yield


@pytest.fixture(scope="module")
def table():
    return simulated_table()


@pytest.fixture(scope="module")
def analysis(table):
    return analyse(table, resamples=RESAMPLES)


def why(analysis):
    return " | ".join(refusal.why for refusal in analysis.refusals)


def ratios(analysis, second=None):
    """Of exponents of every pair, or of one, under all ceilings and estimands."""
    found = analysis.findings.of(EXPONENT + method for method in METHODS)
    return [ratio for ratio in found if second in (None, ratio.place.second)]


def all_figures(analysis):
    """Ratios of exponents and of frames."""
    return [*ratios(analysis), *analysis.findings.of([FRAMES + "level"])]


def test_holds_every_pair_ceiling_and_estimand(analysis):
    assert analysis.agents == THREE and len(analysis.games) == 4 and analysis.seeds == 3
    assert [(pair.first, pair.second) for pair in analysis.pairs] == [(THREE[0], other) for other in THREE[1:]]
    places = product(THREE[1:], CEILINGS["ale"], ESTIMANDS)
    assert analysis.findings.places(FREE) == [Place(THREE[0], *place) for place in places]
    for pair in analysis.pairs:
        assert set(pair.verdicts) == set(ESTIMANDS) and pair.headline == "these games"
    assert analysis.place("rainbow") == Place("efficientzero", "rainbow", "human", "these games")
    assert len(analysis.findings.of(["mean_z"])) == 2 * 2 * 3 * 6
    assert set(analysis.aggregates.statistic) >= {"mean", "median", "interquartile_mean"}
    predictions = analysis.findings.of([PREDICTED])
    assert len(predictions) == 2 * 2 * 3 * 2
    assert {each.level for each in predictions} == {2 * analysis.frames[-1], 4 * analysis.frames[-1]}


def test_the_table_is_tidy_and_has_a_number_or_a_reason_in_every_row(analysis):
    table = analysis.findings.table()
    assert list(table) == [
        "first", "second", "ceiling", "estimand", "quantity", "level", "estimate", "low", "high", "standard_error",
        "reason",
    ]  # fmt: skip
    assert (table.estimate.isna() <= (table.reason != "")).all()
    key = ["first", "second", "ceiling", "estimand", "quantity", "level"]
    assert not table.duplicated(key).any()


def test_is_what_the_estimators_give_on_their_own(table, analysis):
    curves = make_curves(table, "human")
    assert np.array_equal(analysis.curves["human"].z, curves.z)
    drawn = weights(curves, "games like these", RESAMPLES, np.random.default_rng([0, 1]))
    two = of_two(curves, drawn, *THREE[:2])
    place = Place(*THREE[:2], "human", "games like these")
    for quantity, logarithm in ((FREE, exponent_ratio(*two)), (M1, compare_exponents(*two).log_ratio)):
        expected, found = exponentiated(logarithm), analysis.findings[place, quantity]
        parts = ("estimate", "low", "high", "standard_error")
        assert [getattr(found, part) for part in parts] == [getattr(expected, part) for part in parts]


def test_the_mean_curves_are_the_means_over_games_with_intervals_within_0_and_1(analysis):
    means = analysis.aggregates[analysis.aggregates.statistic == "mean_z"]
    one = means[(means.ceiling == "human") & (means.estimand == "these games")]
    assert np.allclose(one.estimate.to_numpy().reshape(3, 6), analysis.curves["human"].aggregate)
    assert (one.low < one.estimate).all() and (one.estimate < one.high).all()
    assert (one.low >= 0).all() and (one.high <= 1).all() and (one.refused == "").all()


def test_the_orientation(analysis):
    assert analysis.findings[analysis.place("rainbow"), FREE].estimate > 1  # 1.0 over 0.8
    swapped = simulated_table(agents=THREE[:2], exponents=(0.7, 1.0))
    swapped = analyse(swapped, resamples=RESAMPLES)
    assert swapped.findings[swapped.place(THREE[1]), M1].estimate < 1


def test_the_metric_is_plain_and_compact(analysis):
    metric = analysis.verdict_json()
    assert json.loads(json.dumps(metric, allow_nan=False)) == metric and metric["schema_version"] == 1
    assert metric["first"] == THREE[0] and list(metric["against"]) == list(THREE[1:])
    one, pair = metric["against"]["rainbow"], analysis.pair("rainbow")
    free = analysis.findings[analysis.place("rainbow"), FREE]
    assert one["verdict"] == pair.verdict.word and one["ceiling"] == "human" and one["estimand"] == "these games"
    assert (one["exponent_ratio"], one["low"], one["high"]) == pytest.approx((free.estimate, free.low, free.high), 1e-5)
    assert one["reason"] and len(json.dumps(metric)) < 5000


def test_numbers_of_the_metric_are_rounded_to_significant_digits():
    numbers = [0.123456789, 1234567.891, 1.23456789e-7, 0.0]
    assert [rounded(number) for number in numbers] == [0.123457, 1234568.0, 1.23457e-7, 0.0]


def test_the_same_table_and_seed_give_the_same_and_another_seed_other_intervals(table, analysis):
    again = analyse(table, resamples=RESAMPLES)
    pd.testing.assert_frame_equal(again.findings.table(), analysis.findings.table())
    assert again.verdict_json() == analysis.verdict_json()
    other = analyse(table, resamples=RESAMPLES, seed=1)
    one, two = (each.findings[each.place(THREE[1]), FREE] for each in (analysis, other))
    assert one.estimate == two.estimate and one.standard_error != two.standard_error


def test_both_ceilings_use_the_same_draws(analysis):
    single = simulated_table(games=1, agents=THREE[:2])  # of one game, z under one ceiling is a multiple of the other
    single = analyse(single, resamples=RESAMPLES)
    one, two = (single.findings[single.place(THREE[1], ceiling), FREE] for ceiling in CEILINGS["ale"])
    assert one.standard_error == pytest.approx(two.standard_error)


def test_tables_hold_every_figure_with_reasons_in_the_place_of_numbers(analysis):
    exponents = exponents_table(analysis)
    assert len(exponents) == 2 * 4 * 4 and set(exponents.method) == {"transform-free", "M1", "M1, soft_l1", "M3"}
    frames = frames_ratio_table(analysis)
    assert set(frames["at"]) == {
        "level", "mean over common levels", "final level of first", "final level of second"
    }  # fmt: skip
    last = frames[(frames["at"] == "final level of first") & (frames.ceiling == "human")]
    assert last.estimate.isna().all() and (last.refused != "").all()
    assert last.at_least.isna().all()  # the leader was climbing to the end: no bound above 1
    for table in (exponents, frames):
        assert (table.estimate.isna() == ((table.refused != "") & table.low.isna())).all()
        assert table.estimate.notna().any()
    aggregates = aggregates_table(analysis)
    assert aggregates.estimate.notna().all()  # a mean is there where its interval is refused
    assert (aggregates.low.isna() == (aggregates.refused != "")).all()
    assert set(aggregates[aggregates.low.isna()].statistic) == {"share_above_human"}  # none is, whatever is drawn
    assert set(aggregates_table(analysis).statistic) == {
        "mean_z", "mean", "median", "interquartile_mean", "share_above_human",
    }  # fmt: skip
    refused = Refused("one agent")
    assert [len(each(refused)) for each in (exponents_table, frames_ratio_table, aggregates_table)] == [0, 0, 0]


# What the data cannot give, while all else still comes.


def test_one_seed_leaves_other_games():
    analysis = analyse(simulated_table(seeds=1, agents=THREE[:2]), resamples=RESAMPLES)
    pair = analysis.pairs[0]
    assert analysis.findings[analysis.place(pair.second, estimand="these games"), FREE].refused
    assert not analysis.findings[analysis.place(pair.second), M1].refused
    assert pair.headline == analysis.estimand == "games like these" and not isinstance(pair.verdict, Refused)
    assert "one seed only" in why(analysis)


def test_one_game_leaves_other_seeds():
    analysis = analyse(simulated_table(games=1, agents=THREE[:2]), resamples=RESAMPLES)
    pair = analysis.pairs[0]
    place = analysis.place(pair.second, estimand="games like these")
    assert analysis.findings[place, FRAMES + "final level of first"].refused
    assert not analysis.findings[analysis.place(pair.second), FREE].refused
    assert pair.headline == "these games" and not isinstance(pair.verdict, Refused)
    assert "one game does not show" in why(analysis)


def test_one_game_and_one_seed_give_the_scores_and_no_other_number():
    analysis = analyse(simulated_table(games=1, seeds=1), resamples=RESAMPLES)
    assert all(figure.refused for figure in (*all_figures(analysis), *analysis.findings.of([PREDICTED])))
    means = analysis.findings.of(["mean_z"])
    assert len(means) == 2 * 2 * 3 * 6 and all(np.isnan(mean.low) and not mean.refused for mean in means)
    assert [pair.word for pair in analysis.pairs] == ["not identified"] * 2
    metric = analysis.verdict_json()["against"]["rainbow"]
    assert "one seed only" in metric["reason"] and "one seed only" in metric["exponent_ratio_refused"]
    assert not any(isinstance(value, float) for value in metric.values())


def test_one_budget_gives_no_exponent():
    table = simulated_table()
    analysis = analyse(table[table.frames == table.frames.max()], resamples=RESAMPLES)
    assert all(ratio.refused for ratio in ratios(analysis))
    assert [pair.word for pair in analysis.pairs] == ["not identified"] * 2
    assert "1 budget cannot show an exponent" in why(analysis)
    assert all(np.isfinite(mean.low) for mean in analysis.findings.of(["mean_z"]))


def test_a_flat_curve_is_named_and_the_other_pair_still_comes():
    table = simulated_table()
    table.loc[table.agent == "rainbow", "score"] = table.groupby(["game", "agent", "seed"]).score.transform("first")
    analysis = analyse(table, resamples=RESAMPLES)
    assert all(ratio.refused for ratio in ratios(analysis, "rainbow"))
    assert not analysis.findings[analysis.place("muzero_reanalyze"), M1].refused
    assert "the curve of rainbow is flat" in why(analysis)


@pytest.mark.parametrize("agents", [THREE[2:], THREE])
def test_scores_below_random_play_give_a_statement_and_no_number(agents):
    table = simulated_table()
    table.loc[table.agent.isin(agents), "score"] = -1e4
    analysis = analyse(table, resamples=RESAMPLES)
    found = analysis.pair("rainbow")
    assert all(ratio.refused for ratio in ratios(analysis, "rainbow"))
    flat = agents[0]
    assert found.word == "not identified" and found.reasons[0].startswith(
        f"the curve of {flat} is no better than random play at any budget"
    )
    for game in analysis.games:
        assert f"{flat} is no better than random play at any budget; z is 0 there" in analysis.warnings[game]


def test_a_game_without_a_ceiling_is_refused_unless_it_is_given():
    table = simulated_table(names=("AirRaid", "Pooyan"), agents=THREE[:2])
    analysis = analyse(table, resamples=RESAMPLES)
    assert all(isinstance(found, Refused) for found in analysis.curves.values())
    assert analysis.aggregates.empty
    assert all(figure.refused for figure in all_figures(analysis))
    assert analysis.pairs[0].word == "not identified" and "constants=" in analysis.pairs[0].reasons[0]
    json.dumps(analysis.verdict_json(), allow_nan=False)
    given = analyse(table, resamples=RESAMPLES, constants=dict.fromkeys(table.game.unique(), (0.0, 10.0)))
    assert not given.findings[given.place(THREE[1], "best"), M1].refused
    assert set(given.aggregates.statistic) == {"mean_z"}


def test_minatar_is_normalised_by_a_published_agent_and_gets_a_verdict():
    table = simulated_table(names=suite("minatar"), agents=THREE[:2], exponents=(1.6, 0.8))
    analysis = analyse(table, resamples=RESAMPLES)
    assert tuple(analysis.curves) == ("published DQN", "best published") and analysis.ceiling == "published DQN"
    pair = analysis.pairs[0]
    assert pair.word == "exponent"
    assert not any(ratio.refused for ratio in analysis.findings.of([FREE]))
    # The simulated z is the place between random play and DQN's published score.
    ceilings = analysis.aggregates.groupby("ceiling").estimate.max()
    assert 0.5 < ceilings["published DQN"] < 1.0 and ceilings["best published"] < ceilings["published DQN"] / 1.5
    assert set(analysis.aggregates.statistic) == {"mean_z"}
    assert "human" not in " ".join(pair.reasons)
    assert analysis.verdict_json()["against"]["muzero_reanalyze"]["ceiling"] == "published DQN"


def test_atari_and_minatar_have_no_common_mean():
    table = simulated_table(names=("Pong", "minatar/breakout"), agents=THREE[:2])
    reason = "^Pong and minatar/breakout are on different scales: .*analyse Atari and MinAtar games apart$"
    with pytest.raises(ScalingInputError, match=reason):
        analyse(table, resamples=RESAMPLES)
    skips = table.game.map({"Pong": 4, "minatar/breakout": 1})  # not the reason, though they differ
    with pytest.raises(ScalingInputError, match=reason):
        analyse(table.assign(frame_skip=skips), resamples=RESAMPLES)
    given = analyse(table, resamples=RESAMPLES, constants={"minatar/breakout": (0.0, 20.0)})
    assert given.ceiling == "human"


def test_every_refused_estimate_is_on_the_list_once():
    analysis = analyse(simulated_table(games=1, seeds=1), resamples=RESAMPLES)
    reasons = [refusal.why for refusal in analysis.refusals]
    assert len(reasons) == len(set(reasons))
    assert all(row.reason in reasons for row in analysis.findings.rows if row.reason)
    assert "transform-free ratio of exponents" in analysis.refusals[0].what
    assert "these games" in analysis.refusals[0].what and "human" not in analysis.refusals[0].what


def test_published_curves_by_the_same_call():
    curves = published_curves("dopamine_log_budgets")
    chosen = curves[curves.agent.isin(["Rainbow", "IQN"]) & curves.game.isin(["Pong", "Alien", "Seaquest", "Boxing"])]
    chosen = chosen.sort_values("agent", kind="stable")
    analysis = analyse(chosen[chosen.frames > 3_000_000], resamples=RESAMPLES)
    assert analysis.agents == ("IQN", "Rainbow") and analysis.seeds == 5
    assert len(analysis.findings.levels(analysis.place("Rainbow"), FRAMES + "level")) == 19


# What is wrong with the input: one sentence each.


def without_agent_on_a_game(table):
    return table[~((table.agent == "rainbow") & (table.game == "Alien"))]


def only(agent):
    return lambda table: table[table.agent == agent]


def with_nan(table):
    return table.assign(score=table.score.where(table.index != 5))


def twice(table):
    return pd.concat([table, table.iloc[[3]]])


def without_a_budget(table):
    return table.drop(index=4)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (without_agent_on_a_game, "agent rainbow has no scores on Alien"),
        (only("rainbow"), "there are only curves of rainbow; a comparison needs at least two agents"),
        (with_nan, "its score is not a finite number"),
        (twice, "it stands twice"),
        (without_a_budget, "has no score at"),
        (lambda table: table.replace({"game": {"Alien": "Alein"}}), "no game called 'Alein'; did you mean Alien"),
        (lambda table: table.assign(frame_skip=np.where(table.agent == "rainbow", 4, 1)), "frame skips differ"),
        (lambda table: table.drop(columns="score"), "no column score"),
        (lambda table: table[:0], "is empty"),
        (lambda table: table.assign(frames=0), "a budget must be a number of frames above 0"),
        (lambda table: table.assign(frames=-table.frames), "a budget must be a number of frames above 0"),
        (lambda table: table.assign(score=np.inf), "its score is not a finite number"),
        (lambda table: table.assign(score=table.score.astype(str)), "which is no number; read the table with numbers"),
        (lambda table: table.assign(score="high"), "score holds 'high', which is no number"),
        (lambda table: table.replace({"agent": {"rainbow": 3}}), "agent: 3 is no name"),
        (lambda table: None, "must be a pandas DataFrame"),
    ],
)
def test_bad_input_is_one_sentence(table, spoil, sentence):
    with pytest.raises(ScalingInputError, match=sentence) as raised:
        analyse(spoil(table), resamples=RESAMPLES)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"resamples": 1}, "resamples: 1 do not show a spread"),
        ({"constants": {"Alien": (1.0, 2.0, 3.0)}}, r"Alien are \(1.0, 2.0, 3.0\); give two numbers"),
        ({"constants": {"Alien": ("low", "high")}}, "give two numbers"),
        ({"resamples": 2.5}, "resamples: 2.5 is none; give a whole number"),
        ({"seed": -1}, "seed: -1 is none; give a whole number"),
        ({"seed": True}, "seed: True is none"),
        ({"constants": {"Alien": (5.0, 5.0)}}, "give its random score and a higher ceiling"),
        ({"constants": {"Alein": (0.0, 5.0)}}, "no game called 'Alein'"),
    ],
)
def test_bad_options_are_one_sentence(table, options, sentence):
    with pytest.raises(ScalingInputError, match=sentence):
        analyse(table, **{"resamples": RESAMPLES, **options})


def test_a_pair_that_is_not_there(analysis):
    with pytest.raises(ScalingInputError, match="efficientzero was compared with muzero_reanalyze, rainbow, not with"):
        analysis.pair("dqn")
