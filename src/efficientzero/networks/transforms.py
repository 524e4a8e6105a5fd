"""Value scaling h(x) and its categorical representation (MuZero, Schrittwieser et al. 2020, appendix F)."""

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
