"""Heads begin anew at an env step and when that number has doubled; the old ones act while the new ones learn."""

import numpy as np
import pytest
import torch
from runs import Counted, never, same_in_parts, started
from tiny import tiny

from efficientzero.running.loop import finish, reanalyze, train

AGENTS = ["efficientzero", "muzero_reanalyze", "model_free_muzero", "rainbow", "dqn"]
STILL = 1e-12  # a learning rate at which weights stand still, but for what begins anew


def with_resets(name, first=80, hold=6, **learning):
    resets = {"head_resets__first_env_steps": first, "head_resets__hold_updates": hold}
    changes = {"updates_per_env_step": 0.2, **resets, **learning}  # few updates tell as much
    return tiny(**{f"agent__{name}__learning__{key}": value for key, value in changes.items()})


def weights(network):
    return {name: array.detach().clone() for name, array in network.named_parameters()}


def heads(network):
    return {name for name in network.HEADS if getattr(network, name) is not None}


def changed(one, other):
    """The children of the network in which any weight differs by more than no learning explains."""
    return {name.split(".")[0] for name in one if not torch.allclose(one[name].float(), other[name].float(), atol=1e-6)}


@pytest.mark.parametrize("name", AGENTS)
def test_heads_alone_begin_anew_and_without_moments_at_each_doubling(name):
    parameters = with_resets(name, learning_rate=STILL, weight_decay=0)
    run = started(parameters, name)
    learn, resets = run.agent.learn, []

    def watched(memory, **how):
        before = weights(run.agent.network)
        metrics = learn(memory, **how)
        after = weights(run.agent.network)
        if changed(before, after):
            resets.append(run.agent.updates - 1)
            anew = heads(run.agent.network)
            assert changed(before, after) == anew
            steps = {
                weight_name.split(".")[0]: int(run.agent.optimizer.state[weight]["step"])
                for weight_name, weight in run.agent.network.named_parameters()
            }
            assert all(steps[child] == (1 if child in anew else run.agent.updates) for child in steps)
        return metrics

    run.agent.learn = watched
    train(run, 330, parameters.envs, Counted(), never)
    assert resets == [run.agent.updates_due(env_steps) for env_steps in (80, 160, 320)]


@pytest.mark.parametrize("name", AGENTS)
def test_no_two_resets_draw_the_same_weights(name):
    agent = started(with_resets(name), name).agent
    drawn = [weights(agent.network)]
    for updates in (3, 6):
        agent.updates = updates
        agent._reset_heads()
        drawn.append(weights(agent.network))
    differences = [changed(drawn[one], drawn[other]) for one, other in ((0, 1), (1, 2), (0, 2))]
    assert differences == [heads(agent.network)] * 3


@pytest.mark.parametrize("name", AGENTS)
def test_the_old_network_acts_and_is_the_target_until_the_hold_is_over(name):
    parameters = with_resets(name, target_network_interval=1)
    run = started(parameters, name)
    agent = run.agent
    first = agent.updates_due(80)
    while agent.updates < first:
        agent.learn(run.memory)
        assert agent.acting_network("training") is agent.network
    old = weights(agent.network)
    for _ in range(6):
        agent.learn(run.memory)
        assert agent.acting_network("training") is agent.target_network
        assert agent.acting_network("best") is agent.acting_network("sampled") is agent.network
        assert all(torch.equal(old[key], value) for key, value in weights(agent.target_network).items())
    agent.learn(run.memory)
    assert agent.acting_network("training") is agent.network
    assert not changed(weights(agent.network), weights(agent.target_network))


def test_acting_in_training_is_by_the_old_heads():
    parameters = with_resets("dqn")
    run = started(parameters, "dqn")
    agent = run.agent
    while agent.updates <= agent.updates_due(80):
        agent.learn(run.memory)
    stacks = run.memory.recording.newest_stacks(run.frames)
    with torch.no_grad():
        agent.target_network.action_stream[2].weight.zero_()
        agent.target_network.action_stream[2].bias.copy_(torch.tensor([0.0, 1.0] + [0.0] * (agent.actions - 2)))
    decision = agent.act(stacks, np.random.default_rng(0), env_steps=10**6, mode="training")
    assert (decision.value == 1.0).all() and (decision.policy.argmax(axis=1) == 1).all()
    assert not (agent.act(stacks, np.random.default_rng(0), env_steps=10**6, mode="best").value == 1.0).any()


@pytest.mark.parametrize("name", ["efficientzero", "rainbow"])
def test_the_finishing_branch_begins_nothing_anew(name):
    parameters = with_resets(name, first=100, learning_rate=STILL, weight_decay=0, target_network_interval=1)
    run = started(parameters, name)
    train(run, 96, parameters.envs, Counted(), never)
    before, due = weights(run.agent.network), run.agent.updates_due(100)
    reanalyze(run, Counted())
    finish(run, parameters.finishing, Counted(), never)
    assert run.agent.updates > due
    assert not changed(before, weights(run.agent.network))
    assert all(
        torch.equal(one, other)
        for one, other in zip(run.agent.network.parameters(), run.agent.target_network.parameters(), strict=True)
    )


@pytest.mark.parametrize("name", ["efficientzero", "rainbow"])
def test_a_run_left_among_new_heads_goes_on_with_the_same_bytes(tmp_path, name):
    same_in_parts(with_resets(name), name, tmp_path)


def test_without_them_nothing_begins_anew():
    agent = started(with_resets("efficientzero", first=None)).agent
    agent.updates = 10**6
    assert agent._last_reset() is None and not agent._relearning()
