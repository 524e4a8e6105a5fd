"""A quantity that the data cannot give: a value with its reason, where a number would mislead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refused:
    """Stands in the place of a number; `reason` says in a sentence or two why there is none and what would give one."""

    reason: str
