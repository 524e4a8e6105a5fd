"""The table of all agents on MinAtar, `benchmarks/minatar_agents.py`, against figures worked out by hand."""

import importlib.util
import re
from pathlib import Path

import pandas as pd
import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "minatar_agents.py"
specification = importlib.util.spec_from_file_location("minatar_agents", SCRIPT)
assert specification is not None and specification.loader is not None
minatar_agents = importlib.util.module_from_spec(specification)
specification.loader.exec_module(minatar_agents)


def made_up():
    """Two games, two seeds; on the first game one agent is twice as good, on the second the other four times."""
    scores = {
        ("one", "ours", 10): (8, 12), ("one", "other", 10): (4, 6), ("two", "ours", 10): (1, 1),
        ("two", "other", 10): (4, 4), ("one", "ours", 5): (2, 2), ("one", "other", 5): (1, 1),
        ("two", "ours", 5): (0, 0), ("two", "other", 5): (2, 2),
    }  # fmt: skip
    return pd.DataFrame(
        {
            "game": game, "agent": agent, "seed": seed, "env_steps": env_steps, "score": of_seeds[seed],
            "cpu_seconds": 1.0, "revision": f"{agent}_suite-{game}-seed{seed}",
        }
        for (game, agent, env_steps), of_seeds in scores.items()
        for seed in (0, 1)
    )  # fmt: skip


def test_a_score_is_divided_by_the_best_mean_of_its_game_at_the_last_budget():
    table = minatar_agents.over_seeds(made_up())
    last = minatar_agents.normalised(table, 10, ["one", "two"])
    # Game one's best mean is 10, with an error of 2 over two seeds (that of the other: 1); game two's 4, without one.
    assert last["mean"].to_dict() == {"ours": (1 + 0.25) / 2, "other": (0.5 + 1) / 2}
    assert last["sem"].to_dict() == pytest.approx({"ours": 0.2 / 2, "other": 0.1 / 2})
    first = minatar_agents.normalised(table, 5, ["one", "two"])
    assert first["mean"].to_dict() == {"other": (0.1 + 0.5) / 2, "ours": (0.2 + 0) / 2}


def test_an_agent_that_has_not_played_every_game_has_no_mean():
    scores = made_up()
    scores = scores[(scores.game != "two") | (scores.agent != "other")]
    assert list(minatar_agents.normalised(minatar_agents.over_seeds(scores), 10, ["one", "two"]).index) == ["ours"]


def test_rows_of_suites_and_of_one_agent_of_a_suite():
    scores = made_up()
    assert set(minatar_agents.of_suites(scores, ["ours_suite"]).agent) == {"ours"}
    assert len(minatar_agents.of_suites(scores, ["ours_suite", "other_suite:other"])) == len(scores)
    with pytest.raises(ValueError, match="no row of mistake or other_suite:ours"):
        minatar_agents.of_suites(scores, ["ours_suite", "other_suite:ours", "mistake"])
    again = scores.assign(revision="again-one-seed0")
    with pytest.raises(ValueError, match="a score twice"):
        minatar_agents.of_suites(pd.concat([scores, again]), ["ours_suite", "again"])


def test_an_agent_of_a_suite_under_a_name_of_its_own():
    scores = made_up()
    without = scores[scores.agent == "ours"].assign(revision="without-one-seed0", score=3.0)
    chosen = minatar_agents.of_suites(pd.concat([scores, without]), ["ours_suite", "without:ours=part"])
    assert set(chosen[chosen.agent == "part"].score) == {3.0}
    assert sorted(chosen[chosen.agent == "ours"].score) == sorted(scores[scores.agent == "ours"].score)


@pytest.mark.parametrize(
    ("suites", "message"),
    [
        (["without:ours="], "without:ours=; expected SUITE:AGENT=NAME"),
        (["without=part"], "without=part; expected SUITE:AGENT=NAME"),
        (["without:ours=a|b"], "a name of letters, digits and _"),
        (["without:ours=other"], "there is an agent of that name"),
        (["without:ours=part", "ours_suite:ours=part"], "there is an agent of that name"),
        (["without:ours=part", "without:ours=piece"], "without:ours is given twice"),
        (["without", "without:ours=part"], "without:ours is given twice"),
    ],
)
def test_a_name_that_would_mix_agents_is_refused(suites, message):
    scores = made_up()
    without = scores[scores.agent == "ours"].assign(revision="without-one-seed0", score=3.0)
    with pytest.raises(ValueError, match=re.escape(message)):
        minatar_agents.of_suites(pd.concat([scores, without]), suites)


