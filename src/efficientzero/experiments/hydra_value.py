"""Values as Hydra's override grammar writes them, the other way round from `overrides`."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import yaml


def hydra_value(value: Any) -> str:
    """A value as Hydra's override grammar reads it. Raises TypeError or ValueError for what it has no form for here."""
    if isinstance(value, list | tuple):
        return f"[{','.join(hydra_value(each) for each in value)}]"
    if isinstance(value, str):
        plain = re.fullmatch(r"[A-Za-z_][\w./-]*", value) and isinstance(yaml.safe_load(value), str)
        return value if plain else _quoted(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"found {value}, expected a finite number")
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise TypeError(f"{value!r}: an override is a bool, a number, a string, None, or a list of them")


def _quoted(text: str) -> str:
    """In Hydra's double quotes, where only backslashes before a quote are doubled."""
    inner = re.sub(r'(\\*)"', r'\1\1\\"', text)
    closed = re.sub(r"(\\+)$", r"\1\1", inner)
    return f'"{closed}"'
