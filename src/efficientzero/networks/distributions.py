"""Numbers that a network says as a distribution over fixed points: scaled values of MuZero, and returns of C51.

Values are scaled by h(x) and stand in equally spaced bins (Schrittwieser et al. 2020, appendix F); returns have atoms
(Bellemare, Dabney & Munos 2017).
"""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = 0.001


def scale(value: Tensor) -> Tensor:
    """h(x) = sign(x) (sqrt(|x| + 1) - 1) + 0.001 x, elementwise."""
    return torch.sign(value) * (torch.sqrt(value.abs() + 1.0) - 1.0) + EPSILON * value


def unscale(scaled: Tensor) -> Tensor:
    """The inverse of :func:`scale`, elementwise (Pohlen et al. 2018, proposition A.2)."""
    # (sqrt(1 + 4 eps (|y| + 1 + eps)) - 1) / (2 eps) is r = sqrt(|x| + 1). Its square less 1, rearranged around y = 0,
    # where r = 1, so that small values keep their digits: r - 1 = 2 |y| / (1 + 2 eps + sqrt(...)).
    size = scaled.abs()
    root_less_one = 2.0 * size / (1.0 + 2.0 * EPSILON + torch.sqrt(1.0 + 4.0 * EPSILON * (size + 1.0 + EPSILON)))
    return torch.sign(scaled) * root_less_one * (root_less_one + 2.0)


class CategoricalSupport:
    """Equally spaced bins over scaled values in [-maximum, maximum].

    Args:
        maximum: the largest representable h(x).
        bins: how many bins, odd, so that zero is one of them.
    """

    def __init__(self, maximum: float, bins: int):
        if bins < 3 or bins % 2 == 0:
            raise ValueError(f"a categorical support needs an odd number of at least 3 bins, not {bins}")
        self.maximum = float(maximum)
        self.bins = bins
        self.spacing = 2.0 * self.maximum / (bins - 1)

    def encode(self, value: Tensor) -> Tensor:
        """The two-hot distribution whose mean is h(value), clipped to the support.

        Args:
            value: float32 of any shape, unscaled.

        Returns:
            float32 of shape ``[*value.shape, bins]``, each row summing to 1 with at most two non-zero entries.
        """
        position = (scale(value).clamp(-self.maximum, self.maximum) + self.maximum) / self.spacing
        lower = position.floor().clamp(max=self.bins - 2)
        weight = (position - lower).unsqueeze(-1)
        lower = lower.long().unsqueeze(-1)
        target = torch.zeros(*value.shape, self.bins, dtype=torch.float32, device=value.device)
        target.scatter_(-1, lower, 1.0 - weight)
        return target.scatter_(-1, lower + 1, weight)

    def decode(self, logits: Tensor) -> Tensor:
        """The unscaled value of a categorical distribution given by its logits.

        Args:
            logits: shape ``[..., bins]``, any floating dtype.

        Returns:
            float32 of shape ``[...]``.
        """
        centres = torch.linspace(-self.maximum, self.maximum, self.bins, device=logits.device)
        # Not a matrix product, which autocast would do in half precision.
        return unscale((torch.softmax(logits.float(), dim=-1) * centres).sum(dim=-1))


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


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """-sum(target log softmax(logits)) over the last axis, in float32."""
    return -(target * torch.log_softmax(logits.float(), dim=-1)).sum(dim=-1)
