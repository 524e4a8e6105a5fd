import numpy as np
import torch

from efficientzero.agents.augment import random_intensity, random_shift


def test_each_image_is_a_shifted_copy_with_its_border_repeated():
    images = torch.rand(16, 3, 9, 7)
    shifted = random_shift(images, 2, np.random.default_rng(0))
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2), mode="replicate")
    offsets = set()
    for image in range(16):
        matches = [
            (row, column)
            for row in range(5)
            for column in range(5)
            if torch.equal(shifted[image], padded[image, :, row : row + 9, column : column + 7])
        ]
        assert len(matches) == 1
        offsets.add(matches[0])
    assert len(offsets) > 4


def test_intensity_scales_each_image_by_one_bounded_factor():
    images = torch.rand(64, 2, 4, 4) + 0.1
    factors = random_intensity(images, 0.05, np.random.default_rng(0)) / images
    per_image = factors.flatten(1)
    torch.testing.assert_close(per_image, per_image[:, :1].expand_as(per_image), rtol=1e-5, atol=0)
    assert per_image.min() >= 0.9 - 1e-6 and per_image.max() <= 1.1 + 1e-6
    assert per_image[:, 0].std() > 0.02


def test_nothing_happens_when_switched_off():
    images = torch.rand(2, 1, 5, 5)
    random = np.random.default_rng(0)
    assert random_shift(images, 0, random) is images
    assert random_intensity(images, 0.0, random) is images
