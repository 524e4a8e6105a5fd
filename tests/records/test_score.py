"""A score file is read as it is written, and refused clearly where it is wrong."""

import json
import math

import numpy as np
import pytest
from score_files import score_content
from tiny import tiny

from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunIdentity
from efficientzero.records.score import Episode, ScoreRecord


@pytest.fixture
def path(tmp_path):
    (tmp_path / "scores").mkdir()
    return tmp_path / "scores" / "750.json"


def test_a_score_names_everything_it_depends_on(path):
    identity = RunIdentity(tiny(), "dqn", 3)
    episodes = [
        Episode(seed=number, game_return=value, env_steps=9, truncated=False) for number, value in enumerate((0.1, 0.2))
    ]
    score = ScoreRecord.of(identity, episodes, env_steps=160, frame_skip=1, updates=5, parameters=7, training_flops=11)
    score.write(path)
    assert ScoreRecord.read(path) == score and list(json.loads(path.read_text())) == list(score_content())
    assert json.loads(path.read_text()) == score_content(
        "dqn", 3, 160, (0.1, 0.2), game="minatar/breakout", frame_skip=1, updates=5, parameters=7, training_flops=11,
        max_env_steps=60, sample_actions=identity.parameters.evaluation.sample_actions,
        mean_return=float(np.mean([0.1, 0.2])),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"schema_version": 3}, "schema version 3 and this program reads 2"),
        ({"training_flops": -1}, "training_flops: "),
        ({"training_flops": 1.5}, "training_flops: "),
        ({"schema_version": "2"}, "schema_version: "),
        ({"mean_return": 7.0}, "mean_return is 7.0 and the mean over the episodes 2.0"),
        ({"frames": 750}, "750 frames are not 750 env steps of 4 frames"),
        ({"episodes": []}, "episodes: "),
        ({"mean_return": math.nan}, "mean_return: "),
        ({"seed": "0"}, "seed: "),
        ({"novel": 1}, "novel: "),
    ],
)
def test_a_damaged_file_is_named(path, changes, words):
    path.write_text(json.dumps(score_content(**changes)))
    with pytest.raises(RecordError) as caught:
        ScoreRecord.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value) and "dvc repro" in str(caught.value)


def test_a_file_of_the_first_version_is_refused_for_its_version(path):
    content = score_content() | {"schema_version": 1}
    del content["training_flops"]
    path.write_text(json.dumps(content))
    with pytest.raises(RecordError, match="schema version 1 and this program reads 2; evaluate again"):
        ScoreRecord.read(path)


def test_half_a_file_and_no_file(path, tmp_path):
    path.write_text(json.dumps(score_content())[:100])
    with pytest.raises(RecordError, match="damaged"):
        ScoreRecord.read(path)
    with pytest.raises(RecordError, match="is missing"):
        ScoreRecord.read(tmp_path / "none.json")
