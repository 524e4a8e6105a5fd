"""The groups of parameters: each one's type, unit and range."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

PositiveInt = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Discount = Annotated[float, Field(gt=0.0, le=1.0)]  # per env step


class Section(BaseModel):
    """A group of parameters: no unknown keys, no silent conversions between types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class RepeatedActions(Section):
    """Exploration that lasts, the same for every agent: epsilon-z-greedy (Dabney, Ostrovski & Barreto 2021)."""

    probability: Fraction  # that an environment begins to repeat a random action, per env step of training; 0: off
    duration_exponent: Annotated[float, Field(gt=1.0)]  # mu: it lasts n env steps with a probability ~ n ** -mu ...
    longest_env_steps: PositiveInt  # ... what would last longer is cut to this, as it is by a game's end


class Environments(Section):
    """The protocol of the vectorised environments."""

    count: PositiveInt  # environments stepped together; one vector step is `count` env steps
    frame_skip: PositiveInt  # ALE frames per env step, maximum over the last two; MinAtar has 1
    frame_stack: PositiveInt  # observations stacked as the network's input; MinAtar has 1
    size: PositiveInt  # height and width of an ALE observation in pixels; MinAtar is 10
    color: Literal["grey", "rgb"]
    noop_max: Count  # up to this many no-op frames after a reset
    sticky_actions: Literal["standard"] | Fraction  # "standard": 0 for ALE, 0.1 for MinAtar
    terminal_on_life_loss: bool  # in training only
    clip_rewards: bool  # sign of the reward, in training only
    max_frames_per_episode: PositiveInt  # a time limit: truncates, does not terminate
    # In training, environment i's first episode is cut (truncated) after (i + 1) / count of this many env steps, so
    # that the environments run out of phase; 0: off.
    stagger_env_steps: Count
    repeated_actions: RepeatedActions


def doubling_list(first: int, env_steps: int) -> list[dict[str, int]]:
    """``[{from: 0, to: first}, {from: first, to: 2 first}, ...]`` up to `env_steps`, in env steps.

    Raising `env_steps` only appends, so the earlier milestones of a run stay as they are. Raises ValueError, naming the
    nearest that work, unless `env_steps` is `first` times a power of two.
    """
    milestones = [first]
    while milestones[-1] * 2 <= env_steps:
        milestones.append(milestones[-1] * 2)
    if milestones[-1] != env_steps:
        nearest = f"{first}" if env_steps < first else f"{milestones[-1]} or {2 * milestones[-1]}"
        raise ValueError(
            f"must be milestones.first ({first}) doubled some number of times; the nearest to {env_steps}: {nearest}"
        )
    return [{"from": start, "to": end} for start, end in zip([0, *milestones], milestones, strict=False)]


class MilestoneStep(Section):
    """From one milestone to the next, in env steps: ``train`` grows the run ``from`` -> ``to``."""

    from_: Annotated[int, Field(alias="from", ge=0)]
    to: PositiveInt


class Milestones(Section):
    """Where a run is kept, finished and scored; the Hydra resolver computes ``list`` from the other two."""

    first: PositiveInt
    env_steps: PositiveInt
    list: Annotated[list[MilestoneStep], Field(min_length=1)]


class Network(Section):
    """Which published or small network; see ``efficientzero.networks``."""

    size: Literal["small", "atari100k"]
    # Of every layer that the search runs through. layer: each example on its own, so that search sees the very function
    # that training made (what represents images: each channel on its own too, so that a ball is seen). batch: as
    # published; by the batch in training, by running statistics in search.
    # cell: as layer, but each cell's channels on their own, so that what is elsewhere on the grid plays no part.
    normalisation: Literal["layer", "cell", "batch"]
    # min_max: every latent state, real or imagined, is scaled to [0, 1] (MuZero, appendix G). free: as published for
    # EfficientZero; imagined states may grow with depth. standard: a mean of 0 and a variance of 1; standard_cells: of
    # each cell's channels.
    latent: Literal["min_max", "standard", "standard_cells", "free"]
    # Convolutions that see an object grid, which says itself what is in each cell. deep: four (atari100k: seven)
    # make the latent state, three the next one, and two more stand before policy and value. shallow: one, two and none.
    # Images: always deep.
    grid_depth: Literal["deep", "shallow"]
    # What rewards (or value prefixes) are predicted from. none: a dense layer over all cells of the latent state.
    # max_and_sum: each channel's maximum and sum over the cells, so that a reward learned in one place is known in all.
    # Model-free MuZero predicts no rewards.
    reward_pooling: Literal["none", "max_and_sum"]
    support_maximum: Positive  # categorical supports cover h(x) in [-maximum, maximum]
    support_bins: Annotated[int, Field(ge=3)]

    @field_validator("support_bins")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError("must be odd, so that zero is a bin")
        return value


