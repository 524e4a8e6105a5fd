"""How agents, numbers and intervals are written on the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from efficientzero.scaling.refused import Refused


class Estimate(Protocol):
    """A number with its interval."""

    @property
    def estimate(self) -> float: ...

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


FRAMES_PER_SECOND = 60
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
NONE, MINUS = "–", "\N{MINUS SIGN}"


def sentence(text: str) -> str:
    """With a capital letter at its start, a full stop at its end, and a true minus before numbers."""
    text = re.sub(r"(?<![\w.])-(?=\d)", MINUS, text.strip())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def listed(parts: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else "none"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 seed`, `5 seeds`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def number(value: float) -> str:
    """Three significant digits, thousands apart, a true minus; a dash where there is no number."""
    if not np.isfinite(value):
        return NONE
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", MINUS)
    text = f"{value:.3g}" if value == 0 or abs(value) >= 0.001 else f"{value:.1e}"
    return text.replace("-", MINUS)


def share(value: float) -> str:
    """A share as per cent."""
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%" if np.isfinite(value) else NONE


def probability(value: float) -> str:
    """A p-value."""
    return "below 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def power_of_ten(value: float) -> str:
    """A large count, as 1.2 × 10¹⁵."""
    if not np.isfinite(value) or value <= 0:
        return NONE
    if value < 1e6:
        return f"{value:,.0f}"
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits} × 10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def with_interval(found: Estimate | Refused, times: str = "") -> str:
    """The estimate with its interval; `refused` where there is none."""
    return "refused" if isinstance(found, Refused) else in_brackets(found.estimate, found.low, found.high, times)


def in_brackets(estimate: float, low: float, high: float, times: str = "") -> str:
    """`1.46 (1.18 to 1.80)`: all to the decimals that give the estimate three digits, at most three of them."""
    size = np.floor(np.log10(abs(estimate))) if estimate else -1
    decimals = int(np.clip(2 - size, 0, 3))
    shown, least, most = (f"{value:,.{decimals}f}".replace("-", MINUS) for value in (estimate, low, high))
    return f"{shown}{times} ({least} to {most})"


def play_time(frames: float) -> str:
    """ALE frames as time of play at 60 frames per second."""
    seconds = frames / FRAMES_PER_SECOND
    if seconds < 99.5:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5940 else f"{number(seconds / 3600)} hours"


def duration(seconds: float) -> str:
    """Seconds of work, in the unit in which they are easiest to read."""
    if not np.isfinite(seconds):
        return NONE
    for least, size, unit in ((7200, 3600, "h"), (120, 60, "min")):
        if seconds >= least:
            return f"{seconds / size:,.1f} {unit}"
    return f"{number(seconds)} s"


def whole(value: float) -> str:
    """A count; a dash where there is none."""
    return f"{value:,.0f}" if np.isfinite(value) and value > 0 else NONE
