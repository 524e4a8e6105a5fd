import math

import numpy as np
import pytest
import torch

from efficientzero.networks.distributions import CategoricalSupport, scale, unscale


@pytest.mark.parametrize("value", [-2e4, -300.0, -1.0, -1e-3, 0.0, 0.5, 1.0, 77.7, 5e4])
def test_scale_is_the_published_formula_and_unscale_its_inverse(value):
    expected = math.copysign(math.sqrt(abs(value) + 1.0) - 1.0, value) + 0.001 * value
    scaled = scale(torch.tensor(value, dtype=torch.float64))
    assert float(scaled) == pytest.approx(expected, rel=1e-12)
    assert float(unscale(scaled)) == pytest.approx(value, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("maximum", "bins"), [(300.0, 601), (10.0, 61), (1.0, 3)])
def test_encoding_and_decoding_a_value_gives_it_back(maximum, bins):
    support = CategoricalSupport(maximum, bins)
    largest = float(unscale(torch.tensor(maximum, dtype=torch.float64)))
    values = torch.tensor(np.linspace(-0.999 * largest, 0.999 * largest, 41), dtype=torch.float32)
    encoded = support.encode(values)
    assert encoded.shape == (41, bins)
    torch.testing.assert_close(encoded.sum(-1), torch.ones(41))
    assert ((encoded > 0).sum(-1) <= 2).all() and (encoded >= 0).all()
    decoded = support.decode(torch.log(encoded.clamp_min(1e-30)))
    torch.testing.assert_close(decoded, values, rtol=2e-3, atol=2e-3 * min(largest, 50.0))


def test_values_beyond_the_support_fall_on_its_ends():
    support = CategoricalSupport(2.0, 5)
    encoded = support.encode(torch.tensor([1e6, -1e6, 0.0]))
    assert encoded.argmax(-1).tolist() == [4, 0, 2]
    assert encoded.max(-1).values.tolist() == [1.0, 1.0, 1.0]


def test_two_hot_weights_are_in_proportion_to_closeness():
    support = CategoricalSupport(2.0, 5)
    value = unscale(torch.tensor(0.25))
    torch.testing.assert_close(support.encode(value), torch.tensor([0.0, 0.0, 0.75, 0.25, 0.0]), atol=1e-5, rtol=0)


def test_a_support_without_a_zero_bin_is_refused():
    with pytest.raises(ValueError, match="odd"):
        CategoricalSupport(10.0, 60)
