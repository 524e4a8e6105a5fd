"""Optuna's samplers and pruners by name, with arguments by keyword."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from efficientzero.experiments.sweep.space import CategoricalDimension, Space
from efficientzero.parameters.spelling import suggestion

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

# Those that wrap another one, or compare repeated measurements of the same thing.
NOT_FOR_YAML = {"PartialFixedSampler", "PatientPruner", "WilcoxonPruner"}
SAME_SEED = ("QMCSampler", "GridSampler")  # all their processes walk one sequence, so they have one seed
SEED = 0


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
