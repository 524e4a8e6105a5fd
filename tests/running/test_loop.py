import numpy as np
import pytest
from runs import Counted, files, never, started, trained_in_parts
from tiny import tiny

from efficientzero.records.paths import RunIdentity
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED
from efficientzero.running.loop import finish, finishing_updates, reanalyze, train, warm_up
from efficientzero.running.run import load_run, new_run, save_run

AGENTS = {  # updates due at 80 env steps of `tiny`, and those of the finishing branch
    "efficientzero": (20, 4),
    "muzero_reanalyze": (20, 4),
    "model_free_muzero": (20, 4),
    "rainbow": (80, 16),
    "rainbow_classic": (20, 4),
    "dqn": (160, 32),
    "ppo": (4, 1),
    "random": (0, 0),
}


def test_all_agents_are_here():
    assert AGENTS.keys() == tiny().agent.keys()


@pytest.mark.parametrize("name", AGENTS)
def test_budgets_and_updates_are_exact_and_the_same_for_all_agents(name):
    parameters = tiny()
    run = started(parameters, name)
    assert run.env_steps == 40 == run.environments.env_steps and run.agent.updates == run.agent.flops == 0
    progress = Counted()
    train(run, 80, parameters.envs, progress, never)
    assert run.env_steps == 80 == run.environments.env_steps == len(run.memory.estimates) and progress.units == 40
    assert run.environments.frames == 80 * run.environments.frame_skip
    updates, finishing = AGENTS[name]
    assert run.agent.updates == updates
    reanalyze(run, Counted())
    finish(run, parameters.finishing, Counted(), never)
    assert run.env_steps == 80 == run.environments.env_steps  # no new frames
    assert finishing_updates(run.agent, 80, parameters.finishing) == finishing
    assert run.agent.updates == updates + finishing
    assert (run.agent.flops > 0) == (run.agent.weight_count > 0) == (name != "random")


def test_finishing_decays_the_learning_rate_linearly():
    parameters = tiny()
    run = started(parameters)
    train(run, 160, parameters.envs, Counted(), never)
    rates = []
    learn = run.agent.learn
    run.agent.learn = lambda memory, learning_rate_factor, finishing: (
        rates.append(learning_rate_factor),
        learn(memory, learning_rate_factor=learning_rate_factor, finishing=finishing),
    )[1]
    reanalyze(run, Counted())
    finish(run, parameters.finishing, Counted(), never)
    np.testing.assert_allclose(rates, 1.0 - 0.9 * np.arange(8) / 8)


@pytest.mark.parametrize("name", ["efficientzero", "model_free_muzero", "rainbow", "ppo"])
def test_straight_through_extended_and_interrupted_runs_are_the_same_bytes(tmp_path, name):
    parameters = tiny(envs__repeated_actions__probability=0 if name == "ppo" else 0.2)
    straight = started(parameters, name)
    save_run(straight, tmp_path / "0", None)
    train(straight, 80, parameters.envs, Counted(), never)
    save_run(straight, tmp_path / "80", tmp_path / "0")
    train(straight, 160, parameters.envs, Counted(), never)
    save_run(straight, tmp_path / "160", tmp_path / "80")

    extended = load_run(RunIdentity(parameters, name, 0), tmp_path / "80")
    train(extended, 160, parameters.envs, Counted(), never)
    save_run(extended, tmp_path / "extended", tmp_path / "80")
    assert files(tmp_path / "extended") == files(tmp_path / "160")

    # Left and picked up at many places, at updates and at env steps alike.
    run, steps = trained_in_parts(
        load_run(RunIdentity(parameters, name, 0), tmp_path / "80"), parameters, 160, tmp_path, every=7
    )
    assert steps >= 3
    save_run(run, tmp_path / "resumed", tmp_path / "80")
    assert files(tmp_path / "resumed") == files(tmp_path / "160")
    # A longer run repeats the recording's files.
    for name, content in files(tmp_path / "80" / "recording").items():
        assert files(tmp_path / "160" / "recording")[name] == content


def test_another_seed_is_another_run(tmp_path):
    for seed in (0, 1):
        run = started(tiny(), seed=seed)
        save_run(run, tmp_path / str(seed), None)
    one, other = files(tmp_path / "0"), files(tmp_path / "1")
    assert all(one[name] != other[name] for name in one if name.startswith(("recording", "agent")))


def test_what_is_recorded_is_what_the_agent_learns_from():
    """Signs of rewards, terminations and lost lives as endings, truncations told apart; whole games in the log."""

    class Step:
        observation = np.zeros((4, 4, 10, 10), np.uint8)
        reward = np.array([7.0, -3.0, 0.0, 0.5], np.float32)
        terminated = np.array([True, False, False, False])
        truncated = np.array([False, True, False, False])
        life_lost = np.array([False, False, True, False])

    for life_loss_ends in (True, False):
        parameters = tiny(envs__terminal_on_life_loss=life_loss_ends, envs__clip_rewards=life_loss_ends)
        run = new_run(RunIdentity(parameters, "random", 0))
        run.environments.step = lambda actions: Step()
        warm_up(run, 4, parameters.envs, Counted())
        ending = TERMINATED if life_loss_ends else ONGOING
        assert run.memory.recording.endings[0].tolist() == [TERMINATED, TRUNCATED, ending, ONGOING]
        assert run.memory.recording.rewards[0].tolist() == ([1, -1, 0, 1] if life_loss_ends else [7.0, -3.0, 0.0, 0.5])
        assert [(row["return"], row["truncated"]) for row in run.episodes] == [(7.0, 0), (-3.0, 1)]


def test_repeated_actions_are_what_is_done_and_recorded():
    parameters = tiny(envs__repeated_actions__probability=0.5, envs__repeated_actions__longest_env_steps=40)
    run, played = new_run(RunIdentity(parameters, "random", 0)), []
    step = run.environments.step
    run.environments.step = lambda actions: played.append(actions) or step(actions)
    warm_up(run, 400, parameters.envs, Counted())
    recorded = run.memory.recording.actions[:100]
    np.testing.assert_array_equal(played, recorded)
    again = (recorded[1:] == recorded[:-1]).mean()
    assert again > 0.5  # of six actions at random, a sixth


def test_no_repetition_outlasts_its_game():
    parameters = tiny(envs__repeated_actions__probability=1, envs__repeated_actions__duration_exponent=1.1)
    run, ended = new_run(RunIdentity(parameters, "random", 0)), 0
    step = run.environments.step

    def watched(actions):
        nonlocal ended
        result = step(actions)
        ended += int((result.terminated | result.truncated).sum())
        run.last = result.terminated | result.truncated
        return result

    run.environments.step = watched
    for env_steps in range(4, 400, 4):
        warm_up(run, env_steps, parameters.envs, Counted())
        assert not run.repetition.remaining[run.last].any()
    assert ended > 10
