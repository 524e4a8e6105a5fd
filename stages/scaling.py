"""The stage `scaling`: the table of scores, the curve of score against frames and its figure."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from efficientzero.games import find_game
from efficientzero.parameters import ParameterError, load_parameters
from efficientzero.scaling import ScoreFileError, curve_table, draw_curve, read_scores, save_figure, score_table


def remove_unlisted(folder: Path, listed: list[Path]) -> None:
    """Removes score files that the parameters name no longer.

    DVC takes the whole folder for this stage's input: a file that is nobody's output would be noted in dvc.lock, and no
    other clone could have it. Its own experiment's results stay in DVC's cache.
    """
    for path in sorted(set(folder.glob("*/*/*.json")) - set(listed)):
        print(f"removing {path}: not among the agents, seeds and milestones of params.yaml")
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Reads data/scores/<agent>/<seed>/<env steps>.json for every agent, seed and milestone of "
        "params.yaml, and writes scores.csv, curve.csv and score_against_frames.{png,svg}."
    )
    parser.add_argument("--scores", type=Path, default=Path("data/scores"), help="folder of the score files")
    parser.add_argument("--output", type=Path, default=Path("data/scaling"), help="folder to write")
    arguments = parser.parse_args()

    try:
        parameters = load_parameters()
        budgets = [0, *(step.to for step in parameters.milestones.list)]
        paths = [
            arguments.scores / agent / str(seed) / f"{budget}.json"
            for agent in parameters.agents
            for seed in parameters.seeds
            for budget in budgets
        ]
        remove_unlisted(arguments.scores, paths)
        scores = read_scores(paths, parameters.game)
    except (ParameterError, ScoreFileError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)

    game = find_game(parameters.game)
    table = score_table(scores, game)
    curve = curve_table(table)
    figure = draw_curve(table, curve, game, random_score=scores[scores.env_steps == 0].score.mean())
    arguments.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.output / "scores.csv", index=False, lineterminator="\n", float_format="%.6g")
    curve.to_csv(arguments.output / "curve.csv", index=False, lineterminator="\n", float_format="%.6g")
    for suffix in ("png", "svg"):
        save_figure(figure, arguments.output / f"score_against_frames.{suffix}")
    print(curve.to_string(index=False))


if __name__ == "__main__":
    main()
