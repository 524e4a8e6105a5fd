"""conf/sweep/<name>.yaml: what a sweep searches, how, and by what it judges; checked before any trial runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from efficientzero.experiments.composition import composed, with_values
from efficientzero.experiments.sweep.faults import fault, faults, override_faults
from efficientzero.experiments.sweep.methods import Method
from efficientzero.experiments.sweep.space import AnyDimension
from efficientzero.parameters import ParameterError, Parameters, Section, check
from efficientzero.parameters.spelling import suggestion

FOLDER = Path("conf/sweep")


class SweepError(ValueError):
    """A sweep cannot be run as it is defined; the message names the file and each fault."""


class Definition(Section):
    """All of a sweep's file."""

    agent: str  # whose parameters are searched
    # As in `dvc exp run -S key=value`: profile, game, seeds, milestones.env_steps ...
    overrides: dict[str, Any] = Field(default_factory=dict)
    # Of the largest budget; the mean over the budgets so far; or that of the agent's own bounded power law.
    objective: Literal["score", "area", "exponent"] = "score"
    trials: Annotated[int, Field(gt=0)]
    # Whether the first trial has the values that stand in conf/, for the others to be seen beside.
    present_first: bool = False
    sampler: Method = Method(name="TPESampler")
    pruner: Method = Method(name="SuccessiveHalvingPruner")
    space: Annotated[dict[str, AnyDimension], Field(min_length=1)]


@dataclass(frozen=True)
class Sweep:
    """A checked sweep.

    Args:
        name: of its file. definition: what stands there. parameters: of a trial but for what is searched, and for the
            agent itself, nested. budgets: the milestones in env steps, ascending; the rungs.
    """

    name: str
    definition: Definition
    parameters: dict[str, Any]
    budgets: tuple[int, ...]

    @property
    def overrides(self) -> dict[str, Any]:
        """Of every trial."""
        return {**self.definition.overrides, "agents": [self.definition.agent]}


def list_sweeps(repository: Path) -> list[str]:
    """The names of the sweeps there are."""
    return sorted(path.stem for path in (repository / FOLDER).glob("*.yaml"))


def load_sweep(name: str, repository: Path, overrides: Mapping[str, Any] | None = None) -> Sweep:
    """Reads conf/sweep/<name>.yaml and checks it against conf/ and the schema of the parameters.

    Args:
        name: of the file. repository: where it is. overrides: further ones of every trial, in place of the file's.

    Raises:
        SweepError: there is no such file, or something in it is wrong; every fault on a line.
    """
    path = repository / FOLDER / f"{name}.yaml"
    try:
        values = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not (repository / FOLDER).is_dir():
            raise SweepError(f"{name}: there is no {FOLDER} here; run from the root of a clone") from None
        raise SweepError(
            f"{name}: there is no {FOLDER / name}.yaml{suggestion(name, list_sweeps(repository))}"
        ) from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise SweepError(f"{FOLDER / name}.yaml: is not YAML: {error}") from None
    try:
        definition = Definition.model_validate(values)
        definition.overrides.update(overrides or {})
    except ValidationError as error:
        raise _refused(name, [fault(details, Definition.model_fields) for details in error.errors()]) from None
    if found := list(override_faults(definition)):
        raise _refused(name, found)
    try:
        parameters = composed({**definition.overrides, "agents": [definition.agent]}, repository)
    except ParameterError as error:
        raise _refused(name, [f"overrides or agent: {error}"]) from None
    if found := list(faults(definition, parameters)):
        raise _refused(name, found)
    budgets = tuple(step["to"] for step in parameters["milestones"]["list"])
    return Sweep(name, definition, parameters, budgets)


def trial_parameters(sweep: Sweep, values: dict[str, Any]) -> Parameters:
    """The parameters of a trial with these searched values. Raises ParameterError if they are impossible together."""
    return check(with_values(sweep.parameters, values), "this trial")


def _refused(name: str, found: list[str]) -> SweepError:
    lines = "\n".join(f"  {each}" for each in dict.fromkeys(found))
    return SweepError(f"{FOLDER / name}.yaml: cannot be run\n{lines}")
