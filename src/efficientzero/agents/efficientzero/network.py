"""EfficientZero's network: representation, dynamics, prediction, consistency branches; the model of a search."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from efficientzero.agents.efficientzero.dynamics import Dynamics, RewardHead, ValuePrefixHead
from efficientzero.networks import (
    AnyCellHead,
    Architecture,
    CategoricalSupport,
    Head,
    Representation,
    architecture_for,
    trunk,
)
from efficientzero.parameters import Network
from efficientzero.search import RecurrentOutput, SearchRoot

CONTINUES_AT_FIRST = 3.0  # logit: an end is rare, and a new network expects none


class Prediction(NamedTuple):
    """What is said of latent states.

    Attributes:
        policy: logits ``[batch, actions]``. value: logits ``[batch, bins]``; of a state in which the episode goes on,
            where the network predicts whether it does. continuation: logits ``[batch]`` of that, or None.
    """

    policy: Tensor
    value: Tensor
    continuation: Tensor | None

    @property
    def goes_on(self) -> Tensor | None:
        """float32 ``[batch]``, the probability that the episode goes on in imagined states, or None."""
        return None if self.continuation is None else torch.sigmoid(self.continuation.float())


class Consistency(nn.Module):
    """Self-supervised consistency of latent states (SimSiam; Chen & He 2021, Ye et al. 2021, section 4.1).

    Projector and predictor over flattened latent states.
    """

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


class EfficientZeroNetwork(nn.Module):
    """MuZero's network; EfficientZero's value prefix and consistency, and a continuation, are parts that may be absent.

    Args:
        settings: size, normalisation, scale of the latent state, depth on a grid, bins of values and rewards.
        input_shape: ``(stacked channels, height, width)`` of an observation.
        actions: the number of actions.
        value_prefix: predict the sum of rewards by an LSTM instead of each reward.
        consistency: have the SimSiam branches.
        continuation: predict of imagined states whether the episode goes on (as Dreamer does; Hafner et al. 2020), by a
            head like the others (``dense``), by one that is the same in every cell (``any_cell``), or not (``none``).
        shift: cells by which policy and value see latent states shifted while they learn; see
            :class:`efficientzero.networks.heads.ShiftedCells`. Rewards and ends do not: search needs them exact.
    """

    HEADS = ("reward", "policy", "value", "continuation", "consistency")  # all but what makes latent states

    def __init__(
        self,
        settings: Network,
        input_shape: tuple[int, int, int],
        actions: int,
        *,
        value_prefix: bool,
        consistency: bool,
        continuation: Literal["none", "dense", "any_cell"],
        shift: int = 0,
    ):
        super().__init__()
        architecture = architecture_for(settings, input_shape)
        bins, pooling = settings.support_bins, settings.reward_pooling
        self.support = CategoricalSupport(settings.support_maximum, bins)
        self.normalised_by_batch = architecture.normalisation == "batch"
        self.representation = Representation(architecture, input_shape)
        latent_shape = self.representation.latent_shape
        self.dynamics = Dynamics(architecture, actions)
        reward_head = ValuePrefixHead if value_prefix else RewardHead
        self.reward = reward_head(architecture, latent_shape, bins, pooling=pooling)
        self.trunk = trunk(architecture)
        self.policy = Head(architecture, latent_shape, actions, shift=shift)
        self.value = Head(architecture, latent_shape, bins, shift=shift)
        self.continuation: nn.Module | None = None
        if continuation == "dense":
            self.continuation = Head(architecture, latent_shape, 1, initial=CONTINUES_AT_FIRST)
        elif continuation == "any_cell":
            self.continuation = AnyCellHead(latent_shape, initial=CONTINUES_AT_FIRST)
        latent_size = latent_shape[0] * latent_shape[1] * latent_shape[2]
        self.consistency = Consistency(architecture, latent_size) if consistency else None
        # On a CPU a convolution of few channels is faster with the channels last in memory.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its overloads leave this one out

    def train(self, mode: bool = True) -> EfficientZeroNetwork:
        """As torch's, but at no cost where the network is in that mode: updates and searches ask every time.

        So its parts are only to be switched together.
        """
        return self if self.training == mode else super().train(mode)

    def represent(self, observation: Tensor) -> Tensor:
        """uint8 ``[batch, stacked channels, height, width]``, or float in [0, 1], -> latent ``[batch, c, h, w]``."""
        return self.representation(observation)

    def initial_reward_state(self, batch: int, device: torch.device) -> Tensor:
        """The state that the reward is predicted from at the root: zeros ``[batch, width]``; width 0 without prefix."""
        return torch.zeros(batch, self.reward.state_width, device=device)

    def step(self, latent: Tensor, reward_state: Tensor, action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """One imagined step.

        Args:
            latent: ``[batch, c, h, w]``. reward_state: ``[batch, width]``. action: int64 ``[batch]``.

        Returns:
            The next latent, the next reward state, and reward (or value-prefix) logits ``[batch, bins]``.
        """
        latent = self.dynamics(latent, action)
        logits, reward_state = self.reward(latent, reward_state)
        return latent, reward_state, logits

    def predict(self, latent: Tensor) -> Prediction:
        """Latent states ``[batch, c, h, w]``, real or imagined -> what is said of them."""
        features = self.trunk(latent)
        continuation = None
        if self.continuation is not None:
            # By cells, it needs no more than the cells that the dynamics made.
            continuation = self.continuation(latent if isinstance(self.continuation, AnyCellHead) else features)[:, 0]
        return Prediction(self.policy(features), self.value(features), continuation)

    def root(self, observation: Tensor) -> SearchRoot:
        """uint8 ``[batch, stacked channels, height, width]`` -> the roots of a search."""
        latent = self.represent(observation)
        said = self.predict(latent)
        return SearchRoot(
            latent=latent,
            reward_state=self.initial_reward_state(len(observation), observation.device),
            value=self.support.decode(said.value),  # of what is real: the episode goes on
            policy_logits=said.policy.float(),
        )

    def recurrent(self, latent: Tensor, reward_state: Tensor, action: Tensor) -> RecurrentOutput:
        """One imagined step of a search; the reward is the value prefix where the network predicts prefixes."""
        latent, reward_state, reward = self.step(latent, reward_state, action)
        said = self.predict(latent)
        reward, value = self.support.decode(torch.stack([reward, said.value])).unbind()
        return RecurrentOutput(
            latent=latent,
            reward_state=reward_state,
            reward=reward,
            value=value,
            policy_logits=said.policy.float(),
            continuation=said.goes_on,
        )
