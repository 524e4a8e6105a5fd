"""Which scores a notebook gets: of the named experiments, of the workspace, or those in Git; or a sentence."""

import pandas as pd
import pytest
from score_tables import simulated_table

from efficientzero.scaling import ScalingInputError, choose_scores, committed_scores, sources
from efficientzero.scaling.scores import SCORE_COLUMNS


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "dvc.yaml").write_text("")
    (tmp_path / "analysis").mkdir()
    table(score=1.0).to_csv(tmp_path / "analysis" / "kept.csv", index=False)
    return tmp_path


def table(score):
    rows = {name: [0, 0] for name in SCORE_COLUMNS}
    return pd.DataFrame(rows | {"game": "Pong", "agent": "dqn", "score": score, "max_env_steps": [None, 50]})


@pytest.mark.parametrize("folder", [".", "analysis"])
def test_a_fresh_clone_gets_the_kept_scores_and_is_told_so(checkout, folder):
    found, source = choose_scores(instead="analysis/kept.csv", start=checkout / folder)
    assert list(found.score) == [1.0, 1.0]
    assert "make repro" in source and "analysis/kept.csv" in source and str(checkout) not in source


@pytest.mark.parametrize("folder", [".", "analysis"])
def test_results_of_the_workspace_come_first(checkout, folder):
    (checkout / "data" / "scaling").mkdir(parents=True)
    table(score=2.0).to_csv(checkout / "data" / "scaling" / "scores.csv", index=False)
    found, source = choose_scores(instead="analysis/kept.csv", start=checkout / folder)
    assert list(found.score) == [2.0, 2.0]
    assert source == "Scores of this workspace, from data/scaling/scores.csv."
    assert found.max_env_steps.dtype == "Int64" and found.max_env_steps.isna().tolist() == [True, False]


def test_named_experiments_come_before_the_workspace(checkout, monkeypatch):
    asked = []
    monkeypatch.setattr(sources, "gather", lambda names, top: asked.append((names, top)) or simulated_table(seeds=1))
    _, source = choose_scores(["alien", "pong"], instead="analysis/kept.csv", start=checkout / "analysis")
    assert asked == [(["alien", "pong"], checkout)] and source == "Scores of the experiments alien, pong."


def test_no_results_and_nothing_instead(checkout):
    with pytest.raises(ScalingInputError, match="no results yet; `make repro` makes them"):
        choose_scores(start=checkout)


def test_outside_of_a_checkout(tmp_path):
    with pytest.raises(ScalingInputError, match=r"is in no checkout .* no dvc.yaml"):
        choose_scores(instead="analysis/kept.csv", start=tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not there"),
        ("", "cannot be read as a table"),
        ("game,agent\nPong,dqn\n", "lacks seed, env_steps"),
        (",".join(SCORE_COLUMNS) + "\n", "lacks rows"),
    ],
)
def test_a_damaged_table_is_named_with_what_to_do(checkout, content, said):
    path = checkout / "analysis" / "kept.csv"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(ScalingInputError, match=rf"kept.csv: .*{said}.*git checkout -- analysis/kept.csv"):
        committed_scores("analysis/kept.csv", checkout)
