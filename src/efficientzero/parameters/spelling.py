"""Did you mean ...?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(word: object, known: Iterable[str]) -> str:
    """``"; did you mean a or b?"``, or every known word where none is close."""
    words = [str(one) for one in known]
    close = get_close_matches(str(word), words, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else f"; known: {', '.join(words)}"
