import copy

import numpy as np
import pytest
import torch

from efficientzero.agents.efficientzero.network import EfficientZeroNetwork, Prediction, consistency_loss
from efficientzero.agents.model_free_muzero import ActionValueNetwork
from efficientzero.networks import frozen_statistics, shifted_cells
from efficientzero.networks.heads import AnyCellHead, PooledCells, ShiftedCells
from efficientzero.parameters import Network


def settings(size="small", normalisation="layer", latent="min_max", depth="deep", pooling="none", bins=21):
    return Network(
        size=size,
        normalisation=normalisation,
        latent=latent,
        grid_depth=depth,
        reward_pooling=pooling,
        support_maximum=5.0,
        support_bins=bins,
    )


both_normalisations = pytest.mark.parametrize("normalisation", ["layer", "batch"])


def network(shape=(4, 84, 84), actions=5, value_prefix=True, consistency=True, continuation="dense", **changes):
    torch.manual_seed(0)
    return EfficientZeroNetwork(
        settings(**changes),
        shape,
        actions,
        value_prefix=value_prefix,
        consistency=consistency,
        continuation=continuation,
    )


def randomised(one):
    """With last layers that are not zero, so that outputs say something."""
    for module in one.modules():
        if isinstance(module, torch.nn.Linear) and not module.weight.any():
            torch.nn.init.normal_(module.weight, std=0.1)
    return one


def predictions(one, observation, steps=5):
    """Policy, value, continuation and reward logits and latents of the root and some imagined steps."""
    latent = one.represent(observation)
    state = one.initial_reward_state(len(observation), latent.device)
    outputs = [latent, *one.predict(latent)]
    for step in range(steps):
        latent, state, reward = one.step(latent, state, torch.arange(len(observation)) % 3 + step % 2)
        outputs += [latent, reward, *one.predict(latent)]
    return outputs


@both_normalisations
def test_the_published_size_has_the_published_shapes(normalisation):
    published = network((12, 96, 96), actions=18, size="atari100k", normalisation=normalisation, bins=601)
    published.eval()
    with torch.no_grad():
        latent = published.represent(torch.zeros(2, 12, 96, 96, dtype=torch.uint8))
        assert latent.shape == (2, 64, 6, 6)
        state = published.initial_reward_state(2, latent.device)
        assert state.shape == (2, 2 * 512)
        latent, state, reward = published.step(latent, state, torch.tensor([0, 17]))
        policy, value, continuation = published.predict(latent)
        assert continuation.shape == (2,)
        assert (latent.shape, reward.shape, policy.shape, value.shape) == ((2, 64, 6, 6), (2, 601), (2, 18), (2, 601))
        projected = published.consistency.target(latent)
        assert projected.shape == published.consistency.online(latent).shape == (2, 1024)
    first = published.consistency.projector[1]
    assert (first.in_features, first.out_features) == (2304, 1024)
    assert published.dynamics.convolution.in_channels == 64 + 1  # one action plane


@both_normalisations
@pytest.mark.parametrize("value_prefix", [True, False])
def test_a_new_network_predicts_zero_a_uniform_policy_and_no_end(value_prefix, normalisation):
    new = network(value_prefix=value_prefix, normalisation=normalisation).eval()
    with torch.no_grad():
        latent = new.represent(torch.randint(0, 255, (3, 4, 84, 84), dtype=torch.uint8))
        latent, _, reward = new.step(latent, new.initial_reward_state(3, latent.device), torch.tensor([0, 1, 2]))
        policy, value, continuation = new.predict(latent)
    assert not policy.any() and not value.any() and not reward.any()
    assert (torch.sigmoid(continuation) > 0.95).all()


def test_all_parts_of_a_network_are_in_one_mode():
    one = network(shape=(6, 10, 10), normalisation="batch")
    for training in (True, False, False, True, True, False):
        assert one.train(training) is one
        assert {module.training for module in one.modules()} == {training}
        assert {module.training for module in copy.deepcopy(one).eval().modules()} == {False}


def test_that_an_episode_goes_on_is_a_probability_or_not_said():
    said = Prediction(torch.zeros(3, 5), torch.zeros(3, 21), torch.tensor([-30.0, 0.0, 30.0]))
    assert said.goes_on.tolist() == pytest.approx([0.0, 0.5, 1.0], abs=1e-6)
    without = network((6, 10, 10), continuation="none").predict(torch.zeros(3, 16, 10, 10))
    assert without.continuation is None and without.goes_on is None


