"""Which games there are, what they are called, and their reference scores.

Importing this package loads neither an emulator nor torch.
"""

from efficientzero.games.registry import FAMILIES, SUITES, Game, UnknownGameError, find_game, suite
