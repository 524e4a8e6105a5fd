"""All that an agent saves, as named arrays, and back: networks, the moments of an optimiser, and what it counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray


def network_arrays(network: torch.nn.Module, prefix: str = "") -> dict[str, NDArray]:
    """``{"<prefix><name>": array}`` of a network's ``state_dict``."""
    return {f"{prefix}{name}": tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def load_network(network: torch.nn.Module, arrays: dict[str, NDArray], prefix: str) -> None:
    """Copies the arrays under a prefix into a network.

    Raises:
        ValueError: names an array that is missing, unknown or of another shape.
    """
    own = network.state_dict()
    given = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    for name in sorted(own.keys() | given.keys()):
        if name not in given or name not in own:
            raise ValueError(f"the saved agent {'lacks' if name in own else 'has an unknown'} {prefix}{name}")
        if tuple(own[name].shape) != given[name].shape:
            raise ValueError(f"{prefix}{name} is {given[name].shape} in the saved agent, {tuple(own[name].shape)} here")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(torch.from_numpy(np.array(given[name])))


def optimizer_arrays(network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, NDArray]:
    """``{"<weight>.<moment>": array}``; empty before the first update."""
    return {
        f"{name}.{moment}": tensor.detach().cpu().numpy()
        for name, weight in network.named_parameters()
        for moment, tensor in optimizer.state.get(weight, {}).items()
        if tensor is not None
    }


def load_optimizer(
    network: torch.nn.Module, optimizer: torch.optim.Optimizer, arrays: dict[str, NDArray], prefix: str
) -> None:
    """Replaces an optimiser's state by what :func:`optimizer_arrays` gave, stored under ``prefix``.

    Raises:
        ValueError: names an array of an unknown weight, of another shape than its weight, or that a weight lacks.
    """
    weights = dict(network.named_parameters())
    optimizer.state.clear()
    for name, array in arrays.items():
        if not name.startswith(prefix):
            continue
        weight_name, _, moment = name.removeprefix(prefix).rpartition(".")
        weight = weights.get(weight_name)
        if weight is None or array.shape not in ((), tuple(weight.shape)):
            raise ValueError(f"{name} {array.shape} in the saved agent belongs to no weight of this network")
        given = torch.tensor(np.array(array), device=weight.device)
        # A fused optimiser takes for granted that moments lie in memory as their weights do.
        optimizer.state[weight][moment] = torch.empty_like(weight.detach()).copy_(given) if given.shape else given
    moments = sorted({moment for state in optimizer.state.values() for moment in state})
    for weight_name, weight in weights.items():
        for moment in moments:
            if moment not in optimizer.state[weight]:
                raise ValueError(f"the saved agent lacks {prefix}{weight_name}.{moment}")


def agent_arrays(
    networks: Mapping[str, torch.nn.Module],
    learned: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    updates: int,
    flops: int,
) -> dict[str, NDArray]:
    """``{"<network>.<weight>", "optimizer.<weight>.<moment>", "updates", "flops": array}`` of an agent.

    Args:
        networks: by their names. learned: the one of them that the optimiser changes.
    """
    arrays = {"updates": np.array(updates, np.int64), "flops": np.array(flops, np.int64)}
    arrays |= {f"optimizer.{name}": array for name, array in optimizer_arrays(learned, optimizer).items()}
    for name, network in networks.items():
        arrays |= network_arrays(network, f"{name}.")
    return arrays


def restore_agent(
    arrays: dict[str, NDArray],
    networks: Mapping[str, torch.nn.Module],
    learned: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
) -> tuple[int, int]:
    """The inverse of :func:`agent_arrays`, in place; returns the updates and the operations.

    Raises:
        ValueError: names what is missing, unexpected, or of another shape.
    """
    for name in ("updates", "flops"):
        if name not in arrays:
            raise ValueError(f"the saved agent lacks {name}")
    for name in arrays:
        if name not in ("updates", "flops") and name.split(".")[0] not in {*networks, "optimizer"}:
            raise ValueError(f"the saved agent has an unknown {name}")
    for name, network in networks.items():
        load_network(network, arrays, f"{name}.")
    load_optimizer(learned, optimizer, arrays, "optimizer.")
    return int(arrays["updates"]), int(arrays["flops"])


def weight_count(network: torch.nn.Module) -> int:
    """Trainable numbers in a network."""
    return sum(weight.numel() for weight in network.parameters())
