"""An average of the learned weights acts, makes targets and is saved; without one it is the learned network itself."""

import numpy as np
import pytest
import torch
from runs import Counted, never, same_in_parts, started
from tiny import tiny

from efficientzero.running.loop import finish, reanalyze
from efficientzero.running.run import load_finished, save_finished

AGENTS = ["efficientzero", "muzero_reanalyze", "model_free_muzero", "rainbow", "dqn"]
DECAY = 0.8


def averaged(name, decay=DECAY, **learning):
    changes = {"average_decay": decay, "updates_per_env_step": 0.2, **learning}
    return tiny(**{f"agent__{name}__learning__{key}": value for key, value in changes.items()})


def weights(network):
    return {name: array.detach().clone() for name, array in network.named_parameters()}


@pytest.mark.parametrize("name", AGENTS)
def test_it_is_the_mean_at_first_and_then_forgets_by_its_decay(name):
    run = started(averaged(name, target_network_interval=7), name)
    agent = run.agent
    learned, expected = [], None
    for update in range(14):
        agent.learn(run.memory)
        learned.append(weights(agent.learned_network))
        share = max(1 - DECAY, 1 / (update + 1))
        expected = {
            key: value.clone() if expected is None else torch.lerp(expected[key], value, share)
            for key, value in learned[-1].items()
        }
        for key, value in weights(agent.network).items():
            torch.testing.assert_close(value, expected[key], rtol=1e-4, atol=1e-6)
        if update == 4:  # a span of five updates begins
            for key, value in weights(agent.network).items():
                torch.testing.assert_close(value, sum(each[key] for each in learned) / 5, rtol=1e-4, atol=1e-6)
    apart = weights(agent.network)
    assert any(not torch.allclose(apart[key], value, atol=1e-5) for key, value in learned[-1].items())
    assert all(torch.equal(apart[key], value) for key, value in weights(agent.target_network).items())


@pytest.mark.parametrize("name", AGENTS)
def test_the_average_acts_and_never_learns(name):
    run = started(averaged(name), name)
    agent = run.agent
    for _ in range(3):
        agent.learn(run.memory)
    assert all(agent.acting_network(mode) is agent.network for mode in ("training", "best", "sampled"))
    assert not any(weight.requires_grad for weight in agent.network.parameters())
    assert {id(weight) for group in agent.optimizer.param_groups for weight in group["params"]} == {
        id(weight) for weight in agent.learned_network.parameters()
    }
    stacks = run.memory.recording.newest_stacks(run.frames)

    def values():
        return agent.act(stacks, np.random.default_rng(0), env_steps=10**6, mode="best").value

    before = values()
    with torch.no_grad():
        for weight in agent.learned_network.parameters():
            weight.add_(1.0)
    assert (values() == before).all()
    with torch.no_grad():
        for weight in agent.network.parameters():
            weight.add_(0.1)
    assert not (values() == before).all()


def test_it_takes_the_statistics_of_batch_normalisation_as_they_are():
    run = started(tiny(agent__efficientzero__network__normalisation="batch",
                       agent__efficientzero__learning__average_decay=DECAY))  # fmt: skip
    for _ in range(3):
        run.agent.learn(run.memory)
    pairs = list(zip(run.agent.network.named_buffers(), run.agent.learned_network.named_buffers(), strict=True))
    assert pairs and all(torch.equal(mine, its) for (_, mine), (_, its) in pairs)


def test_new_heads_are_those_of_both():
    run = started(averaged("efficientzero", head_resets__first_env_steps=10, head_resets__hold_updates=2))
    agent = run.agent
    for _ in range(4):
        agent.learn(run.memory)
    agent._reset_heads()
    same, apart = set(), set()
    for (name, mine), (_, its) in zip(
        agent.network.named_parameters(), agent.learned_network.named_parameters(), strict=True
    ):
        (same if torch.equal(mine, its) else apart).add(name.split(".")[0])
    assert apart
    assert {name for name in agent.network.HEADS if getattr(agent.network, name) is not None} <= same - apart


@pytest.mark.parametrize("name", ["efficientzero", "rainbow"])
def test_a_run_in_parts_has_the_same_bytes_and_what_is_finished_is_the_average(tmp_path, name):
    parameters = averaged(name)
    run = same_in_parts(parameters, name, tmp_path)
    agent, learn, expected = run.agent, run.agent.learn, weights(run.agent.network)

    def watched(memory, **how):
        metrics = learn(memory, **how)
        for key, value in weights(agent.learned_network).items():
            expected[key].lerp_(value, 1 - DECAY)
        return metrics

    agent.learn = watched
    reanalyze(run, Counted())
    finish(run, parameters.finishing, Counted(), never)
    save_finished(run, tmp_path / "finished")
    loaded, _ = load_finished(run.identity, tmp_path / "finished", run.environments)
    learned = weights(agent.learned_network)
    for key, value in weights(loaded.network).items():
        torch.testing.assert_close(value, expected[key], rtol=1e-4, atol=1e-6)
    assert any(not torch.allclose(expected[key], value, atol=1e-5) for key, value in learned.items())


def test_without_it_there_is_one_network_and_what_was_saved_with_it_is_refused():
    one = started(averaged("efficientzero", decay=0.0)).agent
    assert one.learned_network is one.network and not [name for name in one.state() if name.startswith("learned")]
    with pytest.raises(ValueError, match="unknown learned_network"):
        one.restore(started(averaged("efficientzero")).agent.state())
    with pytest.raises(ValueError, match="lacks learned_network"):
        started(averaged("efficientzero")).agent.restore(one.state())
