"""The dimensions of a search space, as they stand in conf/sweep/*.yaml, and the drawing of a trial's values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from efficientzero.parameters import Section

if TYPE_CHECKING:
    from optuna.trial import Trial

Scalar = bool | int | float | str | None


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


class FloatDimension(Dimension):
    """Numbers from `low` to `high`, both included; on a log scale, or in steps."""

    type: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> FloatDimension:
        _check_range(self.low, self.high, self.log, self.step is not None)
        return self

    def extremes(self) -> list[Scalar]:
        return [self.low, self.high]

    def contains(self, value: Any) -> bool:
        return _in_range(value, self.low, self.high, self.step)

    def draw(self, name: str, trial: Trial) -> Scalar:
        return trial.suggest_float(name, self.low, self.high, log=self.log, step=self.step)


class IntDimension(Dimension):
    """Whole numbers from `low` to `high`, both included; on a log scale, or in steps."""

    type: Literal["int"]
    low: int
    high: int
    log: bool = False
    step: Annotated[int, Field(gt=0)] = 1

    @model_validator(mode="after")
    def _ordered(self) -> IntDimension:
        _check_range(self.low, self.high, self.log, self.step != 1)
        return self

    def extremes(self) -> list[Scalar]:
        return [self.low, self.high]

    def contains(self, value: Any) -> bool:
        return isinstance(value, int) and _in_range(value, self.low, self.high, self.step)

    def draw(self, name: str, trial: Trial) -> Scalar:
        return trial.suggest_int(name, self.low, self.high, log=self.log, step=self.step)


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


def _in_range(value: Any, low: float, high: float, step: float | None) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        return False
    steps = 0.0 if step is None else (value - low) / step
    return abs(steps - round(steps)) < 1e-9


def _check_range(low: float, high: float, log: bool, steps: bool) -> None:
    if low >= high:
        raise ValueError(f"low ({low:g}) must be less than high ({high:g})")
    if log and low <= 0:
        raise ValueError(f"low ({low:g}) must be above 0 on a log scale")
    if log and steps:
        raise ValueError("a log scale has no steps; leave one of log and step out")


def values_of(dimension: Dimension) -> list[Any] | None:
    """All values of a categorical dimension; None for a range."""
    return list(dimension.choices) if isinstance(dimension, CategoricalDimension) else None
