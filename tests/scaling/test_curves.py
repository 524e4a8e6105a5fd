"""Curves from a table of scores: the scale, the order, and one sentence for every table that is wrong."""

import numpy as np
import pandas as pd
import pytest

from efficientzero.games import find_game
from efficientzero.published import best_scores
from efficientzero.scaling.curves import make_curves
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.words.warnings import flagged_games

GAMES = ("Pong", "Alien")
BUDGETS = (3000, 6000, 12000)


def score(game, agent, seed, frames):
    low, high = find_game(game).random_score, find_game(game).human_score
    return low + (high - low) * (0.1 + 0.2 * (agent == "mine") + 0.01 * seed + frames / 30_000)


@pytest.fixture
def table():
    """Two agents on two games, three seeds at three budgets; Alien has two of mine only, and rows are in disorder."""
    rows = [
        {"game": game, "agent": agent, "seed": seed, "frames": frames, "score": score(game, agent, seed, frames)}
        for agent in ("mine", "theirs")
        for game in GAMES
        for seed in (7, 0, 3)
        for frames in reversed(BUDGETS)
        if (agent, game, seed) != ("mine", "Alien", 0)
    ]
    return pd.DataFrame(rows)


def test_every_run_has_its_place(table):
    curves = make_curves(table, "human")
    assert (curves.agents, curves.games, curves.ceiling) == (("mine", "theirs"), GAMES, "human")
    assert curves.frames.tolist() == list(BUDGETS) and curves.frames.dtype == np.float64
    assert curves.z.shape == (2, 2, 3, 3)
    assert curves.seeds.tolist() == [[3, 2], [3, 3]]
    expected = 0.1 + 0.2 * np.array([1, 0])[:, None, None] + 0.01 * np.array([0, 3, 7])[:, None]
    expected = np.broadcast_to((expected + np.array(BUDGETS) / 30_000)[:, None], curves.z.shape).copy()
    expected[0, 1] = [expected[0, 1, 1], expected[0, 1, 2], [np.nan] * 3]
    np.testing.assert_allclose(curves.z, expected)
    np.testing.assert_allclose(curves.human_normalised, expected)
    # Games weigh the same, whatever the number of their seeds.
    of_games = [0.3 + (0.0 + 0.03 + 0.07) / 3, 0.3 + (0.03 + 0.07) / 2]
    np.testing.assert_allclose(curves.aggregate[0], np.mean(of_games) + np.array(BUDGETS) / 30_000)


def test_the_order_of_rows_makes_no_difference_but_for_agents_and_games(table):
    shuffled = make_curves(table.sample(frac=1, random_state=1), "human")
    curves = make_curves(table, "human").select(agents=shuffled.agents)
    games = [curves.games.index(game) for game in shuffled.games]
    np.testing.assert_array_equal(shuffled.z, curves.z[:, games])


def test_scores_beyond_the_reference_scores_are_cut_in_z_only(table):
    table.loc[0, "score"] = 2 * find_game("Pong").human_score
    table.loc[1, "score"] = find_game("Pong").random_score - 5
    curves = make_curves(table, "human")
    assert curves.z[0, 0, 2, 2] == 1 and curves.z[0, 0, 2, 1] == 0
    assert curves.human_normalised[0, 0, 2, 2] > 1 and curves.human_normalised[0, 0, 2, 1] < 0


def test_the_best_ceiling(table):
    human, best = make_curves(table, "human"), make_curves(table, "best")
    game = find_game("Alien")
    factor = (game.human_score - game.random_score) / (best_scores()["Alien"] - game.random_score)
    np.testing.assert_allclose(best.z[:, 1], human.z[:, 1] * factor)
    np.testing.assert_array_equal(best.human_normalised, human.human_normalised)


