"""The stage `scaling`: the tables, the verdict and the figures of one experiment, or of several ones."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from efficientzero.games import find_game
from efficientzero.parameters import ParameterError, Parameters, load_parameters
from efficientzero.scaling import (
    Analysis,
    Refused,
    ResultFileError,
    ScalingInputError,
    aggregates_table,
    analyse,
    cost_paths,
    curve_table,
    draw_curve,
    draw_drift,
    draw_exponents,
    draw_frames_ratio,
    draw_games,
    drift_paths,
    exponents_table,
    frames_ratio_table,
    gather,
    printed_table,
    published_points,
    read_costs,
    read_drift,
    read_scores,
    save_figure,
    score_table,
    without_analysis,
)
from efficientzero.scaling.report import write_report


def remove_unlisted(folder: Path, listed: list[Path]) -> None:
    """Removes result files that the parameters name no longer.

    DVC takes the whole folder for this stage's input: a file that is nobody's output would be noted in dvc.lock, and no
    other clone could have it. Its own experiment's results stay in DVC's cache.
    """
    for path in sorted(set(folder.glob("*/*/*.*")) - set(listed)):
        print(f"removing {path}: not among the agents, seeds and milestones of params.yaml")
        path.unlink()


def own_results(
    parameters: Parameters, scores: Path, costs: Path, drifts: Path
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """The score table and the drift of the experiment in this folder, and the score of random play in it."""
    agents, seeds = parameters.agents, parameters.seeds
    budgets = [step.to for step in parameters.milestones.list]
    runs = [(agent, seed) for agent in agents for seed in seeds]
    score_files = [scores / agent / str(seed) / f"{budget}.json" for agent, seed in runs for budget in [0, *budgets]]
    cost_files = [path for agent, seed in runs for path in cost_paths(costs, agent, seed, budgets)]
    remove_unlisted(scores, score_files)
    remove_unlisted(costs, cost_files)
    remove_unlisted(drifts, drift_paths(drifts, agents, seeds, budgets))
    table = read_scores(score_files, parameters.game)
    drift = read_drift(drifts, agents, seeds, budgets)
    spent = read_costs(costs, agents, seeds, budgets)
    random_score = float(table[table.env_steps == 0].score.mean())
    return score_table(table, find_game(parameters.game), spent), drift, random_score


def analysed(table: pd.DataFrame) -> Analysis | Refused:
    """The analysis; refused for an experiment of a single agent, which is a sound one with nothing to compare."""
    agents = list(dict.fromkeys(table.agent))
    if len(agents) < 2:
        return Refused(f"this experiment has only one agent, {agents[0]}, so there is nothing to compare it with")
    return analyse(table)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", float_format="%.6g")


def draw(
    table: pd.DataFrame,
    curve: pd.DataFrame,
    analysis: Analysis | Refused,
    drift: pd.DataFrame | None,
    random_score: float | None,
) -> dict[str, Figure]:
    """All figures by the names of their files."""
    games = list(dict.fromkeys(table.game))
    if len(games) == 1:
        game = find_game(games[0])
        published = published_points(games[0]) if table.max_env_steps.isna().all() else None
        frames = draw_curve(table, curve, game, random_score, x="frames", published=published)
        compute = draw_curve(table, curve, game, random_score, x="training_flops")
    else:
        frames, compute = (draw_games(curve, analysis, x) for x in ("frames", "training_flops"))
    figures = {
        "score_against_frames": frames,
        "score_against_compute": compute,
        "frames_ratio": draw_frames_ratio(analysis),
        "exponents": draw_exponents(analysis),
    }
    if drift is not None:
        figures["drift"] = draw_drift(drift, int(table.frame_skip.iloc[0]))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Reads data/scores/<agent>/<seed>/<env steps>.json, the cost files in data/costs/<agent>/<seed>/ "
        "and data/drift/<agent>/<seed>/<env steps>.csv for every agent, seed and milestone of params.yaml; "
        "or, with --revs, the scores and costs of several experiments. Writes scores.csv, curve.csv, aggregates.csv, "
        "exponents.csv, frames_ratio.csv, drift.csv, verdict.json, the figures as PNG and SVG, and report.html."
    )
    parser.add_argument("--scores", type=Path, default=Path("data/scores"), help="folder of the score files")
    parser.add_argument("--costs", type=Path, default=Path("data/costs"), help="folder of the cost files")
    parser.add_argument("--drift", type=Path, default=Path("data/drift"), help="folder of the drift of search targets")
    parser.add_argument(
        "--revs", nargs="+", metavar="NAME", help="DVC experiments or Git revisions to compare instead; without drift"
    )
    parser.add_argument(
        "--output", type=Path, help="folder to write; data/scaling, or with --revs data/comparison, if not given"
    )
    arguments = parser.parse_args()
    output = arguments.output or Path("data/comparison" if arguments.revs else "data/scaling")

    drift, random_score, described = None, None, None
    try:
        if arguments.revs:
            if output.resolve() == Path("data/scaling").resolve():
                raise ScalingInputError("--output: data/scaling is DVC's and of one experiment; name another folder")
            table = gather(arguments.revs)
        else:
            parameters = load_parameters()
            described = parameters.model_dump(by_alias=True, exclude={"agent"})
            found = own_results(parameters, arguments.scores, arguments.costs, arguments.drift)
            table, drift, random_score = found
        analysis = analysed(table)
    except (ParameterError, ResultFileError, ScalingInputError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)

    curve = curve_table(table)
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
    for name, content in tables.items():
        write_csv(content, output / f"{name}.csv")
    if isinstance(analysis, Refused):
        verdict = without_analysis(table.agent.iloc[0], analysis)
    else:
        verdict = analysis.verdict_json()
    (output / "verdict.json").write_text(json.dumps(verdict, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    figures = draw(table, curve, analysis, drift, random_score)
    for name, figure in figures.items():
        for suffix in ("png", "svg"):
            save_figure(figure, output / f"{name}.{suffix}")
    drawn = {name: output / f"{name}.svg" for name in figures}
    write_report(output / "report.html", analysis, drawn, table, parameters=described)
    print(printed_table(table))
    for second, pair in verdict["against"].items():
        print(f"{verdict['first']} against {second}: {pair['verdict']}")


if __name__ == "__main__":
    main()
