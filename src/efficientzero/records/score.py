"""The score of an agent at one milestone: what its games gave, and all that this depends on."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from typing import Annotated, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from efficientzero.records.paths import RunIdentity
from efficientzero.records.record import Count, Record, RecordPart


class Episode(RecordPart):
    """A scored game: its start's ``seed``, its unclipped return, and whether a limit ended it rather than the game."""

    seed: int
    game_return: Annotated[float, Field(alias="return")]
    env_steps: Count
    truncated: bool


class ScoreRecord(Record):
    """The score of an agent after `env_steps` of training, `frames` = env steps x `frame_skip`; 0: random."""

    KIND: ClassVar = "score file"
    VERSION: ClassVar = 2
    REMEDY: ClassVar = "evaluate again with `dvc repro`"

    game: str
    agent: str
    seed: int
    env_steps: Count
    frames: Count
    frame_skip: Annotated[int, Field(gt=0)]
    updates: Count  # of the finished agent
    parameters: Count  # of the network
    training_flops: Count  # floating-point operations of acting, learning and reanalysis, the finishing branch included
    max_env_steps: Annotated[int, Field(gt=0)] | None  # where evaluation episodes were cut; null: nowhere
    sample_actions: bool  # whether actions were drawn as in training, or the best one taken
    episodes: Annotated[list[Episode], Field(min_length=1)]
    mean_return: float

    @classmethod
    def of(
        cls,
        identity: RunIdentity,
        episodes: Sequence[Episode],
        *,
        env_steps: int,
        frame_skip: int,
        updates: int,
        parameters: int,
        training_flops: int,
    ) -> Self:
        """The score of a run at a milestone; the arguments are the fields."""
        rules = identity.parameters.evaluation
        return cls(
            schema_version=cls.VERSION,
            game=identity.game,
            agent=identity.agent,
            seed=identity.seed,
            env_steps=env_steps,
            frames=env_steps * frame_skip,
            frame_skip=frame_skip,
            updates=updates,
            parameters=parameters,
            training_flops=training_flops,
            max_env_steps=rules.max_env_steps,
            sample_actions=rules.sample_actions,
            episodes=list(episodes),
            mean_return=float(np.mean([episode.game_return for episode in episodes])),
        )

    @property
    def returns(self) -> list[float]:
        """The unclipped return of every episode."""
        return [episode.game_return for episode in self.episodes]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.frames != self.env_steps * self.frame_skip:
            raise ValueError(f"{self.frames} frames are not {self.env_steps} env steps of {self.frame_skip} frames")
        mean = sum(self.returns) / len(self.returns)
        if not isclose(self.mean_return, mean, rel_tol=1e-6, abs_tol=1e-6):
            raise ValueError(f"mean_return is {self.mean_return} and the mean over the episodes {mean}")
        return self
