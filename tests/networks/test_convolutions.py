import pytest
import torch
from torch import nn

from efficientzero.networks import Convolutions

DATA_EFFICIENT = [[32, 5, 5], [64, 5, 5]]
NATURE = [[32, 8, 4], [64, 4, 2], [64, 3, 1]]


@pytest.mark.parametrize(
    ("input_shape", "layers", "features"),
    [
        ((4, 84, 84), DATA_EFFICIENT, 64 * 3 * 3),
        ((4, 84, 84), NATURE, 64 * 7 * 7),
        ((4, 10, 10), [[16, 3, 1]], 16 * 8 * 8),
        ((2, 20, 11), [[3, 4, 3]], 3 * 6 * 3),  # neither square nor divided by the stride
        ((2, 3, 5), [], 2 * 3 * 5),
    ],
)
def test_the_published_layers_have_their_widths(input_shape, layers, features):
    convolutions = Convolutions(input_shape, layers)
    assert convolutions.features == features
    assert convolutions(torch.zeros(2, *input_shape, dtype=torch.uint8)).shape == (2, features)


def test_it_is_convolution_and_relu_then_flattened_by_channel():
    torch.manual_seed(0)
    convolutions = Convolutions((3, 23, 23), [[5, 4, 3], [6, 3, 2]])
    first, second = (module for module in convolutions.modules() if isinstance(module, nn.Conv2d))
    observation = torch.rand(2, 3, 23, 23)
    hidden = nn.functional.conv2d(observation, first.weight, first.bias, stride=3).clamp(min=0.0)
    expected = nn.functional.conv2d(hidden, second.weight, second.bias, stride=2).clamp(min=0.0)
    assert (expected == 0.0).any() and (expected > 0.0).any()
    torch.testing.assert_close(convolutions(observation), expected.reshape(2, -1))


def test_bytes_and_floats_mean_the_same_observation():
    convolutions = Convolutions((4, 16, 16), [[8, 4, 4]])
    observation = torch.randint(0, 256, (2, 4, 16, 16), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(convolutions(observation), convolutions(observation.float() / 255.0))


@pytest.mark.parametrize(
    ("input_shape", "layers", "number", "kernel", "left"),
    [
        ((4, 4, 4), [[8, 5, 1]], 1, 5, "4x4"),
        ((4, 30, 30), NATURE, 3, 3, "2x2"),
        ((4, 9, 40), [[8, 5, 2], [8, 4, 1]], 2, 4, "3x18"),
        ((4, 40, 9), [[8, 5, 2], [8, 4, 1]], 2, 4, "18x3"),
    ],
)
def test_a_layer_that_does_not_fit_is_named(input_shape, layers, number, kernel, left):
    with pytest.raises(ValueError, match=rf"convolution {number} has a {kernel}x{kernel} kernel, but only {left} is"):
        Convolutions(input_shape, layers)


def test_a_kernel_may_take_all_that_is_left():
    assert Convolutions((1, 5, 5), [[7, 5, 3]]).features == 7


@pytest.mark.parametrize("layer", [[32, 8], [32, 8, 4, 0], [32, 8, 0], [0, 3, 1], []])
def test_a_layer_is_three_positive_numbers(layer):
    with pytest.raises(ValueError, match=r"convolution 2 must be \[channels, kernel, stride\]"):
        Convolutions((4, 48, 48), [[8, 4, 2], layer])
