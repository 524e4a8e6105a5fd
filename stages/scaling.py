"""Stage `scaling`: the tables, the verdict and the figures of one experiment."""

from __future__ import annotations

import argparse
import sys

from efficientzero.parameters import ParameterError, load_parameters
from efficientzero.records.files import RecordError
from efficientzero.records.paths import SCALING, RunPaths, delete_unlisted
from efficientzero.scaling import (
    ScalingInputError,
    check_output,
    printed_results,
    random_score,
    read_drift,
    read_experiment,
    read_soundness,
    write_outputs,
)


def main() -> None:
    argparse.ArgumentParser(
        description="Reads what the other stages wrote to data/scores, data/costs, data/drift, data/soundness and "
        "data/generalisation for every agent, seed and milestone of params.yaml, and deletes what is of others. Writes "
        "to data/scaling: scores.csv, curve.csv, aggregates.csv, exponents.csv, frames_ratio.csv, drift.csv, "
        "soundness.csv, verdict.json, the figures as PNG and SVG, and report.html."
    ).parse_args()
    try:
        check_output(SCALING)
        parameters = load_parameters()
        runs = [RunPaths(agent, seed) for agent in parameters.agents for seed in parameters.seeds]
        milestones = [step.to for step in parameters.milestones.list]
        delete_unlisted(runs, milestones)
        table = read_experiment(parameters.game, runs, milestones)
        verdict = write_outputs(
            SCALING,
            table,
            drift=read_drift(runs, milestones),
            soundness=read_soundness(runs, milestones),
            random_score=random_score(table),
            parameters=parameters.model_dump(by_alias=True, exclude={"agent"}),
        )
    except (ParameterError, RecordError, ScalingInputError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
    print(printed_results(table, verdict))


if __name__ == "__main__":
    main()
