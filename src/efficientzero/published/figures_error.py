"""What goes wrong with published figures, in one sentence."""


class PublishedFiguresError(ValueError):
    """Published figures are missing or damaged, or there are none of that name; the message says what to do."""
