"""Search a batch of positions with a learned model: mctx ``policies.py``, for any model of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.search.buffers import LatentPool, borrowed_tree
from efficientzero.search.model import RecurrentOutput, SearchModel, SearchRoot

if TYPE_CHECKING:
    from efficientzero.parameters import Search


@dataclass(frozen=True)
class SearchResult:
    """One row per root.

    action: int64 ``[b]``. PUCT: the most visited action (lowest index of several). Gumbel: of the most visited actions
        the one with the highest noise + log-prior + completed Q.
    visit_counts: int32 ``[b, actions]``, simulations through each root action.
    value: float32 ``[b]``. ``root_value`` mean: of the root's network value and the returns of all simulations. policy:
        the mean of the actions' Q-values by ``policy``, with the mixed value (Danihelka et al. 2022, appendix D) for
        an unvisited one. Sequential halving visits bad actions on purpose: the first is less than the policy earns.
    policy: float32 ``[b, actions]``, the policy target. PUCT: shares of the visits. Gumbel: softmax(prior_weight
        * log-prior + completed Q), with a weight of 1 as in Danihelka et al. 2022, section 4.
    q_values: float32 ``[b, actions]``, reward + discount * value of each visited root action; 0 for the others.
    """

    action: NDArray[np.int64]
    visit_counts: NDArray[np.int32]
    value: NDArray[np.float32]
    policy: NDArray[np.float32]
    q_values: NDArray[np.float32]

    @classmethod
    def empty(cls, actions: int) -> SearchResult:
        """The result for no roots."""
        return cls(
            action=np.zeros(0, np.int64),
            visit_counts=np.zeros((0, actions), np.int32),
            value=np.zeros(0, np.float32),
            policy=np.zeros((0, actions), np.float32),
            q_values=np.zeros((0, actions), np.float32),
        )


@torch.inference_mode()
def search(
    model: SearchModel,
    root: SearchRoot,
    settings: Search,
    *,
    discount: float,
    value_prefix_horizon: int | None,
    noise: NDArray[np.float32] | None,
    legal_actions: NDArray[np.bool_] | None = None,
) -> SearchResult:
    """Run ``settings.simulations`` simulations from every root and report what they found.

    discount: per env step, that is per action. value_prefix_horizon: None if the model predicts rewards; otherwise the
    actions between two resets of its reward state.
    noise: float32 ``[b, actions]``. Gumbel: Gumbel(0, T) samples, T the temperature; None: zeros. PUCT: Dirichlet
    samples, mixed into the root's prior by ``settings.dirichlet_fraction``; None: no noise. The same noise gives the
    same search.
    legal_actions: bool ``[b, actions]``; None: all. Illegal actions are never taken at a root.

    No roots give an empty result. Raises ValueError for a policy and a Q-transform that are meaningless together, for
    wrong shapes or dtypes, and for a root without a legal action; FloatingPointError for a prediction of NaN or inf.
    """
    if root.policy_logits.ndim != 2 or root.policy_logits.shape[1] == 0:
        raise ValueError(f"policy_logits: expected [batch, actions], got shape {list(root.policy_logits.shape)}")
    batch, actions = root.policy_logits.shape
    if batch == 0:
        return SearchResult.empty(actions)
    policy_logits = _to_numpy("policy_logits", root.policy_logits, (batch, actions))
    value = _to_numpy("value", root.value, (batch,))
    for name, tensor, dimensions in (("latent", root.latent, 1), ("reward_state", root.reward_state, 2)):
        if tensor.ndim < dimensions or tensor.shape[0] != batch:
            raise ValueError(f"{name}: expected [{batch}, ...], got shape {list(tensor.shape)}")
    if noise is not None:
        _check_noise(noise, (batch, actions))
        if settings.policy == "puct":
            policy_logits = mix_dirichlet(policy_logits, noise, settings.dirichlet_fraction)
    with borrowed_tree(settings, batch, actions, discount, value_prefix_horizon) as tree:
        tree.reset(
            policy_logits, value, legal_actions=legal_actions, gumbel=noise if settings.policy == "gumbel" else None
        )
        pool = LatentPool(root, settings.simulations, value_prefix_horizon)
        selection = torch.from_numpy(tree.packed_selection)
        for node in range(1, settings.simulations + 1):
            # One packed copy to the device and one back per simulation.
            tree.select()
            parent_index, action, depth = selection.to(root.latent.device, torch.int64)
            output = model.recurrent(*pool.gather(parent_index), action)
            prediction = _pack(output, batch, actions)
            tree.expand_and_backup(prediction[:, :actions], *prediction[:, actions:].T)
            pool.store(node, output, depth)
        pool.give_back()
        found = tree.summary()
        policy_value = found.pop("policy_value")
        if settings.root_value == "policy":
            found["value"] = policy_value
        return SearchResult(**found)


def mix_dirichlet(
    policy_logits: NDArray[np.float32], dirichlet: NDArray[np.float32], fraction: float
) -> NDArray[np.float32]:
    """Logits of ``(1 - fraction) * softmax(policy_logits) + fraction * dirichlet``; all ``[b, actions]``, float32.

    Illegal actions take part here and lose their share afterwards, as in mctx.
    """
    weights = np.exp(policy_logits - policy_logits.max(axis=1, keepdims=True))
    probabilities = (1.0 - fraction) * (weights / weights.sum(axis=1, keepdims=True)) + fraction * dirichlet
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)).astype(np.float32)


def _pack(output: RecurrentOutput, batch: int, actions: int) -> NDArray[np.float32]:
    """``[b, actions + 2]`` on the host: policy logits, value, reward; ``[b, actions + 3]`` with the continuation."""
    single = {"value": output.value, "reward": output.reward}
    if output.continuation is not None:
        single["continuation"] = output.continuation
    _check("policy_logits", output.policy_logits, (batch, actions))
    for name, tensor in single.items():
        _check(name, tensor, (batch,))
    return torch.cat((output.policy_logits, *(tensor[:, None] for tensor in single.values())), dim=1).cpu().numpy()


def _to_numpy(name: str, tensor: Tensor, shape: tuple[int, ...]) -> NDArray[np.float32]:
    _check(name, tensor, shape)
    return tensor.detach().cpu().numpy()


def _check(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tensor.shape != shape or tensor.dtype != torch.float32:
        raise ValueError(
            f"{name}: expected float32 {list(shape)} from the model, got {str(tensor.dtype).removeprefix('torch.')} "
            f"{list(tensor.shape)}"
        )


def _check_noise(noise: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    if noise.shape != shape or noise.dtype != np.float32 or not np.isfinite(noise).all():
        raise ValueError(f"noise: expected finite float32 {list(shape)}, got {noise.dtype} {list(noise.shape)}")
