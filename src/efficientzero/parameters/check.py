"""The check of all parameters at once: every fault in one message, each by its dotted name."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from efficientzero.games import UnknownGameError, find_game
from efficientzero.parameters.combinations import impossible_combinations
from efficientzero.parameters.faults import schema_faults
from efficientzero.parameters.schema import Parameters


class ParameterError(ValueError):
    """Parameters are wrong; the message names each, what was found and what was expected."""


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
