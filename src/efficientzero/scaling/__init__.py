"""Scaling: tables of scores and costs, the statistics of scaling curves, their figures.

A score file is written once per agent, seed and budget, a cost file once per stage of them; this package reads exactly
the files it is given. `analyse` puts the statistics together. No torch is imported, and of the package only `games` and
`published`.
"""

from efficientzero.scaling.analysis import Analysis, analyse, without_analysis
from efficientzero.scaling.figures.curve import draw_curve
from efficientzero.scaling.figures.drawing import save_figure
from efficientzero.scaling.figures.drift import draw_drift
from efficientzero.scaling.figures.exponents import draw_exponents
from efficientzero.scaling.figures.frames_ratio import draw_frames_ratio
from efficientzero.scaling.figures.games import draw_games
from efficientzero.scaling.figures.human_normalised import draw_human_normalised
from efficientzero.scaling.figures.published_points import published_points
from efficientzero.scaling.figures.soundness import draw_soundness
from efficientzero.scaling.findings import aggregates_table, exponents_table, frames_ratio_table
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.outputs import check_output, write_outputs
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.results.chosen import ChosenScores, choose_scores, committed_scores
from efficientzero.scaling.results.cost_file import CostFile, CostFileError, read_cost_file
from efficientzero.scaling.results.costs import cost_paths, read_costs
from efficientzero.scaling.results.drift import DriftFileError, read_drift
from efficientzero.scaling.results.experiment import ExperimentResults, read_experiment
from efficientzero.scaling.results.published import published_table
from efficientzero.scaling.results.result_file import ResultFileError
from efficientzero.scaling.results.revisions import gather
from efficientzero.scaling.results.score_file import ScoreFile, ScoreFileError, read_score_file
from efficientzero.scaling.results.scores import read_scores
from efficientzero.scaling.results.soundness import SoundnessFileError, read_soundness
from efficientzero.scaling.results.tables import curve_table, printed_table, score_table

__all__ = [
    "Analysis",
    "ChosenScores",
    "CostFile",
    "CostFileError",
    "DriftFileError",
    "ExperimentResults",
    "Refused",
    "ResultFileError",
    "ScalingInputError",
    "ScoreFile",
    "ScoreFileError",
    "SoundnessFileError",
    "aggregates_table",
    "analyse",
    "check_output",
    "choose_scores",
    "committed_scores",
    "cost_paths",
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
    "printed_table",
    "published_points",
    "published_table",
    "read_cost_file",
    "read_costs",
    "read_drift",
    "read_experiment",
    "read_score_file",
    "read_scores",
    "read_soundness",
    "save_figure",
    "score_table",
    "without_analysis",
    "write_outputs",
]
