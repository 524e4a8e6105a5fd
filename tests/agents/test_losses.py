import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from agents.made_up import agent, memory

from efficientzero.agents.losses import cross_entropy, scale_gradient, unrolled_loss

BATCH = 48


def prepared(**changes):
    """An agent whose network has left zero, a batch for it, and the priorities' arguments."""
    one = agent(**changes)
    filled = memory(rows=40)
    for _ in range(6):
        one.learn(filled)
    positions, weights = filled.priorities.sample(BATCH, 0.4, np.random.default_rng(1))
    batch, _ = one._batch(filled, positions, weights)
    return one, batch


def loss_of(one, batch):
    network = copy.deepcopy(one.network).train()
    loss, figures, errors = unrolled_loss(network, batch, one.settings)
    return loss, figures, errors, network


@pytest.mark.parametrize("on", [True, False])
def test_the_loss_is_the_weighted_sum_of_its_masked_terms(on):
    one, batch = prepared(consistency=on, value_prefix=on, off_policy_correction=on)
    loss, figures, errors, network = loss_of(one, batch)
    # Once more, term by term, with the same network in the same mode.
    network = copy.deepcopy(one.network).train()
    support = network.support
    steps = batch.actions.shape[1]
    latent = network.represent(batch.observations[:, 0])
    state = network.initial_reward_state(BATCH, latent.device)
    later = None
    if on:
        with torch.no_grad():
            flat = batch.observations[:, 1:].flatten(0, 1)
            later = copy.deepcopy(network)
            later = later.consistency.target(later.represent(flat)).unflatten(0, (BATCH, steps))
    total = torch.zeros(BATCH)
    for step in range(steps + 1):
        if step:
            latent, state, reward = network.step(latent, state, batch.actions[:, step - 1])
            total += batch.reward_mask[:, step - 1] * cross_entropy(reward, support.encode(batch.reward[:, step - 1]))
            if on:
                online = network.consistency.online(latent)
                similarity = torch.nn.functional.cosine_similarity(online, later[:, step - 1])
                total += 0.5 * batch.policy_mask[:, step] * -similarity
        policy, value = network.predict(latent)
        total += batch.policy_mask[:, step] * cross_entropy(policy, batch.policy[:, step])
        total += 0.5 * batch.value_mask[:, step] * cross_entropy(value, support.encode(batch.value[:, step]))
        if step == 0:
            expected_errors = (support.decode(value) - batch.value[:, 0]).abs().detach().numpy()
    torch.testing.assert_close(loss, (batch.weights * total).mean() / steps)
    np.testing.assert_allclose(errors, expected_errors, rtol=1e-5)
    assert set(figures) == {"loss", "policy_loss", "value_loss", "reward_loss"} | (
        {"consistency_loss"} if on else set()
    )


def test_masked_targets_change_nothing():
    one, batch = prepared()
    assert not batch.policy_mask.all() and not batch.value_mask.all() and not batch.reward_mask.all()
    loss, _, _, _ = loss_of(one, batch)
    garbage = replace(
        batch,
        policy=torch.where(batch.policy_mask[..., None], batch.policy, torch.rand_like(batch.policy)),
        value=torch.where(batch.value_mask, batch.value, torch.full_like(batch.value, 99.0)),
        reward=torch.where(batch.reward_mask, batch.reward, torch.full_like(batch.reward, -99.0)),
    )
    assert torch.equal(loss_of(one, garbage)[0], loss)
    unmasked = replace(garbage, value_mask=torch.ones_like(batch.value_mask))
    assert not torch.equal(loss_of(one, unmasked)[0], loss)


def test_importance_weights_weigh_positions():
    one, batch = prepared()
    zero = replace(batch, weights=torch.zeros(BATCH))
    assert float(loss_of(one, zero)[0].detach()) == 0.0
    single = [replace(batch, weights=torch.eye(BATCH)[index]) for index in range(BATCH)]
    parts = sum(float(batch.weights[index] * loss_of(one, one_hot)[0].detach()) for index, one_hot in enumerate(single))
    assert parts == pytest.approx(float(loss_of(one, batch)[0].detach()), rel=1e-4)


def test_the_consistency_target_moves_no_statistics():
    one, batch = prepared()
    network = copy.deepcopy(one.network).train()
    unrolled_loss(network, batch, one.settings)
    # The representation is looked at once, for the root: its first norm has seen one more batch.
    before, after = one.network.representation.layers[1], network.representation.layers[1]
    assert int(after.num_batches_tracked) == int(before.num_batches_tracked) + 1
    root = one.network.representation.layers[0](batch.observations[:, 0])
    expected = 0.9 * before.running_mean + 0.1 * root.mean(dim=(0, 2, 3))
    torch.testing.assert_close(after.running_mean, expected)


def test_every_part_of_the_network_learns():
    one, batch = prepared()
    loss, _, _, network = loss_of(one, batch)
    loss.backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None and weight.grad.abs().sum() > 0, name


def test_the_gradient_that_later_steps_send_back_is_halved_at_each(monkeypatch):
    one, batch = prepared(consistency=False)
    only_last = replace(
        batch,
        policy_mask=torch.zeros_like(batch.policy_mask),
        reward_mask=torch.zeros_like(batch.reward_mask),
        value_mask=torch.zeros_like(batch.value_mask),
    )
    only_last.value_mask[:, -1] = True
    sizes = {}
    for name, halve in (("halved", scale_gradient), ("whole", lambda tensor, factor: tensor)):
        monkeypatch.setattr("efficientzero.agents.losses.scale_gradient", halve)
        network = copy.deepcopy(one.network).eval()
        unrolled_loss(network, only_last, one.settings)[0].backward()
        sizes[name] = network.representation.layers[0].weight.grad.norm()
    # Three imagined steps: the last latent's own gradient is whole, the two before it halve what passes.
    torch.testing.assert_close(sizes["halved"], sizes["whole"] / 4)


def test_scale_gradient_keeps_values():
    tensor = torch.tensor([1.0, -2.0], requires_grad=True)
    scaled = scale_gradient(tensor, 0.5)
    torch.testing.assert_close(scaled, tensor)
    scaled.sum().backward()
    assert tensor.grad.tolist() == [0.5, 0.5]
