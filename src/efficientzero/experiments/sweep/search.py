"""A search as it stands in conf/sweep/*.yaml: its space, and Optuna's samplers and pruners by name."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from efficientzero.parameters import Section, suggestion

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

Scalar = bool | int | float | str | None
Number = TypeVar("Number", int, float)
# Those that wrap another one, or compare repeated measurements of the same thing.
NOT_FOR_YAML = {"PartialFixedSampler", "PatientPruner", "WilcoxonPruner"}
SAME_SEED = ("QMCSampler", "GridSampler")  # all their processes walk one sequence, so they have one seed
SEED = 0


class Dimension(Section):
    """What all kinds have."""

    # Only drawn when the other dimensions named here, which come earlier, have drawn one of these values; otherwise the
    # parameter stays as conf/ has it.
    when: dict[str, Annotated[list[Scalar], Field(min_length=1)]] = Field(default_factory=dict)


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
        """Values such that, if they are all right, so is every value that can be drawn."""
        return [self.low, self.high]

    def contains(self, value: Any) -> bool:
        """Whether a value can be drawn."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not self.low <= value <= self.high:
            return False
        steps = 0.0 if self.step is None else (value - self.low) / self.step
        return abs(steps - round(steps)) < 1e-9


class FloatDimension(Range[float]):
    type: Literal["float"]

    def draw(self, name: str, trial: Trial) -> Scalar:
        """The trial's value of the parameter of that dotted name."""
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


class Method(BaseModel):
    """The name of a class of Optuna, and its arguments beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def arguments(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


def known_methods(kind: str) -> dict[str, Any]:
    """Optuna's classes of that kind, ``"sampler"`` or ``"pruner"``, by name."""
    import optuna  # takes a second

    module = optuna.samplers if kind == "sampler" else optuna.pruners
    ending = kind.capitalize()
    names = [name for name in module.__all__ if name.endswith(ending) and not name.startswith("Base")]
    return {name: getattr(module, name) for name in names if name not in NOT_FOR_YAML}


def build_sampler(method: Method, space: Space, shift: int) -> BaseSampler:
    """The sampler; `shift` is added to its seed, since a sweep that goes on must not draw the same numbers again."""
    arguments = method.arguments
    accepted = inspect.signature(known_methods("sampler")[method.name]).parameters
    if "search_space" in accepted:  # GridSampler; `method_faults` has seen that all dimensions are lists
        arguments["search_space"] = {name: dimension.extremes() for name, dimension in space.items()}
    if "seed" in accepted:
        arguments["seed"] = arguments.get("seed", SEED) + (0 if method.name in SAME_SEED else shift)
    return known_methods("sampler")[method.name](**arguments)


def build_pruner(method: Method, milestones: tuple[int, ...]) -> BasePruner:
    """The pruner; its resource are env steps, from the first milestone, doubling, to the last."""
    accepted = inspect.signature(known_methods("pruner")[method.name]).parameters
    defaults = {"min_resource": milestones[0], "max_resource": milestones[-1], "reduction_factor": 2}
    arguments = {key: value for key, value in defaults.items() if key in accepted} | method.arguments
    return known_methods("pruner")[method.name](**arguments)


def method_faults(sampler: Method, pruner: Method, space: Space) -> Iterator[str]:
    """What is wrong with the two, a sentence each."""
    for kind, method in (("sampler", sampler), ("pruner", pruner)):
        known = known_methods(kind)
        if method.name not in known:
            near = suggestion(method.name, known)
            yield f"{kind}.name: {method.name!r} is no {kind} of Optuna that can be used here{near}"
            continue
        accepted = inspect.signature(known[method.name]).parameters
        for argument in method.arguments:
            if argument not in accepted:
                yield f"{kind}.{argument}: {method.name} has no such argument{suggestion(argument, accepted)}"
                return
        ranges = [name for name, dimension in space.items() if not isinstance(dimension, CategoricalDimension)]
        if method.name == "GridSampler" and ranges:
            yield f"sampler.name: GridSampler needs lists of values; make space.{ranges[0]} categorical"
            return
        try:
            build_sampler(method, space, 0) if kind == "sampler" else build_pruner(method, (1, 2))
        except Exception as error:  # whatever a class of Optuna says to its arguments, a missing package included
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            yield f"{kind}: {method.name} refuses its arguments: {reason}"