@pytest.mark.parametrize("size", ["small", "atari100k"])
@pytest.mark.parametrize(
    ("pixels", "latent"), [(32, 8), (48, 6), (64, 8), (72, 5), (84, 6), (96, 6), (128, 8), (210, 7), (16, 4)]
)
def test_images_are_reduced_to_at_most_8x8(size, pixels, latent):
    one = network((4, pixels, pixels), size=size)
    assert one.representation.latent_shape == ({"small": 32, "atari100k": 64}[size], latent, latent)


@pytest.mark.parametrize(("size", "channels"), [("small", 16), ("atari100k", 64)])
def test_object_grids_keep_their_cells(size, channels):
    assert network((4, 10, 10), size=size).representation.latent_shape == (channels, 10, 10)


@pytest.mark.parametrize(("shape", "image"), [((4, 84, 84), True), ((6, 10, 10), False)])
def test_images_are_normalised_channel_by_channel_and_object_grids_as_a_whole(shape, image):
    for name, module in network(shape).named_modules():
        if isinstance(module, torch.nn.GroupNorm):
            by_channel = image and name.startswith("representation.")
            assert module.num_groups == (module.num_channels if by_channel else 1), name


def test_as_published_images_are_normalised_by_the_batch_and_pooled_by_the_average():
    published = network((12, 96, 96), size="atari100k", normalisation="batch").representation
    kinds = [type(module) for module in published.modules()]
    assert torch.nn.BatchNorm2d in kinds and torch.nn.GroupNorm not in kinds
    assert kinds.count(torch.nn.AvgPool2d) == 2 and torch.nn.MaxPool2d not in kinds


@pytest.mark.parametrize(("brightness", "least"), [(255, 0.4), (60, 0.1)])
def test_a_small_ball_on_a_still_picture_moves_the_latent(brightness, least):
    random = np.random.default_rng(0)
    still = np.zeros((84, 84), np.uint8)  # bright walls and rows of bricks, as in Breakout
    still[10:14], still[:, :4], still[:, -4:], still[25:40] = 142, 142, 142, random.integers(80, 140, (15, 1))
    seen = np.stack([np.stack([still] * 4)] * 2)
    for frame in range(4):
        seen[0, frame, 50 + 2 * frame : 52 + 2 * frame, 30:32] = brightness
        seen[1, frame, 60 + 2 * frame : 62 + 2 * frame, 50:52] = brightness
    one = network((4, 84, 84)).eval()
    with torch.no_grad():
        latents = one.represent(torch.from_numpy(seen)).flatten(1)
    # Normalised over all channels, and averaged: a tenth of it.
    assert float((latents[0] - latents[1]).norm() / latents[0].norm()) > least


SIZES = [("small", (6, 10, 10)), ("small", (4, 84, 84)), ("atari100k", (12, 96, 96))]


@pytest.mark.parametrize(("size", "shape"), SIZES)
@pytest.mark.parametrize(
    ("normalisation", "latent"),
    [("layer", "min_max"), ("layer", "standard"), ("layer", "free"), ("cell", "standard_cells")],
)
def test_without_batch_normalisation_search_sees_the_function_that_training_made(size, shape, normalisation, latent):
    one = randomised(network(shape, size=size, normalisation=normalisation, latent=latent))
    observation = torch.rand(3, *shape)
    with torch.no_grad():
        training = predictions(one.train(), observation)
        searching = predictions(one.eval(), observation)
    for ours, theirs in zip(training, searching, strict=True):
        assert torch.equal(ours, theirs)
    other = ActionValueNetwork(settings(size, normalisation, latent), shape, 4)
    assert torch.equal(randomised(other).train()(observation), other.eval()(observation))


@pytest.mark.parametrize(("size", "shape"), SIZES)
@both_normalisations
def test_scaled_latents_stay_within_0_and_1_however_deep(size, shape, normalisation):
    one = network(shape, size=size, normalisation=normalisation).eval()
    with torch.no_grad():
        latent = one.represent(torch.rand(2, *shape))
        for depth in range(50):
            assert float(latent.min()) == 0.0 and float(latent.max()) == pytest.approx(1.0), depth
            latent = one.dynamics(latent, torch.tensor([depth % 5, 0]))
    still = one.represent(torch.zeros(1, *shape))
    assert torch.isfinite(still).all()


def test_free_latents_grow_with_depth_and_only_they():
    def growth(latent):
        one = network((6, 10, 10), latent=latent).eval()
        with torch.no_grad():
            first = state = one.represent(torch.rand(2, 6, 10, 10))
            for _ in range(50):
                state = one.dynamics(state, torch.tensor([0, 1]))
        return float(state.norm() / first.norm())

    assert growth("free") > 3.0 and growth("min_max") < 2.0 and growth("standard") == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("size", "shape"), SIZES)
