"""Figures that others have published, as tables of the same form as our own scores.

The tables lie in `data/published` of a checkout; its README says where each comes from and what was left out. Importing
this package loads no torch.
"""

from efficientzero.published.expectation import Expectation, expectation, expectation_in_words
from efficientzero.published.listing import list_published
from efficientzero.published.reported import (
    atari_fifty,
    board_game_frontier,
    efficientzero_value_errors,
    recomputed_aggregates,
    reported_aggregates,
)
from efficientzero.published.scores import best_scores, final_scores, minatar_scores, published_curves
from efficientzero.published.table_file import PublishedFiguresError
