import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from efficientzero.networks import NoisyLinear, resample_noise, silence_noise
from efficientzero.networks.noisy import SMALL_BATCH

BATCHES = [1, SMALL_BATCH, SMALL_BATCH + 1, 32]  # small ones and large ones are computed in different ways


def layer(inputs=12, outputs=7, initial_noise=0.5):
    torch.manual_seed(0)
    return NoisyLinear(inputs, outputs, initial_noise)


def uneven(noisy):
    """Noise scales that differ from entry to entry, so that a wrong order of the noise shows."""
    with torch.no_grad():
        noisy.weight_noise.uniform_(-1.0, 1.0)
        noisy.bias_noise.uniform_(-1.0, 1.0)
    return noisy


def random(seed=0):
    return np.random.default_rng(seed)


def test_it_starts_as_in_the_paper():
    noisy = layer(400, 100, 0.3)
    for mean in (noisy.weight_mean, noisy.bias_mean):
        assert mean.abs().max() <= 1 / 20
        assert mean.min() < -0.045 and mean.max() > 0.045
    assert noisy.weight_mean.std().item() == pytest.approx(1 / 20 / 3**0.5, rel=0.02)
    for scale, shape in ((noisy.weight_noise, (100, 400)), (noisy.bias_noise, (100,))):
        assert torch.equal(scale, torch.full(shape, 0.3 / 20))


@pytest.mark.parametrize("batch", BATCHES)
def test_the_output_is_that_of_the_noisy_weights(batch):
    noisy = uneven(layer())
    noisy.resample(random())
    features = torch.randn(batch, 12)
    expected = torch.empty(batch, 7)
    for row in range(batch):
        for output in range(7):
            total = noisy.bias_mean[output] + noisy.bias_noise[output] * noisy.output_noise[output]
            for i in range(12):
                noise = noisy.weight_noise[output, i] * noisy.output_noise[output] * noisy.input_noise[i]
                total = total + (noisy.weight_mean[output, i] + noise) * features[row, i]
            expected[row, output] = total.detach()
    torch.testing.assert_close(noisy(features), expected)


@pytest.mark.parametrize("batch", BATCHES)
def test_outputs_and_gradients_agree_with_torchrl(batch):
    modules = pytest.importorskip("torchrl.modules")
    from torchrl.envs.utils import ExplorationType, set_exploration_type

    noisy = uneven(layer())
    noisy.resample(random())
    other = modules.NoisyLinear(12, 7)
    with torch.no_grad():
        other.weight_mu.copy_(noisy.weight_mean)
        other.weight_sigma.copy_(noisy.weight_noise)
        other.bias_mu.copy_(noisy.bias_mean)
        other.bias_sigma.copy_(noisy.bias_noise)
    other.weight_epsilon.copy_(torch.outer(noisy.output_noise, noisy.input_noise))
    other.bias_epsilon.copy_(noisy.output_noise)

    features, direction = torch.randn(batch, 12), torch.randn(batch, 7)
    with set_exploration_type(ExplorationType.RANDOM):
        expected = other(features)
    torch.testing.assert_close(noisy(features), expected)
    (expected * direction).sum().backward()
    (noisy(features) * direction).sum().backward()
    for ours, theirs in (
        (noisy.weight_mean, other.weight_mu),
        (noisy.weight_noise, other.weight_sigma),
        (noisy.bias_mean, other.bias_mu),
        (noisy.bias_noise, other.bias_sigma),
    ):
        assert theirs.grad.abs().max() > 0.0
        torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.parametrize("batch", BATCHES)
def test_a_new_layer_and_a_silenced_one_are_the_mean_network(batch):
    noisy = layer()
    features = torch.randn(batch, 12)
    expected = nn.functional.linear(features, noisy.weight_mean, noisy.bias_mean)
    assert noisy.silent and torch.equal(noisy(features), expected)
    noisy.resample(random())
    assert not noisy.silent and (noisy(features) - expected).abs().max() > 1e-3
    noisy.silence()
    assert noisy.silent and torch.equal(noisy(features), expected)
    assert not noisy.input_noise.any() and not noisy.output_noise.any()


@pytest.mark.parametrize(("batch", "products"), [(1, 2), (SMALL_BATCH, 2), (SMALL_BATCH + 1, 1), (32, 1)])
def test_a_small_batch_costs_two_products_and_silence_or_a_large_batch_one(batch, products):
    noisy = layer()
    features = torch.rand(batch, 12)
    for expected in (1, products):
        with FlopCounterMode(display=False) as counter:
            noisy(features)
        assert counter.get_total_flops() == expected * 2 * batch * 12 * 7
        noisy.resample(random())


def test_the_noise_is_the_generators_and_nothing_elses():
    one, same, other = layer(), layer(), layer()
    torch.manual_seed(1)
    one.resample(random(3))
    torch.manual_seed(2)
    same.resample(random(3))
    other.resample(random(4))
    assert torch.equal(one.input_noise, same.input_noise) and torch.equal(one.output_noise, same.output_noise)
    assert not torch.equal(one.input_noise, other.input_noise)
    assert not torch.equal(one.output_noise, other.output_noise)


