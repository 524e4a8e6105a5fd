"""The network of an agent that acts by the values of its actions: DQN, and Rainbow's additions to it."""

from __future__ import annotations

from torch import Tensor, nn

from efficientzero.networks.convolutions import Convolutions
from efficientzero.networks.noisy import NoisyLinear


class ValueNetwork(nn.Module):
    """Convolutions, one hidden layer, and the value (or its distribution) of each action.

    Args:
        convolutions: what comes before the linear layers.
        actions: the number of actions.
        hidden: width of the hidden layer; with ``dueling``, of each of the two.
        outputs: 1 for a plain value, or the number of atoms of its distribution.
        dueling: separate streams, each with its own hidden layer, for the value of the state and the advantage of
            each action (Wang et al. 2016, eq. 9; per atom as in Hessel et al. 2018).
        noisy: every linear layer is a :class:`NoisyLinear` (Fortunato et al. 2018).
        initial_noise: how noisy these are at first; without ``noisy`` it means nothing.
    """

    HEADS = ("state_stream", "action_stream")

    def __init__(
        self,
        convolutions: Convolutions,
        actions: int,
        *,
        hidden: int,
        outputs: int,
        dueling: bool,
        noisy: bool,
        initial_noise: float,
    ):
        super().__init__()

        def linear(inputs: int, width: int) -> nn.Module:
            return NoisyLinear(inputs, width, initial_noise) if noisy else nn.Linear(inputs, width)

        def stream(rows: int) -> nn.Module:
            return nn.Sequential(
                linear(convolutions.features, hidden),
                nn.ReLU(),
                linear(hidden, rows * outputs),
                nn.Unflatten(1, (rows, outputs)),
            )

        self.convolutions = convolutions
        self.state_stream = stream(1) if dueling else None
        self.action_stream = stream(actions)

    def forward(self, observation: Tensor) -> Tensor:
        """The values, or the logits of their distributions.

        Args:
            observation: uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1].

        Returns:
            float32 ``[batch, actions, outputs]``: logits over the atoms, or with one output the value at index 0.
        """
        features = self.convolutions(observation)
        advantage = self.action_stream(features).float()
        if self.state_stream is None:
            return advantage
        return self.state_stream(features) + advantage - advantage.mean(dim=1, keepdim=True)
