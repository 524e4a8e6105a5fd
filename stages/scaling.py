"""The stage `scaling`: the table of scores and costs, the curve, its figures against frames and compute."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from efficientzero.games import find_game
from efficientzero.parameters import ParameterError, load_parameters
from efficientzero.scaling import (
    ResultFileError,
    cost_paths,
    curve_table,
    draw_curve,
    printed_table,
    read_costs,
    read_scores,
    save_figure,
    score_table,
)


def remove_unlisted(folder: Path, listed: list[Path]) -> None:
    """Removes result files that the parameters name no longer.

    DVC takes the whole folder for this stage's input: a file that is nobody's output would be noted in dvc.lock, and no
    other clone could have it. Its own experiment's results stay in DVC's cache.
    """
    for path in sorted(set(folder.glob("*/*/*.json")) - set(listed)):
        print(f"removing {path}: not among the agents, seeds and milestones of params.yaml")
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Reads data/scores/<agent>/<seed>/<env steps>.json and the cost files in "
        "data/costs/<agent>/<seed>/ for every agent, seed and milestone of params.yaml, and writes scores.csv, "
        "curve.csv, score_against_frames.{png,svg} and score_against_compute.{png,svg}."
    )
    parser.add_argument("--scores", type=Path, default=Path("data/scores"), help="folder of the score files")
    parser.add_argument("--costs", type=Path, default=Path("data/costs"), help="folder of the cost files")
    parser.add_argument("--output", type=Path, default=Path("data/scaling"), help="folder to write")
    arguments = parser.parse_args()

    try:
        parameters = load_parameters()
        agents, seeds = parameters.agents, parameters.seeds
        budgets = [step.to for step in parameters.milestones.list]
        runs = [(agent, seed) for agent in agents for seed in seeds]
        score_files = [
            arguments.scores / agent / str(seed) / f"{budget}.json" for agent, seed in runs for budget in [0, *budgets]
        ]
        cost_files = [path for agent, seed in runs for path in cost_paths(arguments.costs, agent, seed, budgets)]
        remove_unlisted(arguments.scores, score_files)
        remove_unlisted(arguments.costs, cost_files)
        scores = read_scores(score_files, parameters.game)
        costs = read_costs(arguments.costs, agents, seeds, budgets)
    except (ParameterError, ResultFileError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)

    game = find_game(parameters.game)
    table = score_table(scores, game, costs)
    curve = curve_table(table)
    random_score = scores[scores.env_steps == 0].score.mean()
    arguments.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.output / "scores.csv", index=False, lineterminator="\n", float_format="%.6g")
    curve.to_csv(arguments.output / "curve.csv", index=False, lineterminator="\n", float_format="%.6g")
    frames = draw_curve(table, curve, game, random_score, x="frames")
    compute = draw_curve(table, curve, game, random_score, x="training_flops")
    for suffix in ("png", "svg"):
        save_figure(frames, arguments.output / f"score_against_frames.{suffix}")
        save_figure(compute, arguments.output / f"score_against_compute.{suffix}")
    print(printed_table(table))


if __name__ == "__main__":
    main()
