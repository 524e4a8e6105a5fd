"""The best parameters in conf/: where they take effect, with the comments kept, or not at all."""

import shutil

import pytest
import yaml
from experiments.checkouts import ROOT

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.composition import composed, composed_text
from efficientzero.experiments.sweep.apply import apply_best
from efficientzero.experiments.sweep.definition import load_sweep

LEARNING_RATE = "agent.dqn.learning.learning_rate"


@pytest.fixture
def repository(tmp_path):
    for name in ("conf", "plugins"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "params.yaml", tmp_path)
    return tmp_path


def lines_that_differ(old, new):
    before, after = old.splitlines(), new.splitlines()
    return [line for line in after if line not in before]


def test_a_default_profile_has_it_in_the_agents_own_file(repository):
    sweep = load_sweep("minatar_dqn", repository)
    file = repository / "conf/agent/dqn.yaml"
    text = file.read_text()
    files, changes = apply_best({LEARNING_RATE: 0.002, "agent.dqn.learning.td_steps": 4}, sweep, repository)
    assert lines_that_differ(text, file.read_text()) == ["  td_steps: 4", "  learning_rate: 0.002"]
    assert files == [repository / "params.yaml", file]
    assert (repository / "params.yaml").read_text() == composed_text({}, repository)
    assert yaml.safe_load((repository / "params.yaml").read_text())["agent"]["dqn"]["learning"]["td_steps"] == 4
    assert "profile laptop: agent.dqn.learning.td_steps 3 -> 4" in changes
    assert "profile atari100k: agent.dqn.learning.td_steps 20 -> 4" in changes  # it inherits, and is told


def test_comments_stay(repository):
    sweep = load_sweep("efficientzero", repository)
    file = repository / "conf/agent/efficientzero.yaml"
    text = file.read_text()
    apply_best({"agent.efficientzero.learning.batch_size": 128}, sweep, repository)
    changed = lines_that_differ(text, file.read_text())
    assert len(changed) == 1 and changed[0].strip().startswith("batch_size: 128")
    assert text.count("#") == file.read_text().count("#")


def test_another_profile_than_the_default_is_changed_alone(repository):
    sweep = load_sweep("smoke", repository)
    before = (repository / "params.yaml").read_text()
    files, changes = apply_best({LEARNING_RATE: 0.01, "agent.dqn.multi_step": True}, sweep, repository)
    assert files == [repository / "conf/profile/smoke.yaml"]
    assert changes and all(line.startswith("profile smoke: ") for line in changes)
    assert composed({"profile": "smoke"}, repository)["agent"]["dqn"]["learning"]["learning_rate"] == 0.01
    assert (repository / "params.yaml").read_text() == before


def test_an_agent_that_derives_from_it_is_told(repository):
    sweep = load_sweep("efficientzero", repository)
    _, changes = apply_best({"agent.efficientzero.search.simulations": 9}, sweep, repository)
    assert "profile laptop: agent.muzero_reanalyze.search.simulations 16 -> 9" in changes


def test_what_is_impossible_changes_nothing(repository):
    sweep = load_sweep("efficientzero", repository)
    before = {path: path.read_text() for path in repository.rglob("*.yaml")}
    with pytest.raises(ExperimentError, match="nothing is changed"):
        apply_best({"agent.efficientzero.search.simulations": 2}, sweep, repository)  # considered_actions is more
    assert before == {path: path.read_text() for path in repository.rglob("*.yaml")}


def test_again_there_is_nothing_to_change(repository):
    sweep = load_sweep("minatar_dqn", repository)
    apply_best({LEARNING_RATE: 0.002}, sweep, repository)
    assert apply_best({LEARNING_RATE: 0.002}, sweep, repository) == ([], [])