class Search(Section):
    """Tree search, in acting and reanalysis alike."""

    policy: Literal["gumbel", "puct"]
    simulations: PositiveInt
    considered_actions: PositiveInt  # Gumbel: actions at the start of sequential halving
    q_transform: Literal["completed_by_mix_value", "by_parent_and_siblings", "tree_min_max"]
    q_floor: NonNegative  # smallest range of values that is stretched to [0, 1]
    q_floor_share: NonNegative  # the same as a share of the position's value; the larger of both holds
    value_scale: Positive  # c_scale of completed Q-values
    visit_offset: NonNegative  # c_visit of completed Q-values
    prior_weight: Fraction  # Gumbel: of the log-prior in the policy target; less than 1 forgets old policies
    root_value: Literal["mean", "policy"]  # of all simulations, or the actions' weighted by the policy found
    exploration_init: Positive  # c1 of PUCT
    exploration_base: Positive  # c2 of PUCT
    dirichlet_alpha: Positive  # PUCT root noise
    dirichlet_fraction: Fraction
    temperature: Annotated[list[Positive], Field(min_length=1)]  # in acting: PUCT's visits, Gumbel's log-prior + Q
    temperature_until: list[PositiveInt]  # env steps at which the next temperature begins; one fewer


class HeadResets(Section):
    """When a network's heads begin anew (Nikishin et al. 2022); not in the finishing branch."""

    first_env_steps: PositiveInt | None  # the first time, and then whenever that number has doubled; null: never
    hold_updates: Count  # for which the target network keeps the old heads, and acts by them


class Learning(Section):
    """One update of a network from the replay, and how many there are."""

    updates_per_env_step: Positive
    batch_size: Annotated[int, Field(ge=2)]  # BatchNorm needs two
    td_steps: Annotated[int, Field(gt=0, le=10_000)]  # rewards summed before the bootstrap
    target_network_interval: PositiveInt  # updates between copies to the target network
    average_decay: Share  # per update, of the average of weights that acts; 0: none
    optimizer: Literal["adamw", "sgd"]
    learning_rate: Positive
    momentum: Fraction
    adam_epsilon: Positive
    weight_decay: NonNegative  # decoupled; adamw without it is Adam
    warmup_updates: Count  # linear learning-rate warm-up
    max_gradient_norm: Positive
    priority_exponent: Fraction  # 0: uniform sampling
    priority_correction: Fraction  # initial importance-sampling exponent
    priority_correction_updates: PositiveInt  # updates until that exponent is 1
    recency: NonNegative  # positions are drawn in proportion to (rank in age) ** this; 0: old and new alike
    # The shares of a batch (rounded down) drawn from positions whose unroll meets a termination, or a reward; 0: as it
    # falls.
    termination_fraction: Share
    reward_fraction: Share
    head_resets: HeadResets
    augmentation_shift: Count  # pixels of images; an object grid would lose what leaves it
    grid_shift: Count  # cells of object grids' features, before policy and (action) values
    augmentation_intensity: NonNegative
    precision: Literal["float32", "bfloat16"]  # autocast of the forward passes

    def positions(self, fraction: float) -> int:
        """How many of a batch's positions a share of it is, rounded down."""
        return int(fraction * self.batch_size)


class OffPolicyLearning(Learning):
    """Learning whose horizon shrinks for old transitions."""

    off_policy_interval: PositiveInt  # env steps of age per step taken off `td_steps` (off-policy correction)


class UnrolledLearning(OffPolicyLearning):
    """Learning of a model, unrolled."""

    unroll_steps: PositiveInt
    least_td_steps: Annotated[int, Field(ge=0, le=1)]  # left by the correction; 0: the value of a search from there
    value_bootstrap: Literal["search", "network"]  # root values of the search, or the target network's values
    max_target_age: Count | None  # in updates; older search targets are searched again; null: never
    reanalysis_simulations: PositiveInt  # of each search made again; acting has `search.simulations`
    policy_weight: NonNegative
    value_weight: NonNegative
    reward_weight: NonNegative  # of the reward or value-prefix loss
    consistency_weight: NonNegative
    continuation_weight: NonNegative
    consistency_past_end: bool  # past a termination the latent state is to be that of an empty observation; else free


class Exploration(Section):
    """The probability of a uniformly random action, whatever values or search say."""

    first_epsilon: Fraction  # falls linearly from here ...
    last_epsilon: Fraction  # ... to here, between the first env step and `decay_env_steps`
    decay_env_steps: PositiveInt
    evaluation_epsilon: Fraction


Convolution = Annotated[list[PositiveInt], Field(min_length=3, max_length=3)]  # channels, kernel, stride


class ConvolutionalNetwork(Section):
    """Plain convolutions and one hidden layer."""

    convolutions: Annotated[list[Convolution], Field(min_length=1)]  # [channels, kernel, stride] of each, for the ALE
    grid_convolutions: Annotated[list[Convolution], Field(min_length=1)]  # the same for MinAtar's 10x10 grids
    hidden: PositiveInt


class Distribution(Section):
    """The atoms of a distribution of returns (Bellemare et al. 2017)."""

    atoms: Annotated[int, Field(ge=2)]
    maximum: Positive  # returns in [-maximum, maximum]