@both_normalisations
def test_standard_latents_have_a_mean_of_0_and_a_variance_of_1_however_deep(size, shape, normalisation):
    one = network(shape, size=size, normalisation=normalisation, latent="standard").eval()
    with torch.no_grad():
        latent = one.represent(torch.rand(2, *shape))
        for depth in range(50):
            cells = latent.flatten(1)
            torch.testing.assert_close(cells.mean(1), torch.zeros(2), atol=1e-4, rtol=0)
            torch.testing.assert_close(cells.var(1, correction=0), torch.ones(2), atol=1e-2, rtol=0)
            latent = one.dynamics(latent, torch.tensor([depth % 5, 0]))
    assert torch.isfinite(one.represent(torch.zeros(1, *shape))).all()


BY_CELLS = {"normalisation": "cell", "latent": "standard_cells"}


def test_by_cells_what_is_far_away_changes_nothing():
    """One convolution sees 3x3 cells, the dynamics two more on each side: nothing that is more than three away."""

    def imagined(**changes):
        one = network((6, 20, 10), depth="shallow", **changes).eval()
        seen = torch.rand(1, 6, 20, 10, generator=torch.Generator().manual_seed(0)).expand(2, -1, -1, -1).clone()
        seen[1, :, 15:] = 1.0 - seen[1, :, 15:]
        with torch.no_grad():
            return one.dynamics(one.represent(seen), torch.tensor([1, 1]))

    by_cells, together = imagined(**BY_CELLS), imagined(latent="standard")
    torch.testing.assert_close(by_cells[0, :, :12], by_cells[1, :, :12])
    assert not torch.allclose(by_cells[0, :, 12], by_cells[1, :, 12], atol=1e-3)
    assert not torch.allclose(together[0, :, :12], together[1, :, :12], atol=1e-3)


@pytest.mark.parametrize("normalisation", ["layer", "cell", "batch"])
def test_shallow_dynamics_say_what_changes(normalisation):
    one = network((6, 10, 10), depth="shallow", normalisation=normalisation, latent="free").eval()
    latent = one.represent(torch.rand(2, 6, 10, 10))
    assert not torch.equal(one.dynamics(latent, torch.tensor([0, 1])), latent)
    torch.nn.init.zeros_(one.dynamics.second_norm.weight)
    torch.nn.init.zeros_(one.dynamics.second_norm.bias)
    assert torch.equal(one.dynamics(latent, torch.tensor([0, 1])), latent)  # it has no negative entries


def test_cells_have_a_mean_of_0_and_a_variance_of_1_however_deep():
    one = network((6, 10, 10), depth="shallow", **BY_CELLS).eval()
    with torch.no_grad():
        latent = one.represent(torch.rand(2, 6, 10, 10))
        for depth in range(50):
            torch.testing.assert_close(latent.mean(1), torch.zeros(2, 10, 10), atol=1e-4, rtol=0)
            torch.testing.assert_close(latent.var(1, correction=0), torch.ones(2, 10, 10), atol=1e-2, rtol=0)
            latent = one.dynamics(latent, torch.tensor([depth % 5, 0]))
    assert torch.isfinite(one.represent(torch.zeros(1, 6, 10, 10))).all()


def test_a_shallow_network_has_few_convolutions_on_a_grid_and_an_image_has_all_of_them():
    def convolutions(shape, depth, size="small"):
        one = network(shape, depth=depth, size=size)
        other = ActionValueNetwork(settings(size, depth=depth), shape, 4)
        parts = [one.representation, one.dynamics, one.trunk, other.representation, other.trunk]
        return [sum(isinstance(layer, torch.nn.Conv2d) for layer in part.modules()) for part in parts]

    assert convolutions((6, 10, 10), "shallow") == [1, 2, 0, 1, 0]
    assert convolutions((6, 10, 10), "deep") == [4, 3, 2, 4, 2]
    assert convolutions((6, 10, 10), "shallow", "atari100k") == [1, 2, 0, 1, 0]
    assert convolutions((4, 84, 84), "shallow") == convolutions((4, 84, 84), "deep") == [6, 3, 2, 6, 2]


