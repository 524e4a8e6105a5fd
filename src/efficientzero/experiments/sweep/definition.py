"""conf/sweep/<name>.yaml: what a sweep searches, how, and by what it judges; checked before any trial runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.composition import composed, flat, with_values
from efficientzero.experiments.sweep.search import AnyDimension, CategoricalDimension, Method, method_faults
from efficientzero.games import find_game
from efficientzero.parameters import ParameterError, Parameters, Section, check, suggestion
from efficientzero.parameters.faults import EXPECTED

FOLDER = Path("conf/sweep")
LEAST_MILESTONES = 4  # for an exponent
# What a score is measured with or at: were it searched, the trials' scores could not be compared.
MEASURE = ("game", "profile", "agents", "seeds", "milestones", "evaluation", "envs.frame_skip", "envs.sticky_actions")


class Definition(Section):
    """All of a sweep's file."""

    agent: str  # whose parameters are searched
    # As in `dvc exp run -S key=value`: profile, game, seeds, milestones.env_steps ...
    overrides: dict[str, Any] = Field(default_factory=dict)
    # Of the largest milestone; the mean over the milestones so far; or that of the agent's own bounded power law.
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
            agent itself, nested. milestones: in env steps, ascending; the rungs.
    """

    name: str
    definition: Definition
    parameters: dict[str, Any]
    milestones: tuple[int, ...]

    @property
    def overrides(self) -> dict[str, Any]:
        """Of every trial."""
        return {**self.definition.overrides, "agents": [self.definition.agent]}

    def trial_parameters(self, values: Mapping[str, Any]) -> Parameters:
        """Those of a trial with these searched values. Raises ParameterError if they are impossible together."""
        return check(with_values(self.parameters, values), "this trial")

    def short_names(self) -> dict[str, str]:
        """The searched parameters with as much of the end of their dotted names as tells them apart."""
        names = list(self.definition.space)
        found = {}
        for name in names:
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                short = ".".join(parts[-length:])
                if sum(f".{other}".endswith(f".{short}") for other in names) == 1:
                    break
            found[name] = short
        return found


def list_sweeps(repository: Path) -> list[str]:
    """The names of the sweeps there are."""
    return sorted(path.stem for path in (repository / FOLDER).glob("*.yaml"))


def load_sweep(name: str, repository: Path, overrides: Mapping[str, Any] | None = None) -> Sweep:
    """Reads conf/sweep/<name>.yaml and checks it against conf/ and the schema of the parameters.

    Args:
        name: of the file. repository: where it is. overrides: further ones of every trial, in place of the file's.

    Raises:
        ExperimentError: there is no such file, or something in it is wrong; every fault on a line.
    """
    path = repository / FOLDER / f"{name}.yaml"
    try:
        values = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not (repository / FOLDER).is_dir():
            raise ExperimentError(f"{name}: there is no {FOLDER} here; run from the root of a clone") from None
        near = suggestion(name, list_sweeps(repository))
        raise ExperimentError(f"{name}: there is no {FOLDER / name}.yaml{near}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise ExperimentError(f"{FOLDER / name}.yaml: is not YAML: {error}") from None
    try:
        definition = Definition.model_validate(values)
        definition.overrides.update(overrides or {})
        _refuse(name, _override_faults(definition))
        parameters = composed({**definition.overrides, "agents": [definition.agent]}, repository)
    except ValidationError as error:
        _refuse(name, map(_in_words, error.errors()))
    except ParameterError as error:
        _refuse(name, [f"overrides or agent: {error}"])
    _refuse(name, _faults(definition, parameters))
    return Sweep(name, definition, parameters, tuple(step["to"] for step in parameters["milestones"]["list"]))


def _refuse(name: str, faults: Iterable[str]) -> None:
    """Raises ExperimentError if there are any faults, a sentence each."""
    if found := "".join(f"\n  {each}" for each in dict.fromkeys(faults)):
        raise ExperimentError(f"{FOLDER / name}.yaml: cannot be run{found}") from None


def _override_faults(definition: Definition) -> Iterator[str]:
    """Overrides, of the file or of a command line, with which a trial would not be what the sweep takes it for."""
    for key in definition.overrides:
        if key.startswith(("+", "~")):
            yield f"overrides.{key}: expected the name of a parameter that is there, without {key[0]!r}"
        elif key == "milestones" or key.startswith("milestones.list"):
            yield f"overrides.{key}: milestones double from milestones.first to milestones.env_steps; set these two"
    if "agents" in definition.overrides:
        yield "overrides.agents: is the one agent of this file; leave it out"


def _faults(definition: Definition, parameters: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a sweep whose types are right; `parameters` are conf/ composed with its overrides."""
    milestones, game = len(parameters["milestones"]["list"]), parameters["game"]
    if definition.objective == "exponent":
        if find_game(game).human_score is None:
            yield f"objective: an exponent needs a ceiling, and {game} has no human score; use score or area"
        if milestones < LEAST_MILESTONES:
            need = f"an exponent needs {LEAST_MILESTONES} milestones and there are {milestones}"
            yield f"objective: {need}; raise milestones.env_steps"
    known = flat(parameters)
    searched: list[str] = []
    for key, dimension in definition.space.items():
        yield from _key_faults(key, definition, known)
        for other, wanted in dimension.when.items():
            if other not in searched:
                yield f"space.{key}.when: {other} is not searched above it; move it up, or leave the condition out"
                continue
            above = definition.space[other]
            never = [one for one in wanted if isinstance(above, CategoricalDimension) and one not in above.choices]
            if never:
                yield f"space.{key}.when.{other}: {never[0]} is none of its choices"
        if key in known:
            yield from _value_faults(key, dimension.extremes(), parameters)
            drawn = all(known.get(other) in wanted for other, wanted in dimension.when.items())
            if definition.present_first and drawn and not dimension.contains(known[key]):
                yield (
                    f"space.{key}: {known[key]} stands in conf/, which is not in the space; widen it, or leave "
                    "present_first out"
                )
        searched.append(key)
    yield from method_faults(definition.sampler, definition.pruner, definition.space)


