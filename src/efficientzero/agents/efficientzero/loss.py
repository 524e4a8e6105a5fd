"""The loss of an unrolled batch (Schrittwieser et al. 2020, appendix G; Ye et al. 2021, appendix A)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from efficientzero.agents.efficientzero.batch import Batch
from efficientzero.agents.efficientzero.network import Consistency, EfficientZeroNetwork, consistency_loss
from efficientzero.agents.learner import Loss
from efficientzero.networks import cross_entropy
from efficientzero.parameters import EfficientZeroSettings


def scale_gradient(tensor: Tensor, factor: float) -> Tensor:
    """The same values, with ``factor`` times the gradient."""
    return tensor * factor + tensor.detach() * (1.0 - factor)


def unrolled_loss(network: EfficientZeroNetwork, batch: Batch, settings: EfficientZeroSettings) -> Loss:
    """The weighted mean loss of a batch.

    Policy and value are predicted at the root and after each imagined step, rewards (or value prefixes), continuation
    and latent consistency after each imagined step. The sum over steps is divided by their number, and the gradient
    that reaches a latent state from later steps is halved. BatchNorm, where there is any in the heads, normalises all
    depths together, which is what its running statistics do in the search.

    Returns:
        The loss; the mean of each of its terms over its unmasked entries; and the absolute error of each root value,
        float32 ``[batch]``.
    """
    learning, support = settings.learning, network.support
    steps = batch.actions.shape[1]
    latent = network.represent(batch.observations[:, 0])
    latents = [latent]
    for step in range(steps):
        latent = network.dynamics(scale_gradient(latent, 0.5) if step else latent, batch.actions[:, step])
        latents.append(latent)
    # Depths first, and all depths through each head at once: few large operations instead of many small ones.
    every = torch.cat(latents)
    imagined = every[len(latent) :]
    said = network.predict(every)
    policy, value = said.policy.unflatten(0, (steps + 1, -1)), said.value.unflatten(0, (steps + 1, -1))
    reward = network.reward.unrolled(imagined.unflatten(0, (steps, -1)))
    value_target, reward_target = (
        support.encode(torch.cat([batch.value, batch.reward], dim=1)).transpose(0, 1).split([steps + 1, steps])
    )
    # Where the continuation says that nothing follows an end, the value is that of what goes on.
    value_mask = batch.value_mask if said.continuation is None else batch.value_mask & batch.policy_mask
    terms = {
        "policy": (cross_entropy(policy, batch.policy.transpose(0, 1)), batch.policy_mask, learning.policy_weight),
        "value": (cross_entropy(value, value_target), value_mask, learning.value_weight),
        "reward": (cross_entropy(reward, reward_target), batch.reward_mask, learning.reward_weight),
    }
    if said.continuation is not None:
        # What follows an end is not asked: in a search all of it counts times the end's own continuation.
        ended = batch.absorbing[:, 1:] & ~batch.absorbing[:, :-1]
        terms["continuation"] = (
            binary_cross_entropy_with_logits(
                said.continuation.float().unflatten(0, (steps + 1, -1))[1:], (~ended).float().T, reduction="none"
            ),
            batch.policy_mask[:, 1:] | ended,
            learning.continuation_weight,
        )
    if network.consistency is not None:
        online = network.consistency.online(imagined)
        similarity = consistency_loss(online, _consistency_targets(network, network.consistency, batch))
        terms["consistency"] = (
            similarity.unflatten(0, (steps, -1)),
            batch.consistency_mask,
            learning.consistency_weight,
        )
    total = sum(weight * (term * mask.T).sum(dim=0) for term, mask, weight in terms.values())
    loss = (batch.weights * total).mean() / steps
    metrics = {
        f"{name}_loss": float((term * mask.T).sum().detach() / mask.sum().clamp(min=1))
        for name, (term, mask, _) in terms.items()
    }
    errors = (support.decode(value[0].detach()) - batch.value[:, 0]).abs()
    return loss, {"loss": float(loss.detach()), **metrics}, errors.cpu().numpy()


def _consistency_targets(network: EfficientZeroNetwork, branches: Consistency, batch: Batch) -> Tensor:
    """Projections of the later observations, depths first: ``[unroll x batch, width]``; no gradient."""
    later = batch.observations[:, 1:].transpose(0, 1).flatten(0, 1)
    with torch.no_grad():
        latent = network.represent(later)
        if network.normalised_by_batch:  # the empty observations past an end among them, where these are followed
            # As published: real states must count in the running statistics that searches from real states go by.
            network.predict(latent)
        return branches.target(latent)
