"""The stage `scaling`: the tables, the verdict and the figures of one experiment, or of several ones."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from efficientzero.parameters import ParameterError, load_parameters
from efficientzero.scaling import (
    ResultFileError,
    ScalingInputError,
    check_output,
    gather,
    printed_table,
    published_table,
    read_experiment,
    write_outputs,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Reads data/scores/<agent>/<seed>/<env steps>.json, the cost files in data/costs/<agent>/<seed>/ "
        "and the tables <agent>/<seed>/<env steps>.csv in data/drift, data/soundness and data/generalisation "
        "for every agent, seed and milestone of params.yaml; "
        "or, with --revs, the scores and costs of several experiments; or, with --published, scores from the "
        "literature (efficientzero.published.list_published names them). Writes scores.csv, curve.csv, aggregates.csv, "
        "exponents.csv, frames_ratio.csv, drift.csv, soundness.csv, verdict.json, the figures as PNG and SVG, and "
        "report.html."
    )
    parser.add_argument("--scores", type=Path, default=Path("data/scores"), help="folder of the score files")
    parser.add_argument("--costs", type=Path, default=Path("data/costs"), help="folder of the cost files")
    parser.add_argument("--drift", type=Path, default=Path("data/drift"), help="folder of the drift of search targets")
    parser.add_argument(
        "--soundness", type=Path, default=Path("data/soundness"), help="folder of how sound networks were"
    )
    parser.add_argument(
        "--generalisation",
        type=Path,
        default=Path("data/generalisation"),
        help="folder of how sound networks were in the games they were scored on",
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
    output = arguments.output or Path("data/scaling" if others is None else "data/comparison")
    try:
        check_output(output)
        if others is not None:
            if output.resolve() == Path("data/scaling").resolve():
                raise ScalingInputError("--output: data/scaling is DVC's and of one experiment; name another folder")
            table = gather(others) if arguments.revs else published_table(others, arguments.agents)
            verdict = write_outputs(output, table, published=arguments.published)
        else:
            parameters = load_parameters()
            results = read_experiment(
                parameters.game,
                parameters.agents,
                parameters.seeds,
                [step.to for step in parameters.milestones.list],
                scores=arguments.scores,
                costs=arguments.costs,
                drift=arguments.drift,
                soundness=arguments.soundness,
                generalisation=arguments.generalisation,
            )
            table = results.table
            described = parameters.model_dump(by_alias=True, exclude={"agent"})
            verdict = write_outputs(
                output,
                table,
                drift=results.drift,
                soundness=results.soundness,
                random_score=results.random_score,
                parameters=described,
            )
    except (ParameterError, ResultFileError, ScalingInputError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(printed_table(table))
    for second, pair in verdict["against"].items():
        print(f"{verdict['first']} against {second}: {pair['verdict']}")


if __name__ == "__main__":
    main()
