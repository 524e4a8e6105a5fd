"""Score against frames and compute: the table of all scores and costs, the curve, its figures.

A score file is written once per agent, seed and budget, a cost file once per stage of them; this package reads exactly
the files it is given. It imports no torch and no layer but games.
"""

from efficientzero.scaling.cost_file import CostFile, CostFileError, read_cost_file
from efficientzero.scaling.costs import cost_paths, read_costs
from efficientzero.scaling.figure import draw_curve, save_figure
from efficientzero.scaling.result_file import ResultFileError
from efficientzero.scaling.score_file import ScoreFile, ScoreFileError, read_score_file
from efficientzero.scaling.scores import read_scores
from efficientzero.scaling.tables import curve_table, printed_table, score_table

__all__ = [
    "CostFile",
    "CostFileError",
    "ResultFileError",
    "ScoreFile",
    "ScoreFileError",
    "cost_paths",
    "curve_table",
    "draw_curve",
    "printed_table",
    "read_cost_file",
    "read_costs",
    "read_score_file",
    "read_scores",
    "save_figure",
    "score_table",
]
