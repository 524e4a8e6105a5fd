"""Pydantic's errors in a user's words: the dotted name, what was found, what was expected, what may have been meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from efficientzero.parameters.schema import AgentSettings, Parameters
from efficientzero.parameters.sections import Section

Path = tuple[str | int, ...]

AGENT_KINDS: dict[object, type[Section]] = {
    get_args(settings.model_fields["kind"].annotation)[0]: settings for settings in get_args(get_args(AgentSettings)[0])
}

EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a word",
    "list_type": "a list",
    "dict_type": "a group of parameters",
    "model_type": "a group of parameters",
    "model_attributes_type": "a group of parameters",
    "literal_error": "{expected}",
    "union_tag_invalid": "{expected_tags} as kind",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number of at least {ge}",
    "less_than": "a number below {lt}",
    "less_than_equal": "a number of at most {le}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
}


def suggestion(word: object, known: Iterable[str]) -> str:
    """``"; did you mean a or b?"``, or every known word where none is close."""
    words = [str(one) for one in known]
    close = get_close_matches(str(word), words, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else f"; known: {', '.join(words)}"


def schema_faults(values: Any, error: ValidationError) -> list[str]:
    """One line per wrong parameter, in the order of the schema; `values` is what was validated."""
    unnamed: list[str] = []
    expected: dict[Path, list[str]] = {}
    for details in error.errors():
        path = _path(values, details)
        name = ".".join(map(str, path)) or "all of it"
        if details["type"] == "extra_forbidden":
            unnamed.append(f"{name}: there is no such parameter{suggestion(path[-1], _names(values, path[:-1]))}")
        elif details["type"] in ("missing", "union_tag_not_found"):
            unnamed.append(f"{name}{'.kind' if details['type'] != 'missing' else ''}: is missing")
        elif details["type"] == "value_error":
            unnamed.append(f"{name}: found {_shown(details['input'])}, {details['ctx']['error']}")
        else:
            template = EXPECTED.get(details["type"])
            wanted = template.format(**details.get("ctx", {})) if template else details["msg"]
            expected.setdefault(path, []).append(wanted)
    lines = []
    for path, wanted_values in expected.items():
        if _nullable(values, path):
            wanted_values.append("null")
        found = _shown(_value(values, path))
        lines.append(f"{'.'.join(map(str, path)) or 'all of it'}: found {found}, expected {' or '.join(wanted_values)}")
    return unnamed + lines


def _path(values: Any, details: ErrorDetails) -> Path:
    """Where in `values` the error is: pydantic's location without the names of the alternatives of a union."""
    path: list[str | int] = []
    for part in details["loc"]:
        known = part in values if isinstance(values, dict) else isinstance(values, list) and isinstance(part, int)
        if known:
            path.append(part)
            values = values[part]
        elif details["type"] == "missing" and part == details["loc"][-1]:
            path.append(part)
    return tuple(path)


def _value(values: Any, path: Path) -> Any:
    for part in path:
        values = values[part]
    return values


def _shown(value: Any) -> str:
    """As it would stand in a YAML file, on one line and short."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("\n...\n").strip()
    return text if len(text) <= 60 else text[:57] + "..."


def _section(values: Any, path: Path) -> type[Section] | None:
    """The section of the schema at `path`; None where there is none."""
    section: type[Section] | None = Parameters
    for position, part in enumerate(path):
        if path[0] == "agent" and position == 0:
            section = None
        elif path[0] == "agent" and position == 1:
            section = AGENT_KINDS.get(_value(values, path[:2]).get("kind"))
        elif isinstance(part, str):
            section = _subsection(_fields(section).get(part)) if section else None
    return section


def _subsection(annotation: Any) -> type[Section] | None:
    while get_origin(annotation) in (Annotated, list):
        annotation = get_args(annotation)[0]
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def _fields(section: type[Section]) -> dict[str, Any]:
    """The annotations of a section's fields by their names in the file (``from``, not ``from_``)."""
    return {field.alias or name: field.annotation for name, field in section.model_fields.items()}


def _names(values: Any, path: Path) -> list[str]:
    section = _section(values, path)
    return list(_fields(section)) if section else []


def _nullable(values: Any, path: Path) -> bool:
    section = _section(values, path[:-1]) if path else None
    return section is not None and NoneType in get_args(_fields(section).get(str(path[-1])))
