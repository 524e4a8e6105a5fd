"""What is raised when the scores handed to the analysis are not what it needs."""

from __future__ import annotations


class ScalingInputError(ValueError):
    """The input is wrong; the message is one sentence: what, of which agent, game or budget, and what to do."""