def _key_faults(key: str, definition: Definition, known: dict[str, Any]) -> Iterator[str]:
    if key not in known:
        yield f"space.{key}: there is no such parameter{suggestion(key, known) if known else ''}"
    elif any(key == part or key.startswith(f"{part}.") for part in MEASURE):
        yield f"space.{key}: scores are measured with it, so trials could not be compared; set it under overrides"
    elif key.startswith("agent.") and not key.startswith(f"agent.{definition.agent}."):
        yield f"space.{key}: is another agent's; this sweep runs {definition.agent} alone"
    elif key in definition.overrides:
        yield f"space.{key}: stands under overrides as well; leave one of them out"


def _value_faults(key: str, values: list[Any], parameters: dict[str, Any]) -> Iterator[str]:
    """What the schema says to single values; whether they are possible together is for each trial to find."""
    for value in values:
        try:
            check(with_values(parameters, {key: value}), "")
        except ParameterError as error:
            lines = [line.strip() for line in str(error).splitlines()[1:]]
            if own := [line.removeprefix(f"{key}: ") for line in lines if line.startswith(f"{key}: found ")]:
                yield f"space.{key}: {own[0]}"
                return


def _in_words(details: ErrorDetails) -> str:
    """An error of pydantic in a sweep's file in a user's words."""
    loc = [str(part) for part in details["loc"] if part not in ("float", "int", "categorical")]
    name, kind = ".".join(loc) or "all of it", details["type"]
    if kind == "extra_forbidden":
        keys = ["type", "low", "high", "log", "step", "choices", "when"]
        return f"{name}: there is no such key{suggestion(loc[-1], Definition.model_fields if len(loc) == 1 else keys)}"
    if kind in ("missing", "union_tag_not_found"):
        return f"{name}{'.type' if kind != 'missing' else ''}: is missing"
    if kind == "value_error":
        return f"{name}: {details['ctx']['error']}"
    wanted = EXPECTED.get(kind, details["msg"]).format(**details.get("ctx", {})).replace(" as kind", " as type")
    return f"{name}: found {details['input']!r}, expected {wanted}"
