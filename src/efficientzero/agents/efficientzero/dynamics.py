"""The dynamics function, and the two ways of predicting its reward."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from efficientzero.networks.architecture import Architecture
from efficientzero.networks.blocks import ResidualBlock, convolution, feature_norm, scaled_latent
from efficientzero.networks.heads import Head, cell_features, constant_linear


class Dynamics(nn.Module):
    """latent, action -> next latent: convolution over latent and action planes, skip, residual block.

    A shallow one has a second convolution before the skip, and no block.

    Args:
        architecture: the representation's, whose latents these follow. actions: the number of actions.
    """

    def __init__(self, architecture: Architecture, actions: int):
        super().__init__()
        normalisation = architecture.normalisation
        self.scale = architecture.latent
        self.actions = actions
        self.one_hot = architecture.one_hot_actions
        planes = actions if self.one_hot else 1
        self.convolution = convolution(architecture.channels + planes, architecture.channels)
        self.norm = feature_norm(normalisation, architecture.channels)
        self.shallow = architecture.shallow
        if self.shallow:
            self.second = convolution(architecture.channels, architecture.channels)
            self.second_norm = feature_norm(normalisation, architecture.channels)
        else:
            self.block = ResidualBlock(normalisation, architecture.channels, architecture.channels)

    def forward(self, latent: Tensor, action: Tensor) -> Tensor:
        """``[batch, channels, h, w]``, int64 ``[batch]`` -> ``[batch, channels, h, w]``."""
        if self.one_hot:
            planes = nn.functional.one_hot(action, self.actions).to(latent.dtype)
        else:
            planes = (action.to(latent.dtype) / self.actions).unsqueeze(1)
        planes = planes[:, :, None, None].expand(-1, -1, *latent.shape[2:])
        # The search hands over latents in the order of its pool.
        inputs = torch.cat([latent, planes], dim=1).contiguous(memory_format=torch.channels_last)
        hidden = self.norm(self.convolution(inputs))
        if self.shallow:
            following = self.second_norm(self.second(hidden.relu_())).add_(latent).relu_()
        else:
            following = self.block(hidden.add_(latent).relu_())
        return scaled_latent(following, self.scale)


class RewardHead(nn.Module):
    """The reward of one transition, as in MuZero: it carries no state."""

    state_width = 0

    def __init__(self, architecture: Architecture, latent_shape: tuple[int, int, int], bins: int, *, pooling: str):
        super().__init__()
        self.head = Head(architecture, latent_shape, bins, pooling=pooling)

    def forward(self, latent: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """next latent, state ``[batch, 0]`` -> logits ``[batch, bins]``, the same state."""
        return self.head(latent), state

    def unrolled(self, latents: Tensor) -> Tensor:
        """The latents of consecutive steps ``[steps, batch, c, h, w]`` -> logits ``[steps, batch, bins]``."""
        return self.head(latents.flatten(0, 1)).unflatten(0, latents.shape[:2])


class ValuePrefixHead(nn.Module):
    """The sum of rewards since the state was last zero, by an LSTM over the latents (Ye et al. 2021, section 4.2).

    What follows the LSTM is normalised example by example whatever ``normalisation`` says: its outputs grow with the
    depth, and statistics shared by all depths would read them too low at the first and too high at the last.
    """

    def __init__(self, architecture: Architecture, latent_shape: tuple[int, int, int], bins: int, *, pooling: str):
        super().__init__()
        self.hidden = architecture.prefix_hidden
        self.state_width = 2 * self.hidden
        features, width = cell_features(architecture, latent_shape, pooling=pooling)
        self.reduce = nn.Sequential(*features)
        self.cell = nn.LSTMCell(width, self.hidden)
        self.output = nn.Sequential(
            nn.LayerNorm(self.hidden),
            nn.ReLU(inplace=True),
            nn.Linear(self.hidden, architecture.head_hidden),
            nn.LayerNorm(architecture.head_hidden),
            nn.ReLU(inplace=True),
            constant_linear(architecture.head_hidden, bins),
        )

    def forward(self, latent: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """next latent, state ``[batch, 2 hidden]`` (h and c side by side) -> logits ``[batch, bins]``, next state."""
        before = state[:, : self.hidden].contiguous(), state[:, self.hidden :].contiguous()
        h, c = self.cell(self.reduce(latent), before)
        return self.output(h), torch.cat([h, c], dim=1)

    def unrolled(self, latents: Tensor) -> Tensor:
        """The latents of the steps after a root ``[steps, batch, c, h, w]`` -> logits ``[steps, batch, bins]``."""
        inputs = self.reduce(latents.flatten(0, 1)).unflatten(0, latents.shape[:2])
        h = c = inputs.new_zeros(inputs.shape[1], self.hidden)
        hidden = []
        for step in inputs:
            h, c = self.cell(step, (h, c))
            hidden.append(h)
        return self.output(torch.cat(hidden)).unflatten(0, latents.shape[:2])
