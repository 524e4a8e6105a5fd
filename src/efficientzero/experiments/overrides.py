"""The texts of `-S key=value` on a command line as values, read by Hydra's own grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException

from efficientzero.parameters import ParameterError


def parse_overrides(texts: Sequence[str]) -> dict[str, Any]:
    """``["profile=smoke", "seeds=[0,1]"]`` as ``{"profile": "smoke", "seeds": [0, 1]}``; ``1e-3`` is a number.

    Raises ParameterError, with one sentence, for what is no override of one parameter by one value, or is there twice.
    """
    values: dict[str, Any] = {}
    for text in texts:
        try:
            override = OverridesParser.create().parse_override(text)
        except HydraException:
            raise ParameterError(f"-S {text}: expected key=value, such as game=Alien or 'seeds=[0,1]'") from None
        key = text.partition("=")[0].strip()
        if override.is_delete():
            raise ParameterError(f"-S {text}: a parameter cannot be deleted")
        if override.is_sweep_override():
            raise ParameterError(f"-S {text}: one value is expected; a list of values is written [a,b]")
        if key in values:
            raise ParameterError(f"-S {text}: {key} is given twice")
        if isinstance(override.value(), dict):
            raise ParameterError(f"-S {text}: name each parameter of the group by itself, such as group.name=1")
        values[key] = override.value()
    return values
