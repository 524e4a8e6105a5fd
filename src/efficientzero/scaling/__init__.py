"""Scaling: tables of scores and costs, the statistics of scaling curves, their figures.

`scores.py` makes one table of an experiment's score and cost files, `sources.py` of other experiments and the
literature. `analyse` puts the statistics together. No torch is imported, and of the package only `games`, `records` and
`published`.
"""

from efficientzero.scaling.analysis import Analysis, analyse, without_analysis
from efficientzero.scaling.figures.axes import published_points
from efficientzero.scaling.figures.curve import draw_curve
from efficientzero.scaling.figures.drift import draw_drift
from efficientzero.scaling.figures.exponents import draw_exponents
from efficientzero.scaling.figures.frames_ratio import draw_frames_ratio
from efficientzero.scaling.figures.games import draw_games
from efficientzero.scaling.figures.human_normalised import draw_human_normalised
from efficientzero.scaling.figures.soundness import draw_soundness
from efficientzero.scaling.figures.style import save_figure
from efficientzero.scaling.findings import aggregates_table, exponents_table, frames_ratio_table
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.instruments import read_drift, read_soundness
from efficientzero.scaling.outputs import check_output, printed_results, write_outputs
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.scores import (
    curve_table,
    printed_table,
    random_score,
    read_costs,
    read_experiment,
    read_scores,
    score_table,
)
from efficientzero.scaling.sources import ChosenScores, choose_scores, committed_scores, gather, published_table

__all__ = [
    "Analysis",
    "ChosenScores",
    "Refused",
    "ScalingInputError",
    "aggregates_table",
    "analyse",
    "check_output",
    "choose_scores",
    "committed_scores",
    "curve_table",
    "draw_curve",
    "draw_drift",
    "draw_exponents",
    "draw_frames_ratio",
    "draw_games",
    "draw_human_normalised",
    "draw_soundness",
    "exponents_table",
    "frames_ratio_table",
    "gather",
    "printed_results",
    "printed_table",
    "published_points",
    "published_table",
    "random_score",
    "read_costs",
    "read_drift",
    "read_experiment",
    "read_scores",
    "read_soundness",
    "save_figure",
    "score_table",
    "without_analysis",
    "write_outputs",
]
