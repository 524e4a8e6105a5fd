"""Hydra: the parameters that `dvc exp run -S key=value ...` would run with, and the writing and reading of `-S`."""

from __future__ import annotations

import json
import math
import re
import tempfile
import threading
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from efficientzero.parameters import ParameterError, suggestion

_hydra = threading.Lock()  # Hydra keeps its state in globals


def composed_text(overrides: Mapping[str, Any], repository: Path) -> str:
    """The text of params.yaml with overrides by dotted name, by the function DVC calls for it.

    Raises:
        ParameterError: conf/ or an override is wrong; the message says what.
    """
    from dvc.utils.hydra import compose_and_dump  # takes a second
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    pairs = [_pair(key, value) for key, value in overrides.items()]
    root = repository.resolve()
    with _hydra, tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "params.yaml"
        try:
            compose_and_dump(output, str(root / "conf"), None, "config", str(root / "plugins"), pairs)
        except (HydraException, OmegaConfBaseException, OSError) as error:
            said = str(error).removeprefix("ParameterError raised while resolving interpolation: ")
            unknown = re.match(r"Could not override '([^']+)'", said)
            if unknown:
                said = f"conf/: {unknown[1]}: there is no such parameter{_nearest(unknown[1], root)}"
            elif not said.startswith("conf/"):
                said = f"conf/: {said.split('Config search path')[0].strip()}"
            raise ParameterError(said) from None
        return output.read_text(encoding="utf-8")


def composed(overrides: Mapping[str, Any], repository: Path) -> dict[str, Any]:
    """The same as nested dicts. Raises ParameterError."""
    return dict(yaml.safe_load(composed_text(overrides, repository)))


def _pair(key: str, value: Any) -> str:
    try:
        return f"{key}={hydra_value(value)}"
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{key}: {error}") from None


def _nearest(name: str, root: Path) -> str:
    """Which parameter of params.yaml may be meant."""
    try:
        known = flat(yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, AttributeError):
        return ""
    return suggestion(name, known) if get_close_matches(name, known) else ""


def hydra_value(value: Any) -> str:
    """A value as Hydra's override grammar reads it. Raises TypeError or ValueError for what it has no form for here."""
    if isinstance(value, list | tuple):
        return f"[{','.join(hydra_value(each) for each in value)}]"
    if isinstance(value, str):
        if re.fullmatch(r"[A-Za-z_][\w./-]*", value) and isinstance(yaml.safe_load(value), str):
            return value
        # In Hydra's double quotes only backslashes before a quote are doubled.
        closed = re.sub(r"(\\+)$", r"\1\1", re.sub(r'(\\*)"', r'\1\1\\"', value))
        return f'"{closed}"'
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"found {value}, expected a finite number")
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise TypeError(f"{value!r}: an override is a bool, a number, a string, None, or a list of them")


def parse_overrides(texts: Sequence[str]) -> dict[str, Any]:
    """``["profile=smoke", "seeds=[0,1]"]`` as ``{"profile": "smoke", "seeds": [0, 1]}``; ``1e-3`` is a number.

    Raises ParameterError, with one sentence, for what is no override of one parameter by one value, or is there twice.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

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


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one, by dotted names; lists are values."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found


def with_values(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of nested dicts in which the dotted names of `changes`, all of them there, have other values."""
    copy = {key: with_values(value, {}) if isinstance(value, dict) else value for key, value in values.items()}
    for name, value in changes.items():
        *sections, last = name.split(".")
        section = copy
        for part in sections:
            section = section[part]
        section[last] = value
    return copy
