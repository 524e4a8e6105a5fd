"""Everything that is written of a table of scores: tables, verdict, figures and report."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from matplotlib.figure import Figure

from efficientzero.games import find_game
from efficientzero.scaling.analysis import Analysis, analyse, without_analysis
from efficientzero.scaling.figures.axes import published_points
from efficientzero.scaling.figures.curve import draw_curve
from efficientzero.scaling.figures.drift import draw_drift
from efficientzero.scaling.figures.exponents import draw_exponents
from efficientzero.scaling.figures.frames_ratio import draw_frames_ratio
from efficientzero.scaling.figures.games import draw_games
from efficientzero.scaling.figures.soundness import draw_soundness
from efficientzero.scaling.figures.style import save_figure
from efficientzero.scaling.findings import aggregates_table, exponents_table, frames_ratio_table
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report import write_report
from efficientzero.scaling.scores import curve_table, printed_table

Axis = Literal["frames", "training_flops"]


def check_output(output: Path) -> None:
    """Raises ScalingInputError if the folder is none and cannot be made, before anything is computed for it."""
    nearest = next(place for place in (output.absolute(), *output.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        what = "cannot be written to" if nearest.is_dir() else "is a file"
        raise ScalingInputError(f"--output: {output} cannot be a folder of results, because {nearest} {what}")


def write_outputs(
    output: Path,
    table: pd.DataFrame,
    *,
    drift: pd.DataFrame | None = None,
    soundness: pd.DataFrame | None = None,
    random_score: float | None = None,
    parameters: Mapping[str, Any] | None = None,
    published: str | None = None,
) -> dict[str, Any]:
    """Analyses a table and writes all that the analysis says of it.

    That is scores.csv, curve.csv, aggregates.csv, exponents.csv, frames_ratio.csv, drift.csv and soundness.csv where
    they are given, verdict.json, the figures as PNG and SVG, and report.html.

    Args:
        output: a folder, made after the analysis. table: of `score_table`, `gather` or `published_table`.
        drift: of `read_drift`. soundness: of `read_soundness`. random_score: of random play on the one game of the
            table. parameters: of the experiment, for the report. published: the name of a published table that `table`
            is of, for the report.

    Returns the verdict, as it is written. Raises ScalingInputError as `analyse`; then nothing is written.
    """
    analysis = _analysed(table)
    curve = curve_table(table)
    verdict = (
        analysis.verdict_json() if isinstance(analysis, Analysis) else without_analysis(table.agent.iloc[0], analysis)
    )
    output.mkdir(parents=True, exist_ok=True)
    tables = {
        "scores": table,
        "curve": curve,
        "aggregates": aggregates_table(analysis),
        "exponents": exponents_table(analysis),
        "frames_ratio": frames_ratio_table(analysis),
    }
    if drift is not None:
        tables["drift"] = drift
    if soundness is not None:
        tables["soundness"] = soundness
    for name, content in tables.items():
        content.to_csv(output / f"{name}.csv", index=False, lineterminator="\n", float_format="%.6g")
    (output / "verdict.json").write_text(json.dumps(verdict, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    figures = _drawn(table, curve, analysis, drift, soundness, random_score)
    for name, figure in figures.items():
        for suffix in ("png", "svg"):
            save_figure(figure, output / f"{name}.{suffix}")
    drawn = {name: output / f"{name}.svg" for name in figures}
    write_report(
        output / "report.html",
        analysis,
        drawn,
        table,
        soundness=soundness,
        parameters=parameters,
        published=published,
    )
    return verdict


def printed_results(table: pd.DataFrame, verdict: Mapping[str, Any]) -> str:
    """The scores and the verdicts on them, for reading; `verdict`: of `write_outputs`."""
    pairs = (f"{verdict['first']} against {second}: {pair['verdict']}" for second, pair in verdict["against"].items())
    return "\n".join([printed_table(table), *pairs])


def _analysed(table: pd.DataFrame) -> Analysis | Refused:
    """The analysis; refused for an experiment of a single agent, which is a sound one with nothing to compare."""
    agents = list(dict.fromkeys(table.agent))
    if len(agents) < 2:
        return Refused(f"this experiment has only one agent, {agents[0]}, so there is nothing to compare it with")
    return analyse(table)


def _drawn(
    table: pd.DataFrame,
    curve: pd.DataFrame,
    analysis: Analysis | Refused,
    drift: pd.DataFrame | None,
    soundness: pd.DataFrame | None,
    random_score: float | None,
) -> dict[str, Figure]:
    """All figures by the names of their files."""
    counted = table.training_flops.notna().any()  # published scores come without
    axes: dict[str, Axis] = {"score_against_frames": "frames"}
    if counted:
        axes["score_against_compute"] = "training_flops"
    games = list(dict.fromkeys(table.game))
    if len(games) == 1:
        game = find_game(games[0])
        whole = counted and table.max_env_steps.isna().all()
        behind = {"frames": published_points(games[0]) if whole else None, "training_flops": None}
        figures = {
            name: draw_curve(table, curve, game, random_score, x=x, published=behind[x]) for name, x in axes.items()
        }
    else:
        figures = {name: draw_games(curve, analysis, x) for name, x in axes.items()}
    figures |= {"frames_ratio": draw_frames_ratio(analysis), "exponents": draw_exponents(analysis)}
    if drift is not None:
        figures["drift"] = draw_drift(drift, int(table.frame_skip.iloc[0]))
    if soundness is not None:
        figures["soundness"] = draw_soundness(soundness, int(table.frame_skip.iloc[0]))
    return figures
