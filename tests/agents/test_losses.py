import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from agents.made_up import agent, memory

from efficientzero.agents.efficientzero.loss import scale_gradient, unrolled_loss
from efficientzero.networks import cross_entropy

BATCH = 48


def prepared(**changes):
    """An agent whose network has left zero, a batch for it, and the priorities' arguments."""
    one = agent(**changes)
    filled = memory(rows=40)
    for _ in range(12):
        one.learn(filled)
    positions, weights = filled.priorities.sample(BATCH, 0.4, np.random.default_rng(1))
    batch, _ = one._batch(filled, positions, weights)
    return one, batch


def loss_of(one, batch):
    network = copy.deepcopy(one.network).train()
    loss, metrics, errors = unrolled_loss(network, batch, one.settings)
    return loss, metrics, errors, network


@pytest.mark.parametrize("normalisation", ["layer", "batch"])
@pytest.mark.parametrize("on", [True, False])
def test_the_loss_is_the_weighted_sum_of_its_masked_terms(on, normalisation):
    one, batch = prepared(
        consistency=on,
        value_prefix=on,
        off_policy_correction=on,
        continuation="dense" if on else "none",
        learning__continuation_weight=0.7,
        network__normalisation=normalisation,
    )
    loss, metrics, errors, network = loss_of(one, batch)
    # Once more, term by term, with the same network in the same mode.
    network = copy.deepcopy(one.network).train()
    support = network.support
    steps = batch.actions.shape[1]
    latent = network.represent(batch.observations[:, 0])
    state = network.initial_reward_state(BATCH, latent.device)
    imagined, said = [], [(None, *network.predict(latent))]
    for step in range(steps):
        latent, state, reward = network.step(latent, state, batch.actions[:, step])
        imagined.append(latent)
        said.append((reward, *network.predict(latent)))
    if normalisation == "batch":  # the heads see all depths as one batch
        root = network.represent(batch.observations[:, 0])
        together = (
            [None] * (steps + 1) if logits is None else logits.chunk(steps + 1)
            for logits in network.predict(torch.cat([root, *imagined]))
        )
        said = list(zip([None, *network.reward.unrolled(torch.stack(imagined))], *together, strict=True))
    total = torch.zeros(BATCH)
    value_mask = batch.policy_mask & batch.value_mask if on else batch.value_mask  # the end is the continuation's
    ended = batch.absorbing.clone()
    ended[:, 1:] &= ~batch.absorbing[:, :-1]  # what follows an end is not asked
    assert ended.any() and not torch.equal(ended, batch.absorbing)
    for step, (reward, policy, value, continuation) in enumerate(said):
        if step:
            total += batch.reward_mask[:, step - 1] * cross_entropy(reward, support.encode(batch.reward[:, step - 1]))
        total += batch.policy_mask[:, step] * cross_entropy(policy, batch.policy[:, step])
        total += 0.5 * value_mask[:, step] * cross_entropy(value, support.encode(batch.value[:, step]))
        if on and step:
            goes_on = torch.sigmoid(continuation)
            total -= 0.7 * (batch.policy_mask[:, step] * goes_on.log() + ended[:, step] * (1.0 - goes_on).log())
        if step == 0:
            expected_errors = (support.decode(value) - batch.value[:, 0]).abs().detach().numpy()
    if on:  # the projector sees all steps together
        online = network.consistency.online(torch.cat(imagined))
        with torch.no_grad():
            seen = network.represent(torch.cat([batch.observations[:, step + 1] for step in range(steps)]))
            followed = network.consistency.target(seen)
        similarity = torch.nn.functional.cosine_similarity(online, followed).unflatten(0, (steps, BATCH))
        total += 0.5 * (batch.consistency_mask.T * -similarity).sum(0)
    torch.testing.assert_close(loss, (batch.weights * total).mean() / steps)
    np.testing.assert_allclose(errors, expected_errors, rtol=1e-4)
    assert set(metrics) == {"loss", "policy_loss", "value_loss", "reward_loss"} | (
        {"consistency_loss", "continuation_loss"} if on else set()
    )


