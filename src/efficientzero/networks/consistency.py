"""Self-supervised consistency of latent states (SimSiam; Chen & He 2021, Ye et al. 2021, section 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from efficientzero.networks.architecture import Architecture


class Consistency(nn.Module):
    """Projector and predictor over flattened latent states."""

    def __init__(self, architecture: Architecture, latent_size: int):
        super().__init__()
        hidden, output = architecture.projection_hidden, architecture.projection_output
        self.projector = nn.Sequential(
            nn.Flatten(),
            nn.Linear(latent_size, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            nn.Linear(hidden, output),
            nn.BatchNorm1d(output),
        )
        self.predictor = nn.Sequential(
            nn.Linear(output, architecture.predictor_hidden),
            nn.BatchNorm1d(architecture.predictor_hidden),
            nn.ReLU(inplace=True),
            nn.Linear(architecture.predictor_hidden, output),
        )

    def online(self, latent: Tensor) -> Tensor:
        """The branch that learns: ``[batch, channels, h, w]`` -> ``[batch, output]``."""
        return self.predictor(self.projector(latent))

    def target(self, latent: Tensor) -> Tensor:
        """The branch that is followed; the caller stops its gradient."""
        return self.projector(latent)


def consistency_loss(online: Tensor, target: Tensor) -> Tensor:
    """Negative cosine similarity in [-1, 1], shape ``[batch]``; no gradient flows into ``target``."""
    return -torch.nn.functional.cosine_similarity(online.float(), target.detach().float(), dim=1, eps=1e-5)
