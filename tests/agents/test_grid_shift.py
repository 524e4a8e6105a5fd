"""What policy and values see of an object grid is shifted in the pass that is learned from, and in no other."""

import pytest
import torch
from runs import Counted, never, started
from tiny import tiny

from efficientzero.networks.heads import ShiftedCells
from efficientzero.running.loop import train

# How many layers of a network shift: policy and value; action values alone.
AGENTS = {"efficientzero": 2, "muzero_reanalyze": 2, "model_free_muzero": 1, "rainbow": 1, "dqn": 1}


def shifting(network):
    return [module for module in network.modules() if isinstance(module, ShiftedCells) and module.shift]


@pytest.mark.parametrize("name", AGENTS)
def test_only_what_is_learned_from_is_shifted_before_policy_and_values(name):
    parameters = tiny(**{f"agent__{name}__learning__grid_shift": 2})
    run = started(parameters, name)
    middle, passes = [], []

    def look(layer, inputs, output):
        (features,) = inputs
        height, width = features.shape[2:]
        canvas = output.detach().unflatten(1, (-1, height + 4, width + 4))
        still = torch.equal(canvas[:, :, 2 : 2 + height, 2 : 2 + width], features)
        (passes if torch.is_grad_enabled() else middle).append(still)

    layers = shifting(run.agent.network) + shifting(run.agent.target_network)
    assert [layer.shift for layer in layers] == [2] * 2 * AGENTS[name]
    for layer in layers:
        layer.register_forward_hook(look)
    train(run, 120, parameters.envs, Counted(), never)
    assert middle and all(middle)
    assert passes and not any(passes)
