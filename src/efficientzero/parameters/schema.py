"""``params.yaml`` as a whole: the kinds of agent, and everything beside them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from efficientzero.parameters.sections import (
    ConvolutionalNetwork,
    Count,
    Discount,
    Distribution,
    Environments,
    Exploration,
    Fraction,
    Learning,
    Milestones,
    Network,
    NonNegative,
    OffPolicyLearning,
    Positive,
    PositiveInt,
    Search,
    Section,
    UnrolledLearning,
)


class EfficientZeroSettings(Section):
    """EfficientZero; with its three components off it is MuZero-Reanalyze (Ye et al. 2021)."""

    kind: Literal["efficientzero"]
    consistency: bool
    value_prefix: bool
    off_policy_correction: bool
    # Whether the episode goes on after an imagined step. dense: predicted by a head like the others; any_cell: by one
    # that is the same in every cell of the latent state, one of which ends it; none: ends show in values alone.
    continuation: Literal["none", "dense", "any_cell"]
    discount: Discount
    network: Network
    search: Search
    exploration: Exploration
    learning: UnrolledLearning


class ModelFreeMuZeroSettings(Section):
    """EfficientZero's network and replay with Q-learning in place of model and search (Anand et al. 2021)."""

    kind: Literal["model_free_muzero"]
    off_policy_correction: bool
    discount: Discount
    network: Network
    exploration: Exploration
    learning: OffPolicyLearning


class RainbowSettings(Section):
    """Rainbow (Hessel et al. 2018); with its six components off it is DQN (Mnih et al. 2015)."""

    kind: Literal["rainbow"]
    distributional: bool
    double: bool
    dueling: bool
    noisy: bool
    multi_step: bool  # off: td_steps is 1
    prioritised: bool  # off: priority_exponent is 0
    discount: Discount
    network: ConvolutionalNetwork
    distribution: Distribution
    initial_noise: Positive  # of the noisy layers
    exploration: Exploration
    learning: Learning


class PPOSettings(Section):
    """PPO (Schulman et al. 2017), by stable-baselines3."""

    kind: Literal["ppo"]
    discount: Discount
    network: ConvolutionalNetwork
    rollout_steps: Annotated[int, Field(ge=2)]  # env steps of each environment that one update learns from
    epochs: PositiveInt
    minibatch_size: Annotated[int, Field(ge=2)]
    learning_rate: Positive
    gae_lambda: Fraction
    clip_range: Positive
    value_weight: NonNegative
    entropy_weight: NonNegative
    max_gradient_norm: Positive


class RandomSettings(Section):
    """Uniformly random actions."""

    kind: Literal["random"]


AgentSettings = Annotated[
    EfficientZeroSettings | ModelFreeMuZeroSettings | RainbowSettings | PPOSettings | RandomSettings,
    Field(discriminator="kind"),
]


class Finishing(Section):
    """The finishing branch of every milestone."""

    updates_fraction: NonNegative  # extra updates without new frames, as a share of the updates at the milestone
    # The finishing learning rate goes linearly from the first of these times `learning_rate` to the last.
    first_learning_rate_factor: Fraction
    last_learning_rate_factor: Fraction


class Evaluation(Section):
    """Scoring of a finished agent: unclipped returns of whole games."""

    episodes: PositiveInt
    # Draw each action as training does, or take the best (as published), but for `evaluation_epsilon`. Early in
    # training the best action by a hair is taken again and again, into a wall; sampling shows what has been learned.
    sample_actions: bool
    max_env_steps: PositiveInt | None  # null: only the game's own end and max_frames_per_episode
    video_env_steps: PositiveInt  # length of the recorded GIF


class Parameters(Section):
    """All of ``params.yaml``."""

    game: str
    profile: str
    agents: Annotated[list[str], Field(min_length=1)]
    seeds: Annotated[list[Count], Field(min_length=1)]
    milestones: Milestones
    warmup_env_steps: PositiveInt  # uniformly random env steps at the start of every run; part of the budget
    envs: Environments
    agent: dict[str, AgentSettings]
    finishing: Finishing
    evaluation: Evaluation
    device: Literal["auto", "cpu", "cuda"]
    threads: PositiveInt  # torch threads; on a CPU the last bits of a result may depend on it
    snapshot_seconds: Positive  # wall time between snapshots of a running stage; no result depends on it