def test_constants_stand_in_for_the_literature(table):
    table["game"] = table["game"].replace("Pong", "minatar/breakout")
    with pytest.raises(ScalingInputError, match=r"^minatar/breakout: .* has no random and human score.*constants="):
        make_curves(table, "human")
    curves = make_curves(table, "human", {"minatar/breakout": (-20.0, 40.0)})
    scores = table[table.game == "minatar/breakout"].sort_values(["agent", "seed", "frames"]).score.to_numpy()
    np.testing.assert_allclose(curves.z[:, 0].ravel(), np.clip((scores + 20) / 60, 0, 1))
    assert np.isnan(curves.human_normalised[:, 0]).all() and np.isfinite(curves.human_normalised[1, 1]).all()
    for wrong in ((1.0, 1.0), (0.0, float("nan"))):
        with pytest.raises(ScalingInputError, match=r"^constants: those of minatar/breakout are .* a higher ceiling$"):
            make_curves(table, "human", {"minatar/breakout": wrong})


def test_cut_episodes_are_not_human_normalised(table):
    whole = make_curves(table.assign(max_env_steps=pd.array([pd.NA] * len(table), dtype="Int64")), "human")
    np.testing.assert_array_equal(whole.human_normalised, make_curves(table, "human").human_normalised)
    cut = make_curves(table.assign(max_env_steps=500), "human")
    assert np.isnan(cut.human_normalised).all()
    np.testing.assert_array_equal(cut.z, whole.z)


def test_selected_agents_and_budgets(table):
    curves = make_curves(table, "human")
    selected = curves.select(agents=["theirs"], budgets=[0, 2])
    assert (selected.agents, selected.frames.tolist()) == (("theirs",), [3000, 12000])
    np.testing.assert_array_equal(selected.z, curves.z[1:][..., [0, 2]])
    np.testing.assert_array_equal(curves.select(budgets=slice(1, None)).z, curves.z[..., 1:])
    with pytest.raises(ScalingInputError, match=r"^agent: there are no curves of 'yours'; there are those of mine, "):
        curves.select(agents=["yours"])


def test_one_seed_and_one_budget_are_curves_too(table):
    few = table[(table.seed == 3) & (table.frames == 6000)]
    assert make_curves(few, "human").z.shape == (2, 2, 1, 1)


def first(table):
    return table.index == table.index[0]


