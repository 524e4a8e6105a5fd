"""Distributions of returns over fixed atoms (C51; Bellemare, Dabney & Munos 2017)."""

from __future__ import annotations

import torch
from torch import Tensor


class ReturnDistribution:
    """Atoms equally spaced over returns in [-maximum, maximum].

    Args:
        maximum: the largest return that has an atom; 10 in the paper, with clipped rewards.
        atoms: how many; 51 in the paper.

    Attributes:
        spacing: the distance between neighbouring atoms.

    Raises:
        ValueError: fewer than 2 atoms, or a maximum that is not positive.
    """

    def __init__(self, maximum: float, atoms: int):
        if atoms < 2 or maximum <= 0.0:
            raise ValueError(
                f"a distribution of returns needs at least 2 atoms and a positive maximum, not {atoms} and {maximum}"
            )
        self.maximum = float(maximum)
        self.atoms = atoms
        self.spacing = 2.0 * self.maximum / (atoms - 1)

    def support(self, device: torch.device | str) -> Tensor:
        """The return of each atom, in ascending order: float32 ``[atoms]``."""
        return torch.linspace(-self.maximum, self.maximum, self.atoms, device=device)

    def mean(self, logits: Tensor) -> Tensor:
        """The expected return: logits ``[..., atoms]`` of any floating dtype -> float32 ``[...]``."""
        # Not a matrix product, which autocast would do in half precision.
        return (torch.softmax(logits.float(), dim=-1) * self.support(logits.device)).sum(dim=-1)

    def project(self, probabilities: Tensor, reward: Tensor, factor: Tensor) -> Tensor:
        """The distribution of reward + factor * return, projected onto the atoms (Bellemare et al. 2017, algorithm 1).

        The mass of a return between two atoms is shared between them by nearness; beyond the ends it goes to the end.

        Args:
            probabilities: ``[batch, atoms]``, the distribution of the return that is bootstrapped from.
            reward: ``[batch]``, the sum of discounted rewards up to there.
            factor: ``[batch]``, discount^n for n rewards; 0 past a termination, when all mass lies on the reward.

        Returns:
            float32 ``[batch, atoms]``, each row with the mass of its row of probabilities.
        """
        # Counted in spacings, in which the atoms lie at whole numbers that floats hold exactly.
        middle = 0.5 * (self.atoms - 1)
        atom = torch.arange(self.atoms, device=probabilities.device, dtype=torch.float32) - middle
        position = reward.float().unsqueeze(1) / self.spacing + factor.float().unsqueeze(1) * atom + middle
        position = position.clamp(0.0, self.atoms - 1.0)
        # The last atom has no neighbour above: a return there is all of the upper share of the pair below.
        lower = position.floor().clamp(max=self.atoms - 2.0)
        upper_share = position - lower
        index = lower.long()
        mass = probabilities.float()
        projected = torch.zeros_like(mass).scatter_add_(1, index, mass * (1.0 - upper_share))
        return projected.scatter_add_(1, index + 1, mass * upper_share)
