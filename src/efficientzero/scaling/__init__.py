"""Score against frames: the table of all scores, the curve, its figure. Imports no torch and no layer but games.

A score file is written once per agent, seed and budget; this package reads exactly the files it is given.
"""

from efficientzero.scaling.figure import draw_curve, save_figure
from efficientzero.scaling.score_file import ScoreFile, ScoreFileError, read_score_file
from efficientzero.scaling.scores import read_scores
from efficientzero.scaling.tables import curve_table, score_table

__all__ = [
    "ScoreFile",
    "ScoreFileError",
    "curve_table",
    "draw_curve",
    "read_score_file",
    "read_scores",
    "save_figure",
    "score_table",
]
