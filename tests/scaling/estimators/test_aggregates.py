"""Human-normalised aggregates: published figures, the definitions one resample at a time, and their intervals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scaling.plasmode import dopamine, exact
from scipy import stats

from efficientzero.published import final_scores
from efficientzero.scaling.curves import Curves, make_curves
from efficientzero.scaling.estimators.aggregates import (
    human_normalised,
    interquartile_mean,
    median,
    run_counts,
)
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import ESTIMANDS, weights


def table_of(curves, drawn):
    """A row per agent, budget and statistic; the interval blank where it is refused."""
    rows = []
    for each in human_normalised(curves, drawn):
        interval = each.interval
        parts = {"refused": interval.reason} if isinstance(interval, Refused) else {
            "low": interval.low, "high": interval.high, "standard_error": interval.standard_error, "refused": "",
        }  # fmt: skip
        rows.append({**each._asdict(), "low": np.nan, "high": np.nan, "standard_error": np.nan, **parts})
    return pd.DataFrame(rows)


def ragged(agents=2, games=4, seeds=3, budgets=2, seed=0):
    """Runs of human-normalised score 0 to 3; the first agent lacks a seed of the second game."""
    scores = 3 * np.random.default_rng(seed).random((agents, games, seeds, budgets))
    scores[0, 1, -1] = np.nan
    names = tuple("ABC"[:agents])
    frames = 1e5 * 2.0 ** np.arange(budgets)
    return Curves(names, tuple(map(str, range(games))), frames, np.clip(scores, 0, 1), "human", scores)


def draw(curves, estimand="these games", resamples=200, seed=0):
    return weights(curves, estimand, resamples, np.random.default_rng(seed))


def repeated(curves, counts, agent, budget):
    """Of every game drawn, its scores as often as they were drawn."""
    games = []
    for game in range(len(curves.games)):
        times = counts[agent, game].astype(int)
        if times.sum() == 0:
            continue
        scores = np.repeat(curves.human_normalised[agent, game, :, budget], times)
        games += np.split(scores, len(scores) // int(curves.seeds[agent, game]))
    return games


def values(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    return table


def test_published_aggregates_of_efficientzero_and_muzero():
    scores = final_scores()
    scores = scores[scores.agent.isin(["EfficientZero", "MuZero"]) & (scores.frames == 400_000)]
    scores = scores.drop_duplicates(["agent", "game"])
    curves = make_curves(scores, "human")
    assert len(curves.games) == 26
    table = table_of(curves, draw(curves))
    expected = {("EfficientZero", "mean"): 1.943, ("EfficientZero", "median"): 1.090}
    expected |= {("MuZero", "mean"): 0.562, ("MuZero", "median"): 0.227}
    for (agent, statistic), value in expected.items():
        (row,) = values(table, agent=agent, statistic=statistic).to_dict("records")
        assert row["estimate"] == pytest.approx(value, abs=0.0006)
        # Means over seeds do not show how much seeds differ.
        assert np.isnan([row["low"], row["high"], row["standard_error"]]).all()
        assert "one seed only" in row["refused"]


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_every_resample_against_the_definitions(estimand):
    curves = ragged()
    drawn = draw(curves, estimand, 30)
    counts = run_counts(curves, drawn)
    table = table_of(curves, drawn)
    for agent, name in enumerate(curves.agents):
        for budget, frames in enumerate(curves.frames):
            once = repeated(curves, curves.present.astype(float), agent, budget)
            definitions = {
                "mean": lambda games: np.mean([game.mean() for game in games]),
                "median": lambda games: np.median([game.mean() for game in games]),
                "interquartile_mean": lambda games: stats.trim_mean(np.concatenate(games), 0.25),
                "share_above_human": lambda games: np.mean([game.mean() > 1 for game in games]),
            }
            for statistic, definition in definitions.items():
                (row,) = values(table, agent=name, frames=frames, statistic=statistic).to_dict("records")
                assert row["estimate"] == pytest.approx(definition(once))
                # Draws of seeds within a game stay together; of games, every draw is a game of its own.
                many = [definition(_games(curves, one, agent, budget, estimand)) for one in counts]
                error = drawn.inflation * np.std(many, ddof=1)
                if error:
                    assert row["standard_error"] == pytest.approx(error), statistic
                else:
                    assert np.isnan(row["standard_error"]) and "makes a difference" in row["refused"], statistic


def _games(curves, counts, agent, budget, estimand):
    if estimand == "these games":
        scores = curves.human_normalised[agent, ..., budget]
        return [np.repeat(scores[g], counts[agent, g].astype(int)) for g in range(len(curves.games))]
    present = curves.present[agent]
    games = [curves.human_normalised[agent, g, present[g], budget] for g in range(len(curves.games))]
    return [game for g, game in enumerate(games) for _ in range(int(counts[agent, g].max()))]


def test_counted_statistics_are_those_of_the_repeated_values():
    random = np.random.default_rng(0)
    values_ = random.integers(0, 6, (200, 9)) / 2
    counts = random.integers(0, 4, (200, 9)).astype(float)
    counts[:, 0] += 1
    middle, trimmed = median(values_, counts), interquartile_mean(values_, counts)
    for number in range(200):
        several = np.repeat(values_[number], counts[number].astype(int))
        assert middle[number] == np.median(several)
        assert trimmed[number] == pytest.approx(stats.trim_mean(several, 0.25))


def test_shares_stay_between_none_and_all():
    curves = dopamine("human", "atari26").select(agents=("IQN", "DQN"), budgets=[0, 14])
    drawn = draw(curves, "games like these", 300)
    table = values(table_of(curves, drawn), statistic="share_above_human")
    assert (table.refused != "").any()  # no game, whichever are drawn
    table = table[table.refused == ""]
    assert ((table.low >= 0) & (table.low <= table.estimate) & (table.estimate <= table.high) & (table.high <= 1)).all()


def test_refused_draws_leave_the_estimates():
    curves = ragged(seeds=1 + 1)
    refusal = Refused("for a reason")
    table = table_of(curves, refusal)
    assert table.estimate.notna().all() and (table.refused == "for a reason").all()
    assert table[["low", "high", "standard_error"]].isna().all(axis=None)


def test_games_without_human_scores_are_named():
    curves = exact((0.8, 0.8))
    scores = curves.human_normalised.copy()
    scores[1, 1, 0, 2] = np.nan
    with pytest.raises(ScalingInputError, match=r"^game 1 has no human-normalised scores"):
        table_of(replace(curves, human_normalised=scores), draw(curves))