def test_a_name_does_not_hide_that_a_score_was_made_again():
    scores = made_up()
    again = scores[scores.agent == "other"].assign(score=7.0, revision="again")
    chosen = minatar_agents.of_suites(pd.concat([scores, again]), ["ours_suite", "other_suite:other=older", "again"])
    assert set(chosen.agent) == {"ours", "other"}
    chosen = minatar_agents.of_suites(pd.concat([scores, again]), ["ours_suite", "again:other=newer"])
    assert sorted(chosen[chosen.agent == "ours"].score) == sorted(scores[scores.agent == "ours"].score)
    assert set(chosen[chosen.agent == "newer"].score) == {7.0}


def test_rows_of_some_games():
    scores = made_up().replace({"one": "minatar/one", "two": "other/two"})
    assert len(minatar_agents.of_games(scores, None)) == len(scores)
    assert set(minatar_agents.of_games(scores, ["one"]).game) == {"minatar/one"}
    assert set(minatar_agents.of_games(scores, ["minatar/one", "other/two"]).game) == {"minatar/one", "other/two"}
    with pytest.raises(ValueError, match="--games: no row of minatar/three; there are minatar/one, other/two"):
        minatar_agents.of_games(scores, ["one", "three"])


def test_a_score_by_todays_rule_takes_the_place_of_the_older():
    scores = made_up()
    again = scores[scores.agent == "other"].assign(score=7.0, revision="again")
    chosen = minatar_agents.of_suites(pd.concat([scores, again]), ["ours_suite", "other_suite", "again"])
    assert len(chosen) == len(scores)
    assert set(chosen[chosen.agent == "other"].score) == {7.0}
    assert set(chosen[chosen.agent == "ours"].revision) == set(scores[scores.agent == "ours"].revision)


def test_one_seed_has_a_mean_and_no_error(monkeypatch):
    scores = made_up()
    scores = scores[scores.seed == 0]
    table = minatar_agents.over_seeds(scores)
    assert "| ours | 2.0 | 8.0 | 8.0 | 1 |" in minatar_agents.game_table(table, scores, "one")
    monkeypatch.setattr(minatar_agents, "SUBJECT", "ours")
    lines = minatar_agents.mean_table(table, ["one", "two"])
    # The best are 8 and 4. The other agent has 1 and 2 of them at first, 4 and 4 at last; ours 2 and 0, 8 and 1.
    assert "| other | 0.31 | 0.75 |" in lines
    assert lines[-1] == "- other: -0.19, -0.12"


def test_difference_and_its_error(monkeypatch):
    monkeypatch.setattr(minatar_agents, "SUBJECT", "ours")
    lines = minatar_agents.mean_table(minatar_agents.over_seeds(made_up()), ["one", "two"])
    assert lines[-1] == "- other: -0.20 ± 0.00, -0.12 ± 0.11"


def test_without_another_agent_nothing_is_compared(monkeypatch):
    monkeypatch.setattr(minatar_agents, "SUBJECT", "ours")
    scores = made_up()
    lines = minatar_agents.mean_table(minatar_agents.over_seeds(scores[scores.agent == "ours"]), ["one", "two"])
    assert lines[-1] == "No other agent has played one, two."


def test_what_is_analysed_the_pipeline_has_scored_in_every_game_of_the_subject(monkeypatch):
    monkeypatch.setattr(minatar_agents, "SUBJECT", "ours")
    scores = made_up()
    partial = scores[(scores.agent == "other") & (scores.game == "one")].assign(agent="partial")
    third = scores[(scores.agent == "other") & (scores.game == "one")].assign(game="three")
    again = scores[scores.agent == "other"].assign(agent="again_only", revision="again")
    chosen, left_out = minatar_agents.for_analysis(pd.concat([partial, third, again, scores[::-1]]))
    assert list(dict.fromkeys(chosen.agent)) == ["ours", "other"]
    assert left_out == ["again_only", "partial"]
    assert sorted(chosen.score) == sorted(scores.score)


def test_without_the_subject_there_is_no_analysis(monkeypatch):
    monkeypatch.setattr(minatar_agents, "SUBJECT", "ours")
    scores = made_up()
    without = scores.assign(revision=scores.revision.where(scores.agent != "ours", "again"))
    with pytest.raises(ValueError, match="--analysis: the pipeline scored no ours in these suites and games"):
        minatar_agents.for_analysis(without)


def test_a_folder_that_cannot_be_is_refused_before_anything_is_printed(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setattr("sys.argv", ["minatar_agents.py", "--analysis", str(tmp_path / "file" / "folder")])
    with pytest.raises(SystemExit):
        minatar_agents.main()
    printed = capsys.readouterr()
    assert printed.out == "" and "--analysis: " in printed.err and "is a file" in printed.err
