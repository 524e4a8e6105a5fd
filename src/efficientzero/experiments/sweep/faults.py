"""What is wrong with a sweep's file, a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic_core import ErrorDetails

from efficientzero.experiments.composition import flat, with_values
from efficientzero.experiments.sweep.methods import method_faults
from efficientzero.experiments.sweep.objective import LEAST_BUDGETS
from efficientzero.experiments.sweep.space import CategoricalDimension
from efficientzero.games import find_game
from efficientzero.parameters import ParameterError, check
from efficientzero.parameters.faults import EXPECTED
from efficientzero.parameters.spelling import suggestion

if TYPE_CHECKING:
    from efficientzero.experiments.sweep.definition import Definition

# What a score is measured with or at: were it searched, the trials' scores could not be compared.
MEASURE = ("game", "profile", "agents", "seeds", "milestones", "evaluation", "envs.frame_skip", "envs.sticky_actions")


def override_faults(definition: Definition) -> Iterator[str]:
    """Overrides, of the file or of a command line, with which a trial would not be what the sweep takes it for."""
    for key in definition.overrides:
        if key.startswith(("+", "~")):
            yield f"overrides.{key}: expected the name of a parameter that is there, without {key[0]!r}"
        elif key == "milestones" or key.startswith("milestones.list"):
            yield f"overrides.{key}: the budgets double from milestones.first to milestones.env_steps; set these two"
    if "agents" in definition.overrides:
        yield "overrides.agents: is the one agent of this file; leave it out"


def faults(definition: Definition, parameters: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a sweep whose types are right; `parameters` are conf/ composed with its overrides."""
    budgets = len(parameters["milestones"]["list"])
    if definition.objective == "exponent":
        if find_game(parameters["game"]).human_score is None:
            game = parameters["game"]
            yield f"objective: an exponent needs a ceiling, and {game} has no human score; use score or area"
        if budgets < LEAST_BUDGETS:
            yield (
                f"objective: an exponent needs {LEAST_BUDGETS} budgets and there are {budgets}; raise "
                "milestones.env_steps"
            )
    known = flat(parameters)
    searched: list[str] = []
    for key, dimension in definition.space.items():
        yield from _key_faults(key, definition, known)
        for other, wanted in dimension.when.items():
            if other not in searched:
                yield f"space.{key}.when: {other} is not searched above it; move it up, or leave the condition out"
                continue
            above = definition.space[other]
            if isinstance(above, CategoricalDimension) and (
                never := [one for one in wanted if one not in above.choices]
            ):
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
            own = [line.removeprefix(f"{key}: ") for line in lines if line.startswith(f"{key}: found ")]
            if own:
                yield f"space.{key}: {own[0]}"
                return


def fault(details: ErrorDetails, keys: Iterable[str]) -> str:
    """An error of pydantic in a sweep's file in a user's words; `keys` are those of the file."""
    loc = [str(part) for part in details["loc"] if part not in ("float", "int", "categorical")]
    name, kind = ".".join(loc) or "all of it", details["type"]
    if kind == "extra_forbidden":
        known = keys if len(loc) == 1 else ["type", "low", "high", "log", "step", "choices", "when"]
        return f"{name}: there is no such key{suggestion(loc[-1], known)}"
    if kind in ("missing", "union_tag_not_found"):
        return f"{name}{'.type' if kind != 'missing' else ''}: is missing"
    if kind == "value_error":
        return f"{name}: {details['ctx']['error']}"
    wanted = EXPECTED.get(kind, details["msg"]).format(**details.get("ctx", {})).replace(" as kind", " as type")
    return f"{name}: found {details['input']!r}, expected {wanted}"