def test_what_one_cell_says_of_an_end_is_known_in_all_cells():
    torch.manual_seed(0)
    head = AnyCellHead((3, 10, 10), initial=3.0)
    empty = torch.zeros(1, 3, 10, 10)
    assert float(torch.sigmoid(head(empty).detach())) > 0.9
    last = head.layers[-1]
    torch.nn.init.constant_(last.weight, 1.0)  # whatever is seen makes an end likelier
    torch.nn.init.constant_(head.layers[0].bias, 0.0)
    with torch.no_grad():
        seen = [empty.clone() for _ in range(4)]
        seen[1][0, :, 4, 4] = seen[2][0, :, 7, 2] = 2.0
        seen[3][0, :, 4, 4] = seen[3][0, :, 7, 2] = 2.0
        none, here, there, both = (torch.exp(-head(each)).item() for each in seen)  # odds of an end
    assert here == pytest.approx(there, rel=1e-4) and here > 2 * none
    assert both - none == pytest.approx(2 * (here - none), rel=1e-3)  # the odds of cells add up


def test_a_head_by_cells_is_a_choice():
    one = network((6, 10, 10), continuation="any_cell")
    assert isinstance(one.continuation, AnyCellHead) and one.predict(torch.zeros(3, 16, 10, 10)).continuation.shape == (
        3,
    )


def test_pooled_cells_say_what_is_there_and_how_much_of_it_but_not_where():
    torch.manual_seed(0)
    pooled = PooledCells(3)
    empty = torch.zeros(1, 3, 10, 10)
    seen = [empty.clone() for _ in range(4)]
    seen[1][0, :, 4, 4] = seen[2][0, :, 7, 2] = 2.0
    seen[3][0, :, 4, 4] = seen[3][0, :, 7, 2] = 2.0
    with torch.no_grad():
        none, here, there, both = (pooled(each) for each in seen)
    torch.testing.assert_close(here, there)
    (_, none_sum), (most, here_sum), (both_most, both_sum) = (each.chunk(2, dim=1) for each in (none, here, both))
    torch.testing.assert_close(both_most, most)
    torch.testing.assert_close(both_sum - none_sum, 2 * (here_sum - none_sum))
    assert (here_sum - none_sum).abs().max() > 0.01


def test_shifted_cells_are_moved_while_learning_and_lie_in_the_middle_otherwise():
    features = torch.rand(40, 2, 3, 4)
    assert torch.equal(ShiftedCells(0)(features), features.flatten(1))
    layer = ShiftedCells(2)
    assert layer.canvas(3, 4) == 7 * 8

    def laid_out():
        return layer(features).unflatten(1, (2, 7, 8))

    def places(canvas):
        """Where the corner of each example's cells lies, once all of it is found there again."""
        found = []
        for shifted, cells in zip(canvas, features, strict=True):
            top, left = (int(rows.nonzero()[0]) for rows in (shifted.sum(dim=(0, 2)), shifted.sum(dim=(0, 1))))
            assert torch.equal(shifted[:, top : top + 3, left : left + 4], cells)
            assert torch.isclose(shifted.sum(), cells.sum())
            found.append((top, left))
        return found

    assert set(places(laid_out())) == {(2, 2)}
    with shifted_cells(layer, np.random.default_rng(0)):
        seen = [place for _ in range(10) for place in places(laid_out())]
        with torch.no_grad():  # what is only looked at
            assert set(places(laid_out())) == {(2, 2)}
    assert set(seen) == {(top, left) for top in range(5) for left in range(5)}
    assert set(places(laid_out())) == {(2, 2)}
    draws = []
    for _ in range(2):
        with shifted_cells(layer, np.random.default_rng(1)):
            draws.append(laid_out())
    assert torch.equal(*draws)


@pytest.mark.parametrize(("shift", "elsewhere"), [(0, False), (2, True)])
def test_what_a_dense_layer_learned_of_one_place_it_knows_of_the_next_if_cells_were_shifted(shift, elsewhere):
    torch.manual_seed(0)
    cells = torch.zeros(2, 1, 6, 6)
    cells[0, 0, 2, 2] = cells[0, 0, 2, 3] = 1.0  # two things side by side, or one below the other
    cells[1, 0, 2, 2] = cells[1, 0, 3, 2] = 1.0
    shifted = ShiftedCells(shift)
    head = torch.nn.Sequential(
        shifted, torch.nn.Linear(shifted.canvas(6, 6), 32), torch.nn.ReLU(), torch.nn.Linear(32, 2)
    )
    optimizer = torch.optim.Adam(head.parameters(), 0.01)
    kinds = torch.arange(2).repeat(64)
    with shifted_cells(head, np.random.default_rng(0)):
        for _ in range(300):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(head(cells.repeat(64, 1, 1, 1)), kinds).backward()
            optimizer.step()
    with torch.no_grad():
        said = torch.softmax(head(cells.roll((1, 1), dims=(2, 3))), dim=1)
    assert (said.diagonal().min() > 0.95) == elsewhere


