"""The JSON file of one agent's score at one budget."""

from __future__ import annotations

from math import isclose
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from efficientzero.scaling.results.result_file import Count, ResultFileError, ResultPart, read_result_file

SCHEMA_VERSION = 2


class ScoreFileError(ResultFileError):
    """A score file is missing, damaged or does not belong with the others; the message names it and what to do."""


class Episode(ResultPart):
    """One evaluation episode; ``return`` is unclipped, ``truncated`` that a limit ended it rather than the game."""

    seed: int
    return_: Annotated[float, Field(alias="return")]
    env_steps: Count
    truncated: bool


class ScoreFile(ResultPart):
    """The score of an agent after `env_steps` of training, `frames` = env steps x `frame_skip`; 0: random."""

    schema_version: int
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

    @property
    def returns(self) -> list[float]:
        return [episode.return_ for episode in self.episodes]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.frames != self.env_steps * self.frame_skip:
            raise ValueError(f"{self.frames} frames are not {self.env_steps} env steps of {self.frame_skip} frames")
        mean = sum(self.returns) / len(self.returns)
        if not isclose(self.mean_return, mean, rel_tol=1e-6, abs_tol=1e-6):
            raise ValueError(f"mean_return is {self.mean_return} and the mean over the episodes {mean}")
        return self


def read_score_file(path: Path) -> ScoreFile:
    """The checked content of the file `path`. Raises ScoreFileError."""
    remedy = "evaluate again with `dvc repro`"
    return read_result_file(path, ScoreFile, "score file", SCHEMA_VERSION, ScoreFileError, remedy)
