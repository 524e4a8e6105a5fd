"""Reading ``params.yaml``, and the check of all of it at once: every fault in one message, each by its dotted name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from efficientzero.games import UnknownGameError, find_game
from efficientzero.parameters.combinations import impossible_combinations
from efficientzero.parameters.faults import schema_faults
from efficientzero.parameters.schema import Parameters

HINT = "Correct it in conf/, from which `dvc exp run` composes params.yaml, or in the -S option."


class ParameterError(ValueError):
    """Parameters are wrong; the message names each, what was found and what was expected."""


def load_parameters(path: str | Path = "params.yaml") -> Parameters:
    """The checked parameters in the file `path`. Raises ParameterError with one message that lists every fault."""
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterError(f"{path}: there is no such file; run from the repository's root") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: is not YAML: {error}") from None
    try:
        return check(values, str(path))
    except ParameterError as error:
        raise ParameterError(f"{error}\n{HINT}") from None


def check(values: Any, source: str = "params.yaml") -> Parameters:
    """The typed parameters of the plain nested dict `values`; `source` names it in the message.

    Raises ParameterError listing every fault: first of types and ranges, and of combinations once the types are right.
    """
    faults = _game_faults(values)
    try:
        parameters = Parameters.model_validate(values)
    except ValidationError as error:
        faults += schema_faults(values, error)
    else:
        faults += impossible_combinations(parameters)
    if faults:
        count = "a parameter is" if len(faults) == 1 else f"{len(faults)} parameters are"
        lines = "\n".join(f"  {fault}" for fault in faults)
        raise ParameterError(f"{source}: {count} wrong\n{lines}")
    return parameters


def _game_faults(values: Any) -> list[str]:
    game = values.get("game") if isinstance(values, dict) else None
    if not isinstance(game, str):
        return []  # the schema says what is wrong
    try:
        find_game(game)
    except UnknownGameError as error:
        return [str(error)]  # it begins with "game: "
    return []
