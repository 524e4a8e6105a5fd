"""The loss of an unrolled batch (Schrittwieser et al. 2020, appendix G; Ye et al. 2021, appendix A)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.augment import augmented
from efficientzero.networks import Consistency, EfficientZeroNetwork, consistency_loss, frozen_statistics
from efficientzero.parameters import EfficientZeroSettings


@dataclass(frozen=True)
class Batch:
    """Observations, actions and targets of ``batch`` positions unrolled ``unroll`` steps, on the device.

    Attributes:
        observations: ``[batch, seen, stacked channels, height, width]``, uint8, or float in [0, 1] once augmented;
            seen is unroll + 1, or 1 when later observations are not needed.
        actions: int64 ``[batch, unroll]``.
        policy: float32 ``[batch, unroll + 1, actions]``. value: float32 ``[batch, unroll + 1]``.
        reward: float32 ``[batch, unroll]``, rewards or value prefixes.
        policy_mask, value_mask: bool ``[batch, unroll + 1]``. reward_mask: bool ``[batch, unroll]``.
        weights: float32 ``[batch]``, importance-sampling weights.
    """

    observations: Tensor
    actions: Tensor
    policy: Tensor
    value: Tensor
    reward: Tensor
    policy_mask: Tensor
    value_mask: Tensor
    reward_mask: Tensor
    weights: Tensor

    @classmethod
    def to_device(cls, device: torch.device, **arrays: NDArray) -> Batch:
        """Moves NumPy arrays, one for each attribute."""
        return cls(**{field.name: torch.from_numpy(arrays[field.name]).to(device) for field in fields(cls)})

    def augmented(self, shift: int, intensity: float, random: np.random.Generator) -> Batch:
        """With each observation shifted and scaled on its own; they come out as float in [0, 1]."""
        images = augmented(self.observations.flatten(0, 1), shift, intensity, random)
        return replace(self, observations=images.unflatten(0, self.observations.shape[:2]))


def scale_gradient(tensor: Tensor, factor: float) -> Tensor:
    """The same values, with ``factor`` times the gradient."""
    return tensor * factor + tensor.detach() * (1.0 - factor)


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """-sum(target log softmax(logits)) over the last axis, in float32."""
    return -(target * torch.log_softmax(logits.float(), dim=-1)).sum(dim=-1)


def unrolled_loss(
    network: EfficientZeroNetwork, batch: Batch, settings: EfficientZeroSettings
) -> tuple[Tensor, dict[str, float], NDArray[np.float32]]:
    """The weighted mean loss of a batch.

    Policy and value are predicted at the root and after each imagined step, rewards (or value prefixes) and latent
    consistency after each imagined step. The sum over steps is divided by their number, and the gradient that reaches
    a latent state from later steps is halved.

    Returns:
        The loss; the mean of each of its terms over its unmasked entries; and the absolute error of each root value,
        float32 ``[batch]``.
    """
    learning, support = settings.learning, network.support
    steps = batch.actions.shape[1]
    value_target, reward_target = support.encode(batch.value), support.encode(batch.reward)
    latent = network.represent(batch.observations[:, 0])
    reward_state = network.initial_reward_state(len(batch.actions), latent.device)
    branches = network.consistency
    followed = _consistency_targets(network, branches, batch) if branches is not None else None

    policy_logits, value_logits = network.predict(latent)
    root_value = support.decode(value_logits.detach())
    policy = [cross_entropy(policy_logits, batch.policy[:, 0])]
    value = [cross_entropy(value_logits, value_target[:, 0])]
    reward, consistency = [], []
    for step in range(steps):
        latent, reward_state, reward_logits = network.step(latent, reward_state, batch.actions[:, step])
        policy_logits, value_logits = network.predict(latent)
        policy.append(cross_entropy(policy_logits, batch.policy[:, step + 1]))
        value.append(cross_entropy(value_logits, value_target[:, step + 1]))
        reward.append(cross_entropy(reward_logits, reward_target[:, step]))
        if branches is not None and followed is not None:
            consistency.append(consistency_loss(branches.online(latent), followed[:, step]))
        latent = scale_gradient(latent, 0.5)

    terms = {
        "policy": (torch.stack(policy, 1), batch.policy_mask, learning.policy_weight),
        "value": (torch.stack(value, 1), batch.value_mask, learning.value_weight),
        "reward": (torch.stack(reward, 1), batch.reward_mask, learning.reward_weight),
    }
    if followed is not None:
        terms["consistency"] = (torch.stack(consistency, 1), batch.policy_mask[:, 1:], learning.consistency_weight)
    total = sum(weight * (term * mask).sum(dim=1) for term, mask, weight in terms.values())
    loss = (batch.weights * total).mean() / steps
    figures = {
        f"{name}_loss": float((term * mask).sum().detach() / mask.sum().clamp(min=1))
        for name, (term, mask, _) in terms.items()
    }
    errors = (root_value - batch.value[:, 0]).abs()
    return loss, {"loss": float(loss.detach()), **figures}, errors.cpu().numpy()


def _consistency_targets(network: EfficientZeroNetwork, branches: Consistency, batch: Batch) -> Tensor:
    """Projections of the later observations, ``[batch, unroll, width]``; no gradient, no BatchNorm statistics moved."""
    later = batch.observations[:, 1:]
    with torch.no_grad(), frozen_statistics(network):
        projected = branches.target(network.represent(later.flatten(0, 1)))
    return projected.unflatten(0, later.shape[:2])