WRONG = {
    "no column": (lambda t: t.drop(columns=["seed", "score"]), "no column seed and no column score; it needs game"),
    "no rows": (lambda t: t[:0], "is empty"),
    "a blank": (lambda t: t.assign(agent=t.agent.where(~first(t))), "blanks in its column agent"),
    "no frames": (
        lambda t: t.assign(frames=t.frames.where(~first(t), 0)),
        "agent mine, game Pong, seed 7, 0 frames: a",
    ),
    "text": (lambda t: t.assign(frames=t.frames.astype(object).where(~first(t), "many")), "frames holds 'many', wh"),
    "score as text": (
        lambda t: t.assign(score=t.score.astype(object).where(~first(t), "12.5")),
        "12,000 frames: score holds '12.5', which is no number",
    ),
    "all scores as text": (lambda t: t.assign(score=t.score.astype(str)), "which is no number; read the table with"),
    "a truth value": (lambda t: t.assign(score=t.score > 0), "score holds (True|False), which is no number"),
    "negative": (lambda t: t.assign(frames=-t.frames), "-12,000 frames: a budget must be a number of frames above 0"),
    "endless": (lambda t: t.assign(frames=np.inf), "inf frames: a budget must be a number of frames above 0"),
    "absurd": (lambda t: t.assign(score=1e200), "its score is not a finite number"),
    "numbered agent": (lambda t: t.replace({"agent": {"mine": 3}}), "^agent: 3 is no name; write the name"),
    "numbered game": (lambda t: t.replace({"game": {"Pong": 3}}), "^game: 3 is no name; write the name"),
    "a list": (lambda t: t.assign(seed=[[1]] * len(t)), r"^seed: \[1\] is none; write each seed as a whole number"),
    "no table": (lambda t: t.to_dict(), "must be a pandas DataFrame with the columns .*, not a dict"),
    "two columns": (lambda t: pd.concat([t, t[["score"]]], axis=1), "two columns score; drop or rename one"),
    "one agent": (lambda t: t[t.agent == "mine"], "only curves of mine; a comparison needs at least two agents"),
    "unknown": (lambda t: t.replace("Pong", "Pnog"), "there is no game called 'Pnog'; did you mean Pong"),
    "not a number": (
        lambda t: t.assign(score=t.score.where(~first(t))),
        "Pong, seed 7, 12,000 frames: its score is no",
    ),
    "infinite": (lambda t: t.assign(score=t.score.where(~first(t), np.inf)), "its score is not a finite number"),
    "twice": (lambda t: pd.concat([t, t[first(t)]]), "Pong, seed 7, 12,000 frames: it stands twice"),
    "no game": (lambda t: t[(t.agent != "mine") | (t.game != "Alien")], "agent mine has no scores on Alien, which oth"),
    "no budgets": (lambda t: t[(t.seed != 7) | (t.agent != "mine") | (t.frames == 6000)], "score at 3,000 frames, wh"),
    "no budget": (lambda t: t[~first(t)], "agent mine, game Pong, seed 7 has no score at 12,000 frames, where others"),
    "skips": (lambda t: t.assign(frame_skip=np.where(t.agent == "mine", 4, 5)), r"differ \(mine: 4; theirs: 5\)"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_table_gets_one_sentence(table, wrong):
    change, words = WRONG[wrong]
    with pytest.raises(ScalingInputError, match=words) as caught:
        make_curves(change(table), "human")
    assert "\n" not in str(caught.value) and caught.value.__cause__ is None


def test_an_unknown_ceiling(table):
    with pytest.raises(ScalingInputError, match=r"^ceiling: 'world' is none; choose human or best$"):
        make_curves(table, "world")


def test_a_game_without_a_record(table):
    with pytest.raises(ScalingInputError, match=r"^Surround: no best-known score"):
        make_curves(table.replace("Pong", "Surround"), "best")


def test_one_frame_skip_is_fine(table):
    assert make_curves(table.assign(frame_skip=4), "human").agents == ("mine", "theirs")


def test_a_game_that_rules_the_mean_is_named(table):
    many = pd.concat([table.assign(game=game) for game in ("Boxing", "Pong", "Freeway", "Alien", "Amidar", "Qbert")])
    many = many[(many.agent == "mine") | (many.seed == 0)].drop_duplicates(["agent", "game", "seed", "frames"])
    low, high = (many.game.map(lambda game, name=name: getattr(find_game(game), name)) for name in
                 ("random_score", "human_score"))  # fmt: skip
    many["score"] = low + (high - low) * many.frames / 30_000
    flagged = flagged_games(make_curves(many, "best"))
    share = {game: (find_game(game).human_score - find_game(game).random_score)
             / (best_scores()[game] - find_game(game).random_score) for game in many.game.unique()}  # fmt: skip
    heavy = max(share, key=share.get)
    assert f"up to the best ceiling {share[heavy] / sum(share.values()):.0%} of the rise" in flagged[heavy][-1]
    assert not any("of the rise" in sentence for sentence in flagged.get(min(share, key=share.get), ()))
    assert "of the rise" not in str(flagged_games(make_curves(many, "human")))  # all games rise alike there


def test_games_that_need_a_warning(table):
    assert flagged_games(make_curves(table, "human")) == {}
    table["game"] = table["game"].replace({"Pong": "DoubleDunk", "Alien": "VideoPinball"})
    table["score"] = -15.0
    table.loc[(table.game == "VideoPinball") & ((table.agent == "mine") | (table.frames < 9000)), "score"] = 9.0
    table.loc[(table.game == "VideoPinball") & (table.agent == "mine") & (table.frames > 9000), "score"] = -1.0
    flagged = flagged_games(make_curves(table, "human"))
    assert list(flagged) == ["DoubleDunk", "VideoPinball"]
    (tiny,) = flagged["DoubleDunk"]
    assert "2.2 points apart" in tiny
    zero, mine, theirs = flagged["VideoPinball"]
    assert zero.startswith("its random score is taken as 0")
    assert mine == "mine is no better than random play at the largest budget; z is 0 there"
    assert theirs == "theirs is no better than random play at the largest budget; z is 0 there"
    table.loc[(table.game == "VideoPinball") & (table.agent == "mine"), "score"] = -1.0
    assert flagged_games(make_curves(table, "human"))["VideoPinball"][1] == (
        "mine is no better than random play at any budget; z is 0 there"
    )