@pytest.mark.parametrize("pooling", ["none", "max_and_sum"])
@both_normalisations
def test_the_value_prefixes_of_an_unroll_are_those_of_single_steps(normalisation, pooling):
    for value_prefix in (True, False):
        one = network((6, 10, 10), value_prefix=value_prefix, normalisation=normalisation, pooling=pooling)
        assert any(isinstance(part, PooledCells) for part in one.reward.modules()) == (pooling == "max_and_sum")
        randomised(one).eval()
        with torch.no_grad():
            latent = one.represent(torch.rand(4, 6, 10, 10))
            state = one.initial_reward_state(4, latent.device)
            latents, single = [], []
            for step in range(4):
                latent, state, reward = one.step(latent, state, torch.tensor([0, 1, 2, step]))
                latents.append(latent)
                single.append(reward)
            torch.testing.assert_close(one.reward.unrolled(torch.stack(latents)), torch.stack(single))


@both_normalisations
def test_object_grids_and_other_image_sizes_fit(normalisation):
    for shape in ((6, 10, 10), (4, 48, 48), (4, 64, 64), (12, 96, 96)):
        any_size = network(shape=shape, normalisation=normalisation).eval()
        with torch.no_grad():
            latent = any_size.represent(torch.zeros(1, *shape, dtype=torch.uint8))
            any_size.predict(latent)


@both_normalisations
def test_bytes_and_floats_mean_the_same_observation(normalisation):
    one = network(normalisation=normalisation).eval()
    observation = torch.randint(0, 256, (2, 4, 84, 84), dtype=torch.uint8)
    with torch.no_grad():
        torch.testing.assert_close(one.represent(observation), one.represent(observation.float() / 255.0))


@both_normalisations
def test_the_action_changes_the_next_state_and_only_its_own_row(normalisation):
    one = network(normalisation=normalisation).eval()
    with torch.no_grad():
        latent = one.represent(torch.rand(2, 4, 84, 84))
        state = one.initial_reward_state(2, latent.device)
        a, _, _ = one.step(latent, state, torch.tensor([0, 1]))
        b, _, _ = one.step(latent, state, torch.tensor([0, 4]))
    torch.testing.assert_close(a[0], b[0])
    assert (a[1] - b[1]).abs().max() > 1e-3


def test_the_value_prefix_remembers_and_the_reward_does_not():
    for value_prefix, width in ((True, 128), (False, 0)):
        one = network(value_prefix=value_prefix).eval()
        torch.nn.init.normal_((one.reward.output if value_prefix else one.reward.head.layers)[-1].weight)
        with torch.no_grad():
            latent = one.represent(torch.rand(1, 4, 84, 84))
            zero = one.initial_reward_state(1, latent.device)
            assert zero.shape == (1, width)
            action = torch.tensor([1])
            _, state, first = one.step(latent, zero, action)
            _, _, second = one.step(latent, state, action)
        assert torch.equal(first, second) != value_prefix


def test_frozen_statistics_normalise_by_the_batch_and_leave_no_trace():
    one = network(normalisation="batch", latent="free").train()
    observation = torch.rand(8, 4, 84, 84) * 3.0
    before = copy.deepcopy(one.state_dict())
    with frozen_statistics(one):
        frozen = one.represent(observation)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    trained = one.represent(observation)
    assert torch.equal(frozen, trained)  # the same function as in training ...
    assert any(
        not torch.equal(tensor, before[name]) for name, tensor in one.state_dict().items()
    )  # ... which moves them


def test_frozen_statistics_come_back_after_an_error():
    one = network(normalisation="batch").train()
    with pytest.raises(RuntimeError), frozen_statistics(one):
        raise RuntimeError
    assert one.trunk.first_norm.running_mean is not None and one.trunk.first_norm.track_running_stats


def test_no_gradient_flows_into_the_consistency_target():
    online, target = torch.rand(4, 8, requires_grad=True), torch.rand(4, 8, requires_grad=True)
    loss = consistency_loss(online, target)
    expected = -(online * target).sum(1) / (online.norm(dim=1) * target.norm(dim=1))
    torch.testing.assert_close(loss, expected)
    loss.sum().backward()
    assert online.grad is not None and target.grad is None
