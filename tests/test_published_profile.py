"""The paper's setting, with its network, optimiser, search and precision; only the amounts are small."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from dvc.utils.hydra import compose_and_dump
from runs import Counted

from efficientzero.evaluation import evaluate, evaluation_environments
from efficientzero.parameters import check
from efficientzero.records.paths import RunIdentity
from efficientzero.running.loop import finish, reanalyze, train, warm_up
from efficientzero.running.run import new_run

ROOT = Path(__file__).parents[1]
SMALL = [
    "profile=atari100k",
    "game=Pong",
    "device=cpu",
    "envs.count=2",
    "warmup_env_steps=16",
    "milestones.first=20",
    "milestones.env_steps=20",
    "agent.efficientzero.search.simulations=6",
    "agent.efficientzero.learning.batch_size=4",
    "agent.efficientzero.learning.updates_per_env_step=0.2",
    "agent.model_free_muzero.learning.updates_per_env_step=0.2",
    "agent.ppo.rollout_steps=5",
    "evaluation.episodes=2",
    "evaluation.max_env_steps=4",
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "updates"),
    [
        ("efficientzero", 5),
        pytest.param("muzero_reanalyze", 5, marks=pytest.mark.long),  # EfficientZero's code and network, less of it
        pytest.param("model_free_muzero", 5, marks=pytest.mark.long),
        ("rainbow", 24),
        ("dqn", 24),
        ("ppo", 2),
    ],
)
def test_it_plays_learns_is_finished_and_scored(tmp_path, name, updates):
    composed = tmp_path / "params.yaml"
    compose_and_dump(composed, str(ROOT / "conf"), None, "config", str(ROOT / "plugins"), SMALL)
    parameters = check(yaml.safe_load(composed.read_text()))
    run = new_run(RunIdentity(parameters, name, 0))
    before = {key: array.copy() for key, array in run.agent.network_state().items()}
    warm_up(run, 16, parameters.envs, Counted())
    train(run, 20, parameters.envs, Counted(), lambda run: None)
    reanalyze(run, Counted())
    finish(run, parameters.finishing, Counted(), lambda run: None)
    assert run.memory.recording.frames.shape == (10, 2, 3, 96, 96) and run.agent.updates == updates
    after = run.agent.network_state()
    assert any(not np.array_equal(before[key], after[key]) for key in before)
    assert all(np.isfinite(array).all() for array in after.values())
    environments = evaluation_environments(parameters)
    score = evaluate(run.agent, environments, parameters.evaluation, Counted(), seed=0, env_steps=20)
    assert [episode.env_steps for episode in score.episodes] == [4, 4]
