"""The parameters that `dvc exp run -S ...` would run with: conf/ composed by the function DVC calls for it."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from efficientzero.experiments.hydra_value import hydra_value
from efficientzero.parameters import ParameterError
from efficientzero.parameters.spelling import suggestion

_hydra = threading.Lock()  # Hydra keeps its state in globals


def composed_text(overrides: Mapping[str, Any], repository: Path) -> str:
    """The text of params.yaml with overrides by dotted name.

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


def composed(overrides: Mapping[str, Any], repository: Path) -> dict[str, Any]:
    """The same as nested dicts. Raises ParameterError."""
    return dict(yaml.safe_load(composed_text(overrides, repository)))


def stage_count(parameters: Mapping[str, Any]) -> int:
    """How many stages of dvc.yaml an experiment with these composed parameters has."""
    runs = len(parameters["agents"]) * len(parameters["seeds"])
    return runs * (1 + 3 * len(parameters["milestones"]["list"])) + 1  # collect, then three a milestone; scaling


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