def test_the_noise_is_drawn_for_the_inputs_and_then_for_the_outputs():
    noisy, generator = layer(), random(5)
    noisy.resample(random(5))
    for noise in (noisy.input_noise, noisy.output_noise):
        gaussian = generator.standard_normal(len(noise), dtype=np.float32)
        expected = [np.copysign(abs(float(x)) ** 0.5, x) for x in gaussian]
        np.testing.assert_allclose(noise.numpy(), expected, rtol=1e-6)


def test_the_noise_of_the_weights_has_rank_one_and_that_of_the_bias_is_the_outputs():
    noisy = layer()
    noisy.resample(random())
    with torch.no_grad():
        noisy.weight_mean.zero_()
        noisy.bias_mean.zero_()
        noisy.weight_noise.fill_(1.0)
        noisy.bias_noise.fill_(1.0)
        bias = noisy(torch.zeros(1, 12))[0]
        matrix = noisy(torch.eye(12)) - bias
    torch.testing.assert_close(bias, noisy.output_noise)
    singular = torch.linalg.svdvals(matrix)
    assert singular[0] > 1.0 and singular[1] < 1e-5


def test_the_noise_has_mean_zero_and_the_variance_of_f_of_a_gaussian():
    noisy = layer(60_000, 50_000 // 1_000)
    noisy.resample(random())
    noise = noisy.input_noise
    # E f(x)^2 = E |x| = sqrt(2 / pi); five standard errors of a sample of 60000.
    assert noise.mean().item() == pytest.approx(0.0, abs=5 * (2 / np.pi) ** 0.25 / 60_000**0.5)
    assert noise.square().mean().item() == pytest.approx((2 / np.pi) ** 0.5, abs=5 * 0.61 / 60_000**0.5)
    # E f(x)^4 = E x^2 = 1
    assert noise.pow(4).mean().item() == pytest.approx(1.0, abs=5 * 2**0.5 / 60_000**0.5)


@pytest.mark.parametrize("batch", BATCHES)
def test_gradients_reach_means_and_scales(batch):
    noisy = layer()
    noisy.resample(random())
    noisy(torch.rand(batch, 12) + 0.1).sum().backward()
    for name, parameter in noisy.named_parameters():
        assert parameter.grad is not None and (parameter.grad != 0.0).all(), name


def test_no_gradient_reaches_the_scales_in_silence():
    noisy = layer()
    noisy(torch.rand(3, 12)).sum().backward()
    assert noisy.weight_mean.grad is not None and noisy.bias_mean.grad is not None
    assert noisy.weight_noise.grad is None and noisy.bias_noise.grad is None


@pytest.mark.parametrize("batch", BATCHES)
def test_new_noise_leaves_the_gradients_of_an_earlier_output_alone(batch):
    noisy = layer()
    features = torch.rand(batch, 12, requires_grad=True)
    noisy.resample(random(1))
    noisy(features).sum().backward()
    expected = noisy.weight_noise.grad.clone()
    for interrupt in (lambda: noisy.resample(random(2)), noisy.silence):
        noisy.zero_grad()
        noisy.resample(random(1))
        loss = noisy(features).sum()
        interrupt()
        loss.backward()
        assert torch.equal(noisy.weight_noise.grad, expected)


def test_noise_drawn_in_inference_mode_can_be_learned_with():
    noisy = layer()
    with torch.inference_mode():
        noisy.resample(random())
    noisy(torch.rand(3, 12)).sum().backward()
    assert noisy.weight_noise.grad.any()
    with torch.inference_mode():
        noisy.silence()
    assert not noisy.input_noise.is_inference() and not noisy.output_noise.is_inference()


def test_the_state_has_no_noise_and_loading_it_leaves_the_noise():
    noisy = layer()
    noisy.resample(random())
    assert set(noisy.state_dict()) == {"weight_mean", "weight_noise", "bias_mean", "bias_noise"}
    before = noisy.input_noise.clone()
    noisy.load_state_dict(layer().state_dict())
    assert not noisy.silent and torch.equal(noisy.input_noise, before)


def test_a_whole_network_is_resampled_in_order_and_silenced():
    network = nn.Sequential(layer(12, 5), nn.ReLU(), nn.Sequential(nn.Linear(5, 4), layer(4, 3)))
    first, second = network[0], network[2][1]
    linear = copy.deepcopy(network[2][0].state_dict())
    alone_first, alone_second, generator = layer(12, 5), layer(4, 3), random(9)
    resample_noise(network, random(9))
    alone_first.resample(generator)
    alone_second.resample(generator)
    for noisy, alone in ((first, alone_first), (second, alone_second)):
        assert torch.equal(noisy.input_noise, alone.input_noise)
        assert torch.equal(noisy.output_noise, alone.output_noise)
    silence_noise(network)
    assert first.silent and second.silent and not first.input_noise.any() and not second.output_noise.any()
    assert all(torch.equal(network[2][0].state_dict()[name], tensor) for name, tensor in linear.items())
