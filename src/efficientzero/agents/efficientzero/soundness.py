"""Whether a network's model and values hold on what was recorded, in the mode that search uses and in that of training.

Acting, reanalysis and scoring run the network in evaluation mode, where BatchNorm normalises by its running statistics;
losses are computed in training mode, where it normalises by the batch. A model that is right in the one and wrong in
the other trains well and searches badly, and no loss shows it. With layer normalisation both are the same function, and
what is left to see is how well it holds at each depth. On positions of the run's own replay that is how well it was
learned; on those of games that it has not learned from, how far what it learned carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from efficientzero.agents.efficientzero.network import EfficientZeroNetwork
from efficientzero.agents.interface import Mode
from efficientzero.agents.targets import n_step_values, rewards, unroll
from efficientzero.networks import frozen_statistics
from efficientzero.records.instruments import Measurement
from efficientzero.replay import TERMINATED, Recording
from efficientzero.search import SearchResult

POSITIONS = 256  # known to the end they give a correlation to about .06
SEARCHED = 128  # of them; a search costs as much as unrolling in both modes, and means need fewer
ENDS_SHARE = 4  # one position in so many is one at which an episode ended: a uniform sample has too few of them
MODES: tuple[Mode, Mode] = ("evaluation", "training")
# Predictions that vary by less than this share of what they predict are rounding: their correlation would be chance.
NEGLIGIBLE = 1e-6
ROUNDING = 1e-5  # the value that a network of zeros decodes to is no larger


@dataclass(frozen=True)
class Sample:
    """Recorded positions and what came of them.

    Attributes:
        observations: uint8 ``[n, stacked channels, height, width]``.
        actions: int64 ``[n, unroll]``, those taken from each position on; past an episode's end any.
        rewards: float32 ``[n, unroll]``, as the agent learns from them. real: bool ``[n, unroll]``, where one was
            recorded; past an episode's end there is nothing to compare with.
        returns: float32 ``[n]``, the discounted sum of the recorded rewards to the episode's end. ended: bool ``[n]``,
            whether that end is a recorded termination; else the return is not known.
        last_observations: uint8 ``[ends, stacked channels, height, width]``, those before a recorded termination.
        last_actions: int64 ``[ends, unroll]``: the action that ended the episode, and then any.
    """

    observations: NDArray[np.uint8]
    actions: NDArray[np.int64]
    rewards: NDArray[np.float32]
    real: NDArray[np.bool_]
    returns: NDArray[np.float32]
    ended: NDArray[np.bool_]
    last_observations: NDArray[np.uint8]
    last_actions: NDArray[np.int64]


def draw_sample(
    recording: Recording,
    random: np.random.Generator,
    *,
    unroll_steps: int,
    actions: int,
    discount: float,
    positions: int = POSITIONS,
) -> Sample:
    """``positions`` different ones and a quarter as many ends, or all where there are fewer, drawn uniformly.

    Args:
        random: what is drawn from. unroll_steps: imagined steps. actions: the number of actions. discount: per env
            step, of the returns.
    """
    drawn = random.choice(len(recording), size=min(positions, len(recording)), replace=False).astype(np.int64)
    rows, environments = recording.locate(drawn)
    unrolled = unroll(recording, drawn, unroll_steps, 1)
    real = unrolled.real[:, :-1]
    taken = recording.actions[unrolled.rows[:, :-1], unrolled.environments[:, :-1]].astype(np.int64)
    reward, _ = rewards(recording, unrolled)
    # As many steps as there are rows reach every end, and past a termination nothing is bootstrapped.
    whole = unroll(recording, drawn, 0, recording.rows)
    returns = n_step_values(recording, whole, np.zeros(whole.rows.shape, np.float32), discount)[:, 0]
    ends = np.argwhere(recording.endings == TERMINATED)
    ends = random.permutation(ends)[: positions // ENDS_SHARE]
    last_actions = random.integers(actions, size=(len(ends), unroll_steps))
    if unroll_steps:
        last_actions[:, 0] = recording.actions[ends[:, 0], ends[:, 1]]
    return Sample(
        last_observations=recording.stacks(ends[:, 0], ends[:, 1]),
        last_actions=last_actions,
        observations=recording.stacks(rows, environments),
        actions=np.where(real, taken, random.integers(actions, size=taken.shape)),  # as in training
        rewards=reward,
        real=real,
        returns=returns,
        ended=recording.terminated(rows, environments),
    )


@contextmanager
def normalised(network: nn.Module, mode: Mode) -> Iterator[None]:
    """Puts the network in a mode; then it is in the one that it was in before, with the statistics it had."""
    before = network.training
    try:
        network.train(mode == "training")
        if mode == "training":
            with frozen_statistics(network):
                yield
        else:
            yield
    finally:
        network.train(before)


@dataclass(frozen=True)
class Predictions:
    """What a model says of the sample's positions.

    Attributes:
        value: float32 ``[n]``, of the roots. reward: float32 ``[n, unroll]``, of each imagined step.
        norm: float32 ``[n, unroll + 1]``, L2 norms of the latents from the root on.
    """

    value: NDArray[np.float32]
    reward: NDArray[np.float32]
    norm: NDArray[np.float32]


def predictions(
    network: EfficientZeroNetwork, observations: Tensor, actions: Tensor, *, value_prefix: bool
) -> Predictions:
    """Unrolls the model along the actions, in whatever mode it is in.

    Args:
        observations: uint8 ``[n, stacked channels, height, width]``. actions: int64 ``[n, unroll]``.
        value_prefix: whether the network predicts sums of rewards, whose increments are the rewards of the steps.
    """
    latent = network.represent(observations)
    reward_state = network.initial_reward_state(len(observations), observations.device)
    value = network.predict(latent).value
    logits, norms = [], [latent.float().flatten(1).norm(dim=1)]
    for action in actions.unbind(1):
        latent, reward_state, reward = network.step(latent, reward_state, action)
        logits.append(reward)
        norms.append(latent.float().flatten(1).norm(dim=1))
    decoded = network.support.decode(torch.stack(logits, dim=1)).cpu().numpy()
    return Predictions(
        value=network.support.decode(value).cpu().numpy(),
        reward=np.diff(decoded, axis=1, prepend=np.float32(0.0)) if value_prefix else decoded,
        norm=torch.stack(norms, dim=1).cpu().numpy(),
    )


def values_along(network: EfficientZeroNetwork, observations: Tensor, actions: Tensor) -> NDArray[np.float32]:
    """The value after each of the actions, float32 ``[n, unroll]``, in whatever mode the network is in.

    As in a search, a value counts times the probability that the episode goes on until there.

    Args:
        observations: uint8 ``[n, stacked channels, height, width]``. actions: int64 ``[n, unroll]``.
    """
    latent, values = network.represent(observations), []
    reached = torch.ones(len(observations), device=observations.device)
    for action in actions.unbind(1):
        latent = network.dynamics(latent, action)
        said = network.predict(latent)
        reached = reached if said.goes_on is None else reached * said.goes_on
        values.append(reached * network.support.decode(said.value))
    return torch.stack(values, dim=1).cpu().numpy()


def model_soundness(
    sample: Sample,
    predict: Callable[[Mode], Predictions],
    values_past_ends: NDArray[np.float32],
    search: Callable[[NDArray[np.uint8]], SearchResult],
) -> list[Measurement]:
    """All that is measured of an agent that searches a model.

    Args:
        predict: what the model says of the sample in a mode. values_past_ends: float32 ``[ends, unroll]``, in
            evaluation mode after each of the sample's last actions. search: as search targets are made.
    """
    said = {mode: predict(mode) for mode in MODES}
    evaluation = said["evaluation"]
    found = search(sample.observations[:SEARCHED])
    drift = found.value - evaluation.value[:SEARCHED]
    measured = []
    for depth in range(1, sample.rewards.shape[1] + 1):
        real = sample.real[:, depth - 1]
        true, count = sample.rewards[real, depth - 1], int(real.sum())
        measured.append(Measurement("rewarded_positions", depth, "recorded", float((true != 0.0).sum()), count))
        for mode in MODES:
            value = correlation(said[mode].reward[real, depth - 1], true)
            measured.append(Measurement("reward_correlation", depth, mode, value, count))
    for depth in range(evaluation.norm.shape[1]):
        real = sample.real[:, max(depth - 1, 0)]
        measured.append(
            Measurement("latent_norm", depth, "evaluation", mean(evaluation.norm[real, depth]), int(real.sum()))
        )
    measured += _past_ends(values_past_ends, evaluation.value)
    count, actions = found.policy.shape
    policy = np.maximum(found.policy.astype(np.float64), np.finfo(np.float32).tiny)
    entropy = mean(-(policy * np.log(policy)).sum(axis=1) / np.log(actions)) if actions > 1 else None
    return [
        *measured,
        *value_soundness(sample, {mode: said[mode].value for mode in MODES}),
        Measurement("search_minus_network_value", 0, "evaluation", mean(drift), count),
        Measurement("search_policy_entropy", 0, "evaluation", entropy, count),
    ]


def _past_ends(values: NDArray[np.float32], usual_values: NDArray[np.float32]) -> Iterator[Measurement]:
    """What is expected of an episode after its end, where there is nothing, next to what is expected at a root."""
    usual = mean(np.abs(usual_values))
    measurable = usual is not None and usual > ROUNDING
    for depth, expected in enumerate(np.abs(values).T, start=1):
        share = mean(expected / usual) if measurable else None
        yield Measurement("value_past_end", depth, "evaluation", share, len(values))


def value_soundness(sample: Sample, values: Mapping[Mode, NDArray[np.float32]]) -> list[Measurement]:
    """What is measured of root values alone.

    The returns are those of the policies that recorded them, so even right values of a better policy lie above.

    Args:
        values: float32 ``[n]``, the root values, in each mode.
    """
    returns, count = sample.returns[sample.ended].astype(np.float64), int(sample.ended.sum())
    deviation = float(returns.std()) if count else None
    measured = [
        Measurement("return_mean", 0, "recorded", mean(returns), count),
        Measurement("return_deviation", 0, "recorded", deviation, count),
    ]
    for mode in MODES:
        known = values[mode][sample.ended]
        measured += [
            Measurement("value_bias", 0, mode, mean(known - returns), count),
            Measurement("value_correlation", 0, mode, correlation(known, returns), count),
        ]
    apart = np.abs(values["training"].astype(np.float64) - values["evaluation"])
    return [*measured, Measurement("value_difference_of_modes", 0, "training", mean(apart), len(apart))]


def mean(values: NDArray) -> float | None:
    """The mean in float64; None of nothing, or where it is not finite."""
    found = float(values.astype(np.float64).mean()) if len(values) else np.nan
    return found if np.isfinite(found) else None


def correlation(predicted: NDArray, true: NDArray) -> float | None:
    """Pearson's correlation; None where ``true`` does not vary. A constant prediction follows nothing: 0."""
    if len(true) < 2:
        return None
    predicted, true = predicted.astype(np.float64), true.astype(np.float64)
    spread = true.std()
    if spread == 0.0:
        return None
    if predicted.std() <= NEGLIGIBLE * spread:
        return 0.0
    found = float(np.corrcoef(predicted, true)[0, 1])
    return found if np.isfinite(found) else None
