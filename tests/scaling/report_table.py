"""Tables of scores with known curves to write reports about, and the report on one of them."""

from functools import cache

import numpy as np
import pandas as pd
from scipy.special import expit

from efficientzero.games import find_game
from efficientzero.scaling.analysis import analyse
from efficientzero.scaling.report import write_report

BUDGETS = (50_000, 100_000, 200_000, 400_000)
FIGURES = ("score_against_frames", "score_against_compute", "frames_ratio", "exponents", "drift", "soundness")
SVG = (
    '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="300pt" height="150pt" '
    'viewBox="0 0 300 150"><rect width="300" height="150" fill="#0072b2"/></svg>\n'
)
PARAMETERS = {
    "game": "MsPacman",
    "seeds": [0, 1, 2],
    "milestones": {"list": [{"from": 0, "to": 375}, {"from": 375, "to": 750}]},
    "evaluation": {"episodes": 8, "sample_actions": True, "max_env_steps": None},
    "agent": {
        "efficientzero": {
            "kind": "efficientzero",
            "network": {"size": "small", "convolutions": [[32, 5, 5], [64, 5, 5]]},
        },
        "muzero_reanalyze": {"kind": "efficientzero", "consistency": False},
        "dqn": {"kind": "rainbow", "hidden_in_the_page": 1},
    },
}


def score_table(
    games=("MsPacman", "Pong"), seeds=3, budgets=BUDGETS, agents=("efficientzero", "muzero_reanalyze"),
    exponents=(1.6, 0.8), midpoints=(1.5e5, 4e5), height=0.8,
):  # fmt: skip
    random = np.random.default_rng(0)
    rows = []
    for game in games:
        known = find_game(game)
        low, high = known.random_score or 0.0, known.human_score or 100.0
        for number, agent in enumerate(agents):
            for run in range(seeds):
                shift = 0.1 * random.standard_normal()
                for frames in budgets:
                    z = height * expit(exponents[number] * np.log(frames / midpoints[number]) + shift)
                    rows.append({
                        "game": game, "agent": agent, "seed": run, "frames": frames, "score": low + (high - low) * z,
                        "standard_error": 1.5, "frame_skip": 4, "parameters": 123_456 + number,
                        "updates": frames // 16, "training_flops": 3.2e9 * frames, "cpu_seconds": frames / 100,
                        "wall_seconds": frames / 120,
                    })  # fmt: skip
    return pd.DataFrame(rows)


@cache
def compared():
    """Table and analysis of two games and three seeds whose exponents differ by a factor of two."""
    table = score_table()
    return table, analyse(table, resamples=100)


@cache
def single_run():
    """Table and analysis of one game and one seed, of which nothing can be compared."""
    table = score_table(games=("Pong",), seeds=1)
    return table, analyse(table, resamples=100)


def written(folder, found, figures=FIGURES, **options):
    """The path of the report."""
    table, analysis = found
    paths = {name: folder / f"{name}.svg" for name in figures}
    for path in paths.values():
        path.write_text(SVG)
    write_report(folder / "report" / "report.html", analysis, paths, table, parameters=PARAMETERS, **options)
    return folder / "report" / "report.html"
