"""The dimensions of a search space, as they stand in conf/sweep/*.yaml, and the drawing of a trial's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, model_validator

from efficientzero.parameters.schema import Section

if TYPE_CHECKING:
    from optuna.trial import Trial

Scalar = bool | int | float | str | None
Number = TypeVar("Number", int, float)


class Dimension(Section):
    """What all kinds have."""

    # Only drawn when the other dimensions named here, which come earlier, have drawn one of these values; otherwise the
    # parameter stays as conf/ has it.
    when: dict[str, Annotated[list[Scalar], Field(min_length=1)]] = Field(default_factory=dict)

    def extremes(self) -> list[Scalar]:
        """Values such that, if they are all right, so is every value that can be drawn."""
        raise NotImplementedError

    def contains(self, value: Any) -> bool:
        """Whether a value can be drawn."""
        raise NotImplementedError

    def draw(self, name: str, trial: Trial) -> Scalar:
        """The trial's value of the parameter of that dotted name."""
        raise NotImplementedError


class Range(Dimension, Generic[Number]):
    """Numbers from `low` to `high`, both included; on a log scale, or in steps."""

    low: Number
    high: Number
    log: bool = False
    step: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Range[Number]:
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must be less than high ({self.high:g})")
        if self.log and self.low <= 0:
            raise ValueError(f"low ({self.low:g}) must be above 0 on a log scale")
        if self.log and (isinstance(self.step, float) or self.step not in (None, 1)):
            raise ValueError("a log scale has no steps; leave one of log and step out")
        return self

    def extremes(self) -> list[Scalar]:
        return [self.low, self.high]

    def contains(self, value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not self.low <= value <= self.high:
            return False
        steps = 0.0 if self.step is None else (value - self.low) / self.step
        return abs(steps - round(steps)) < 1e-9


class FloatDimension(Range[float]):
    type: Literal["float"]

    def draw(self, name: str, trial: Trial) -> Scalar:
        return trial.suggest_float(name, self.low, self.high, log=self.log, step=self.step)


class IntDimension(Range[int]):
    type: Literal["int"]

    def contains(self, value: Any) -> bool:
        return isinstance(value, int) and super().contains(value)

    def draw(self, name: str, trial: Trial) -> Scalar:
        return trial.suggest_int(name, self.low, self.high, log=self.log, step=self.step or 1)


class CategoricalDimension(Dimension):
    """One of `choices`."""

    type: Literal["categorical"]
    choices: Annotated[list[Scalar], Field(min_length=2)]

    def extremes(self) -> list[Scalar]:
        return self.choices

    def contains(self, value: Any) -> bool:
        return any(type(value) is type(choice) and value == choice for choice in self.choices)

    def draw(self, name: str, trial: Trial) -> Scalar:
        return trial.suggest_categorical(name, self.choices)


AnyDimension = Annotated[FloatDimension | IntDimension | CategoricalDimension, Field(discriminator="type")]
Space = Mapping[str, FloatDimension | IntDimension | CategoricalDimension]


def draw(space: Space, trial: Trial) -> dict[str, Scalar]:
    """The trial's values by dotted name, in the order of the space, without those whose conditions do not hold."""
    drawn: dict[str, Scalar] = {}
    for name, dimension in space.items():
        if all(other in drawn and drawn[other] in values for other, values in dimension.when.items()):
            drawn[name] = dimension.draw(name, trial)
    return drawn
