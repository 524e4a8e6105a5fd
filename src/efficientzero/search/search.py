"""Search a batch of positions with a learned model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from efficientzero.compiled.tree import check_combination
from efficientzero.search.borrowed_tree import borrowed_tree
from efficientzero.search.latent_pool import LatentPool
from efficientzero.search.model import RecurrentOutput, SearchModel, SearchRoot
from efficientzero.search.result import SearchResult
from efficientzero.search.root_noise import mix_dirichlet

if TYPE_CHECKING:
    from efficientzero.parameters import Search


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
    check_combination(settings.policy, settings.q_transform)
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
