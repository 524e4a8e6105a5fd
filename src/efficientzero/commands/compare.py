"""Puts experiments, Git revisions or published scores into one table, with the analysis, figures and report of them."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from efficientzero.experiments import ExperimentError
from efficientzero.records.paths import COMPARISON, SCALING
from efficientzero.scaling import check_output, gather, printed_results, published_table, write_outputs

EXAMPLES = """examples:
  efficientzero compare alien pong                                        two experiments, by name
  efficientzero compare main HEAD~10 --output data/earlier
  efficientzero compare --published dopamine_log_budgets --agents Rainbow IQN DQN

It writes what the stage `scaling` writes, but for drift and soundness: scores.csv, curve.csv, aggregates.csv,
exponents.csv, frames_ratio.csv, verdict.json, the figures as PNG and SVG, and report.html.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("revisions", nargs="*", metavar="NAME", help="DVC experiments or Git revisions")
    parser.add_argument(
        "--published", metavar="NAME", help="published scores instead, such as dopamine_log_budgets; see data/published"
    )
    parser.add_argument("--agents", nargs="+", metavar="AGENT", help="of the published ones; all if not given")
    parser.add_argument("--output", type=Path, default=COMPARISON, help=f"folder to write; {COMPARISON} if not given")


def run(arguments: argparse.Namespace, repository: Path) -> int:
    published = arguments.published
    if bool(arguments.revisions) == (published is not None):
        raise ExperimentError("name experiments or Git revisions, or --published scores, one of the two")
    if arguments.agents and published is None:
        raise ExperimentError(
            "--agents goes with --published; dvc exp run -S 'agents=[...]' chooses those that are run"
        )
    if arguments.output.resolve().is_relative_to(SCALING.resolve()):
        raise ExperimentError(f"--output: {SCALING} is DVC's and of one experiment; name another folder")
    check_output(arguments.output)
    table = gather(arguments.revisions) if published is None else published_table(published, arguments.agents)
    report(table, arguments.output, published)
    return 0


def report(table: pd.DataFrame, folder: Path, published: str | None = None) -> None:
    """Writes all of a table of scores to a folder; prints the scores and the verdicts."""
    print(printed_results(table, write_outputs(folder, table, published=published)))
