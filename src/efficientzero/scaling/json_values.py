"""Results as plain JSON values."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from efficientzero.scaling.refused import Refused


def plain(value: Any) -> Any:
    """Nested dataclasses, tuples and NumPy numbers as JSON values; numbers that are not finite as null."""
    if isinstance(value, Refused):
        return {"refused": value.reason}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value