def test_masked_targets_change_nothing():
    one, batch = prepared(continuation="none")
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


@pytest.mark.parametrize("past_end", [True, False])
def test_past_an_end_what_is_followed_is_an_empty_observation_or_nothing(past_end):
    _, batch = prepared(learning__consistency_past_end=past_end)
    absorbing = batch.absorbing
    assert 10 < absorbing.sum() < batch.policy_mask.sum()
    followed = batch.policy_mask | absorbing if past_end else batch.policy_mask
    assert torch.equal(batch.consistency_mask, followed[:, 1:])
    assert batch.observations[batch.policy_mask].flatten(1).any(dim=1).all()
    assert bool(batch.observations[absorbing].any()) == (not past_end)


def test_importance_weights_weigh_positions():
    one, batch = prepared()
    zero = replace(batch, weights=torch.zeros(BATCH))
    assert float(loss_of(one, zero)[0].detach()) == 0.0
    single = [replace(batch, weights=torch.eye(BATCH)[index]) for index in range(BATCH)]
    parts = sum(float(batch.weights[index] * loss_of(one, one_hot)[0].detach()) for index, one_hot in enumerate(single))
    assert parts == pytest.approx(float(loss_of(one, batch)[0].detach()), rel=1e-4)


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize(("depth", "between"), [("deep", ["trunk.first_norm"]), ("shallow", [])])
def test_real_observations_count_in_the_statistics_of_a_network_normalised_by_batch(depth, between, on):
    one, batch = prepared(
        consistency=on, network__normalisation="batch", network__latent="free", network__grid_depth=depth
    )
    network = copy.deepcopy(one.network).train()
    unrolled_loss(network, batch, one.settings)
    for part in ("representation.layers.1", *between, "policy.layers.1", "value.layers.5"):
        before, after = (each.get_submodule(part).num_batches_tracked for each in (one.network, network))
        assert int(after - before) == (2 if on else 1), part
    assert not any(isinstance(module, torch.nn.BatchNorm1d) for module in network.reward.modules()) or not on


def test_later_observations_are_augmented_alike_and_the_first_on_its_own():
    _, batch = prepared()
    pictures = torch.arange(100, dtype=torch.float32).reshape(1, 1, 1, 10, 10).expand(BATCH, 4, 4, 10, 10)
    shifted = replace(batch, observations=pictures.to(torch.uint8)).augmented(1, 0.05, np.random.default_rng(0))
    seen = shifted.observations
    assert seen.shape == pictures.shape and seen.dtype == torch.float32
    for later in (2, 3):
        assert torch.equal(seen[:, 1], seen[:, later])
    assert (seen[:, 0] != seen[:, 1]).flatten(1).any(dim=1).float().mean() > 0.8


@pytest.mark.parametrize("normalisation", ["layer", "batch"])
def test_every_part_of_the_network_learns(normalisation):
    one, batch = prepared(network__normalisation=normalisation)
    loss, _, _, network = loss_of(one, batch)
    loss.backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None and weight.grad.abs().sum() > 0, name


def test_the_gradient_that_later_steps_send_back_is_halved_at_each(monkeypatch):
    one, batch = prepared(consistency=False, continuation="none")
    only_last = replace(
        batch,
        policy_mask=torch.zeros_like(batch.policy_mask),
        reward_mask=torch.zeros_like(batch.reward_mask),
        value_mask=torch.zeros_like(batch.value_mask),
    )
    only_last.value_mask[:, -1] = True
    sizes = {}
    for name, halve in (("halved", scale_gradient), ("whole", lambda tensor, factor: tensor)):
        monkeypatch.setattr("efficientzero.agents.efficientzero.loss.scale_gradient", halve)
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
