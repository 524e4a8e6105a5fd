"""Published scores in the columns of our own."""

import json

import numpy as np
import pandas as pd
import pytest

from efficientzero.published import published_curves
from efficientzero.scaling import ScalingInputError, curve_table, printed_table, published_table, write_outputs


def test_the_scores_are_those_published():
    table = published_table("lightzero_2m", ["MuZero", "EfficientZero"])
    assert list(dict.fromkeys(table.agent)) == ["MuZero", "EfficientZero"]
    source = published_curves("lightzero_2m")
    keys = ["game", "agent", "seed", "frames"]
    both = table.merge(source, on=keys, suffixes=("", "_published"), validate="one_to_one")
    assert len(both) == len(table) == (source.agent.isin(["MuZero", "EfficientZero"])).sum()
    assert np.array_equal(both.score, both.score_published)
    assert (table.env_steps * 4 == table.frames).all()
    assert table.training_flops.isna().all() and table.wall_seconds.isna().all()


def test_final_scores_keep_what_all_agents_share():
    table = published_table("final_scores", ["EfficientZero", "MuZero"])
    assert set(table.frames) == {400_000} and table.game.nunique() == 26 and len(table) == 52
    assert table[table.agent == "MuZero"].human_normalised.mean() == pytest.approx(0.562, abs=5e-4)


def test_what_is_not_there_is_named():
    with pytest.raises(ScalingInputError, match=r"--published: there is no 'final_score'; did you mean final_scores"):
        published_table("final_score")
    with pytest.raises(ScalingInputError, match=r"--agents: in lightzero_2m there is no 'Muzero'; did you mean MuZero"):
        published_table("lightzero_2m", ["Muzero"])
    with pytest.raises(ScalingInputError, match="--agents: MuZero MuZero names an agent twice"):
        published_table("lightzero_2m", ["MuZero", "MuZero"])
    with pytest.raises(ScalingInputError, match="no game and milestone that BBF, Prioritized share"):
        published_table("final_scores", ["BBF", "Prioritized"])


def test_no_mean_of_scores_over_games_and_no_blank_columns():
    printed = printed_table(published_table("lightzero_2m", ["MuZero"]))
    assert printed.split("\n")[0].split() == ["agent", "frames", "human-normalised"]
    curve = curve_table(published_table("lightzero_2m", ["MuZero"]))
    assert curve.updates.isna().all() and curve.score.notna().all()


def test_one_budget_is_reported_with_all_that_it_cannot_say(tmp_path):
    verdict = write_outputs(tmp_path, published_table("final_scores", ["EfficientZero", "MuZero"]))
    assert verdict["against"]["MuZero"]["verdict"] == "not identified"
    assert "budget cannot show an exponent" in verdict["against"]["MuZero"]["reason"]
    assert json.loads((tmp_path / "verdict.json").read_text()) == verdict
    assert not (tmp_path / "score_against_compute.svg").exists()  # nobody published it
    exponents = pd.read_csv(tmp_path / "exponents.csv")
    assert exponents.estimate.isna().all() and exponents.refused.notna().all()
    page = (tmp_path / "report.html").read_text()
    assert "These scores came without what they cost." in page and "1.94" in page


def test_one_game_alone(tmp_path):
    table = published_table("lightzero_2m", ["EfficientZero", "MuZero"])
    write_outputs(tmp_path, table[table.game == table.game.iloc[0]])
    assert (tmp_path / "score_against_frames.png").stat().st_size > 20_000
