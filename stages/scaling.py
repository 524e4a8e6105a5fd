"""The stage `scaling`: the tables, the verdict and the figures of one experiment, or of several ones."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from efficientzero.parameters import ParameterError, load_parameters
from efficientzero.records.files import RecordError
from efficientzero.records.paths import COMPARISON, SCALING, RunPaths, delete_unlisted
from efficientzero.scaling import (
    ScalingInputError,
    check_output,
    gather,
    printed_table,
    published_table,
    random_score,
    read_drift,
    read_experiment,
    read_soundness,
    write_outputs,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Reads what the other stages wrote to data/scores, data/costs, data/drift, data/soundness and "
        "data/generalisation for every agent, seed and milestone of params.yaml, and deletes what is of others; "
        "or, with --revs, the scores and costs of several experiments; or, with --published, scores from the "
        "literature (efficientzero.published.list_published names them). Writes scores.csv, curve.csv, aggregates.csv, "
        "exponents.csv, frames_ratio.csv, drift.csv, soundness.csv, verdict.json, the figures as PNG and SVG, and "
        "report.html."
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--revs",
        nargs="+",
        metavar="NAME",
        help="DVC experiments or Git revisions to compare instead; without drift and soundness",
    )
    instead.add_argument(
        "--published", metavar="NAME", help="published scores to analyse instead, such as dopamine_log_budgets"
    )
    parser.add_argument(
        "--agents", nargs="+", metavar="AGENT", help="with --published: the agents to compare; all if not given"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="folder to write; data/scaling, or data/comparison with --revs or --published, if not given",
    )
    arguments = parser.parse_args()
    if arguments.agents and not arguments.published:
        parser.error("--agents goes with --published; dvc exp run -S 'agents=[...]' chooses those that are run")
    others = arguments.revs if arguments.revs is not None else arguments.published
    output = arguments.output or (SCALING if others is None else COMPARISON)
    try:
        check_output(output)
        if others is not None:
            if output.resolve() == SCALING.resolve():
                raise ScalingInputError(f"--output: {SCALING} is DVC's and of one experiment; name another folder")
            table = gather(others) if arguments.revs else published_table(others, arguments.agents)
            verdict = write_outputs(output, table, published=arguments.published)
        else:
            parameters = load_parameters()
            runs = [RunPaths(agent, seed) for agent in parameters.agents for seed in parameters.seeds]
            milestones = [step.to for step in parameters.milestones.list]
            delete_unlisted(runs, milestones)
            table = read_experiment(parameters.game, runs, milestones)
            verdict = write_outputs(
                output,
                table,
                drift=read_drift(runs, milestones),
                soundness=read_soundness(runs, milestones),
                random_score=random_score(table),
                parameters=parameters.model_dump(by_alias=True, exclude={"agent"}),
            )
    except (ParameterError, RecordError, ScalingInputError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(printed_table(table))
    for second, pair in verdict["against"].items():
        print(f"{verdict['first']} against {second}: {pair['verdict']}")


if __name__ == "__main__":
    main()
