import itertools

import numpy as np
import pytest
import torch
from torch import nn

from efficientzero.agents.rainbow import ValueNetwork
from efficientzero.networks import Convolutions, NoisyLinear, resample_noise, silence_noise

ACTIONS, HIDDEN = 5, 24
KINDS = list(itertools.product([1, 7], [True, False], [True, False]))


def network(outputs=7, dueling=True, noisy=True, initial_noise=0.5):
    torch.manual_seed(0)
    convolutions = Convolutions((4, 10, 10), [[8, 3, 1]])
    return ValueNetwork(
        convolutions,
        ACTIONS,
        hidden=HIDDEN,
        outputs=outputs,
        dueling=dueling,
        noisy=noisy,
        initial_noise=initial_noise,
    )


def observations(batch=3):
    return torch.rand(batch, 4, 10, 10)


def linears(module):
    return [layer for layer in module.modules() if isinstance(layer, (nn.Linear, NoisyLinear))]


def weights(layer):
    return (layer.weight, layer.bias) if isinstance(layer, nn.Linear) else (layer.weight_mean, layer.bias_mean)


def stream_by_hand(stream, features):
    (first, first_bias), (last, last_bias) = map(weights, linears(stream))
    return (features @ first.T + first_bias).clamp(min=0.0) @ last.T + last_bias


@pytest.mark.parametrize(("outputs", "dueling", "noisy"), KINDS)
def test_it_equals_a_computation_by_hand(outputs, dueling, noisy):
    one = network(outputs, dueling, noisy)
    observation = observations()
    with torch.no_grad():
        found = one(observation)
        features = one.convolutions(observation)
        advantage = stream_by_hand(one.action_stream, features)
        value = stream_by_hand(one.state_stream, features) if dueling else None
    assert found.shape == (3, ACTIONS, outputs) and found.dtype == torch.float32
    for row, action, output in itertools.product(range(3), range(ACTIONS), range(outputs)):
        expected = advantage[row, action * outputs + output]
        if dueling:
            mean = sum(advantage[row, other * outputs + output] for other in range(ACTIONS)) / ACTIONS
            expected = value[row, output] + expected - mean
        torch.testing.assert_close(found[row, action, output], expected)


@pytest.mark.parametrize(("outputs", "dueling", "noisy"), KINDS)
def test_the_linear_layers_have_their_widths_and_kind(outputs, dueling, noisy):
    one = network(outputs, dueling, noisy)
    features = 8 * 8 * 8
    widths = {(features, HIDDEN), (HIDDEN, ACTIONS * outputs)} | ({(HIDDEN, outputs)} if dueling else set())
    layers = linears(one)
    assert {tuple(reversed(weights(layer)[0].shape)) for layer in layers} == widths
    assert len(layers) == (4 if dueling else 2)
    assert {type(layer) for layer in layers} == {NoisyLinear if noisy else nn.Linear}
    per_stream = [features * HIDDEN + HIDDEN + (HIDDEN + 1) * ACTIONS * outputs]
    per_stream += [features * HIDDEN + HIDDEN + (HIDDEN + 1) * outputs] if dueling else []
    expected = (4 * 9 + 1) * 8 + sum(per_stream) * (2 if noisy else 1)
    assert sum(parameter.numel() for parameter in one.parameters()) == expected


def test_a_constant_added_to_all_advantages_changes_nothing():
    one = network(outputs=7, noisy=False)
    observation = observations()
    with torch.no_grad():
        before = one(observation)
        last = linears(one.action_stream)[-1]
        last.bias += torch.randn(7).repeat(ACTIONS)  # another constant for every atom, the same for every action
        torch.testing.assert_close(one(observation), before, rtol=1e-4, atol=1e-5)
        last.bias[0] += 1.0
        assert (one(observation) - before).abs().max() > 0.5


def test_the_mean_over_actions_is_the_value_of_the_state():
    one = network(outputs=7, noisy=False)
    observation = observations()
    with torch.no_grad():
        value = one.state_stream(one.convolutions(observation))
        torch.testing.assert_close(one(observation).mean(dim=1, keepdim=True), value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dueling", [True, False])
def test_noise_changes_the_values_until_it_is_silenced(dueling):
    one = network(dueling=dueling)
    observation = observations()
    with torch.no_grad():
        mean = one(observation)
        resample_noise(one, np.random.default_rng(0))
        noisy = one(observation)
        assert (noisy - mean).abs().max() > 1e-3
        assert torch.equal(one(observation), noisy)
        resample_noise(one, np.random.default_rng(1))
        assert not torch.equal(one(observation), noisy)
        silence_noise(one)
        assert torch.equal(one(observation), mean)
    assert not any("input_noise" in name or "output_noise" in name for name in one.state_dict())


def test_the_initial_noise_is_passed_on():
    for layer in linears(network(initial_noise=0.1)):
        inputs = layer.weight_noise.shape[1]
        torch.testing.assert_close(layer.weight_noise, torch.full_like(layer.weight_noise, 0.1 / inputs**0.5))


@pytest.mark.parametrize(("outputs", "dueling", "noisy"), KINDS)
def test_gradients_reach_every_parameter(outputs, dueling, noisy):
    one = network(outputs, dueling, noisy)
    resample_noise(one, np.random.default_rng(0))
    (one(observations()) ** 2).sum().backward()
    for name, parameter in one.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


@pytest.mark.parametrize("dueling", [True, False])
@pytest.mark.parametrize("noisy", [True, False])
def test_bytes_are_taken_and_float32_comes_out_under_autocast(dueling, noisy):
    one = network(dueling=dueling, noisy=noisy)
    resample_noise(one, np.random.default_rng(0))
    observation = torch.randint(0, 256, (2, 4, 10, 10), dtype=torch.uint8)
    with torch.no_grad():
        exact = one(observation)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rounded = one(observation)
    assert rounded.dtype == torch.float32
    assert not torch.equal(exact, rounded)
    torch.testing.assert_close(rounded, exact, rtol=0.1, atol=0.1)
