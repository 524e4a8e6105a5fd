"""All agents on MinAtar as one table: the rows of `results/minatar_scores.csv` that suites of today's agents wrote.

    PYTHONPATH=src .venv/bin/python benchmarks/minatar_agents.py   # the whole table
    PYTHONPATH=src .venv/bin/python benchmarks/minatar_agents.py --suites table baselines
    PYTHONPATH=src .venv/bin/python benchmarks/minatar_agents.py --suites places cells:dqn    # of one suite DQN alone
    PYTHONPATH=src .venv/bin/python benchmarks/minatar_agents.py --analysis data/minatar_agents
    PYTHONPATH=src .venv/bin/python benchmarks/minatar_agents.py --games breakout space_invaders \
        --suites depth prefixless:efficientzero=no_value_prefix   # a suite's EfficientZero under a name of its own

The suite `again` is `results/minatar_scored_again.csv`: older networks, scored by today's rule. Beside others its rows
take the place of those networks' scores by the rule of before.

Prints markdown: each game's mean score over the seeds with its standard error, at every budget; then each agent's mean
over the games that EfficientZero has played, where a game's scores are divided by the highest mean that any agent has
there at the last budget, and how far EfficientZero is from each other agent. Seeds are independent and the divisor is
taken as known, so the error of a difference is the root of both agents' summed squared errors over games, divided by
the number of games. With three seeds an error is itself known to about half of its size only.

With `--analysis`, also what the stage `scaling` writes of several games (`report.html`, `verdict.json`, figures), of
the agents that have played all of them and of the rows that the pipeline scored. Whether suites were scored by one rule
(`exploration.evaluation_epsilon`, Freeway's repeated actions) the rows do not say.
"""

import argparse
import math
import re
from pathlib import Path

import pandas as pd

from efficientzero.scaling import ScalingInputError, check_output, write_outputs

RESULTS = Path(__file__).parent / "results"
SCORES, AGAIN = RESULTS / "minatar_scores.csv", "again"
SUBJECT = "efficientzero"
PRESENT = ["drawn", "dqn", f"{AGAIN}:dqn", "depth:model_free_muzero"]
POINT = ["game", "agent", "seed", "env_steps"]


def all_scores() -> pd.DataFrame:
    """Every row of both files; of those scored again `revision` is the suite `again`, and no cost is known."""
    again = pd.read_csv(RESULTS / "minatar_scored_again.csv").drop(columns="suite").assign(revision=AGAIN)
    return pd.concat([pd.read_csv(SCORES), again], ignore_index=True)


def of_suites(scores: pd.DataFrame, suites: list[str]) -> pd.DataFrame:
    """The rows whose experiment's name begins with a suite's name; of ``suite:agent`` that agent's alone.

    Of ``suite:agent=name`` that agent's under that name. Of a score that is there by an older rule and scored again,
    the latter.

    Raises:
        ValueError: a suite has none, a name is no new one, or a score is there twice.
    """
    names = scores.revision.astype(str).str.split("-").str[0]
    with_agents = names + ":" + scores.agent
    keys = [suite.partition("=")[0] for suite in suites]
    renamed = {key: suite.partition("=")[2] for key, suite in zip(keys, suites, strict=True) if "=" in suite}
    for key, name in renamed.items():
        if ":" not in key or not re.fullmatch(r"\w+", name):
            raise ValueError(f"--suites: {key}={name}; expected SUITE:AGENT=NAME, a name of letters, digits and _")
        if name in set(scores.agent) or list(renamed.values()).count(name) > 1:
            raise ValueError(f"--suites: {key}={name}: there is an agent of that name; choose another")
        if keys.count(key) > 1 or key.partition(":")[0] in keys:
            raise ValueError(f"--suites: {key} is given twice; expected once, or its suite's other agents by name")
    unknown = sorted(set(keys) - set(names) - set(with_agents))
    if unknown:
        raise ValueError(f"--suites: {SCORES} has no row of {' or '.join(unknown)}; expected SUITE or SUITE:AGENT")
    is_chosen = names.isin(keys) | with_agents.isin(keys)
    again = scores[is_chosen & (scores.revision == AGAIN)]
    replaced = pd.MultiIndex.from_frame(scores[POINT]).isin(pd.MultiIndex.from_frame(again[POINT]))
    is_chosen &= ~replaced | (scores.revision == AGAIN)
    chosen = scores[is_chosen].assign(
        agent=[renamed.get(key, key.partition(":")[2]) for key in with_agents[is_chosen]],
    )
    twice = chosen[chosen.duplicated(POINT)]
    if not twice.empty:
        raise ValueError(f"--suites: these have a score twice, as {twice[POINT].values.tolist()[0]}; name one's agent")
    return chosen


def of_games(scores: pd.DataFrame, games: list[str] | None) -> pd.DataFrame:
    """The rows of these games, ``minatar/`` left out or not, all without any.

    Raises:
        ValueError: a game has none.
    """
    if games is None:
        return scores
    wanted = {game if "/" in game else f"minatar/{game}" for game in games}
    unknown = sorted(wanted - set(scores.game))
    if unknown:
        raise ValueError(f"--games: no row of {' or '.join(unknown)}; there are {', '.join(sorted(set(scores.game)))}")
    return scores[scores.game.isin(wanted)]


def over_seeds(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean over the seeds, its standard error, and mean CPU-seconds where known, by game, agent and env steps."""
    groups = scores.groupby(["game", "agent", "env_steps"])
    table = groups.score.agg(["mean", "sem"])
    table["cpu_seconds"] = groups.cpu_seconds.mean()
    return table


def normalised(table: pd.DataFrame, budget: int, games: list[str]) -> pd.DataFrame:
    """Each agent's mean over `games` and its standard error at `budget`, for the agents that have played them all."""
    last = table.index.get_level_values("env_steps").max()
    best = table.xs(last, level="env_steps")["mean"].groupby("game").max()
    rows = table.xs(budget, level="env_steps").loc[games]
    shares = rows[["mean", "sem"]].div(best, axis=0, level="game")
    result = shares["mean"].groupby("agent").agg(["mean", "count"])
    result["sem"] = shares["sem"].pow(2).groupby("agent").sum(min_count=len(games)).pow(0.5) / len(games)
    return result[result["count"] == len(games)].sort_values("mean", ascending=False)


def with_error(mean: float, error: float, form: str) -> str:
    """``mean ± error``, the mean in a format; of one seed, which has no error, the mean alone; of none a dash."""
    if math.isnan(mean):
        return "–"
    return f"{mean:{form}}" + (f" ± {error:{form.lstrip('+')}}" if math.isfinite(error) else "")


def game_table(table: pd.DataFrame, scores: pd.DataFrame, game: str) -> list[str]:
    """Markdown of one game: a row for each agent, a column for each budget."""
    budgets = sorted(scores.env_steps.unique())
    columns = " | ".join(f"{budget:,}" for budget in budgets)
    lines = [f"### {game}", "", f"| agent | {columns} env steps | seeds at {budgets[-1]:,} | CPU-s |"]
    lines.append("|---|" + "---|" * (len(budgets) + 2))
    agents = table.loc[game].xs(budgets[-1], level="env_steps")["mean"].sort_values(ascending=False).index
    for agent in agents:
        rows = table.loc[game].loc[agent]
        cells = [cell for _, cell in rows.reindex(budgets).iterrows()]
        seeds = scores[(scores.game == game) & (scores.agent == agent) & (scores.env_steps == budgets[-1])].sort_values(
            "seed"
        )
        values = " | ".join(with_error(cell["mean"], cell["sem"], ".1f") for cell in cells)
        of_seeds = ", ".join(f"{score:.1f}" for score in seeds.score)
        cost = with_error(cells[-1]["cpu_seconds"], math.nan, ".0f")
        lines.append(f"| {agent} | {values} | {of_seeds} | {cost} |")
    return [*lines, ""]


def mean_table(table: pd.DataFrame, games: list[str]) -> list[str]:
    """Markdown of the mean over games, and how far the subject is from each other agent that has played them all."""
    budgets = sorted(table.index.unique("env_steps"))
    lines = [f"### Mean over {', '.join(games)}", ""]
    lines.append(f"| agent | {' | '.join(f'{budget:,}' for budget in budgets)} env steps |")
    lines.append("|---|" + "---|" * len(budgets))
    agents = normalised(table, budgets[-1], games).index
    means = {budget: normalised(table, budget, games).reindex(agents) for budget in budgets}
    for agent in agents:
        cells = [with_error(means[b].loc[agent, "mean"], means[b].loc[agent, "sem"], ".2f") for b in budgets]
        lines.append(f"| {agent} | {' | '.join(cells)} |")
    others = agents.drop(SUBJECT)
    lines += ["", f"{SUBJECT} ahead of:", ""] if len(others) else ["", f"No other agent has played {', '.join(games)}."]
    for agent in others:
        differences = []
        for budget in budgets:
            ours, other = means[budget].loc[SUBJECT], means[budget].loc[agent]
            error = (ours["sem"] ** 2 + other["sem"] ** 2) ** 0.5
            differences.append(with_error(ours["mean"] - other["mean"], error, "+.2f"))
        lines.append(f"- {agent}: {', '.join(differences)}")
    return lines


def for_analysis(scores: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """What the pipeline scored in all games of the subject, the subject's rows first, and the agents left out.

    Raises:
        ValueError: the subject is not among them.
    """
    by_pipeline = scores[scores.revision != AGAIN]
    games = set(by_pipeline[by_pipeline.agent == SUBJECT].game)
    if not games:
        raise ValueError(f"--analysis: the pipeline scored no {SUBJECT} in these suites and games; add a suite with it")
    played = by_pipeline.groupby("agent").game.agg(games.issubset)
    analysed = by_pipeline[by_pipeline.agent.isin(played[played].index) & by_pipeline.game.isin(games)]
    first = analysed.sort_values("agent", key=lambda agents: agents.where(agents != SUBJECT, ""), kind="stable")
    return first, sorted(set(scores.agent) - set(first.agent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--suites",
        nargs="+",
        default=PRESENT,
        metavar="SUITE[:AGENT[=NAME]]",
        help=f"suites, or one agent of a suite, under another name if wanted; default: {' '.join(PRESENT)}",
    )
    parser.add_argument("--games", nargs="+", metavar="GAME", help="of these alone, as breakout; default: all")
    parser.add_argument("--analysis", type=Path, metavar="FOLDER", help="where to write report, verdict and figures")
    arguments = parser.parse_args()
    try:
        scores = of_games(of_suites(all_scores(), arguments.suites), arguments.games)
        if arguments.analysis is not None:
            check_output(arguments.analysis)
            analysed, left_out = for_analysis(scores)
    except (ValueError, ScalingInputError) as error:
        parser.error(str(error).replace("--output", "--analysis"))
    table = over_seeds(scores)
    games = sorted(scores.game.unique())
    lines = [line for game in games for line in game_table(table, scores, game)]
    budgets = sorted(scores.env_steps.unique())
    everywhere = [game for game in games if (game, SUBJECT, budgets[-1]) in table.index]
    nowhere = [f"No game has scores of {SUBJECT} in these suites, so there is no mean over games."]
    print("\n".join([*lines, *(mean_table(table, everywhere) if everywhere else nowhere)]))
    if arguments.analysis is not None:
        try:
            write_outputs(arguments.analysis, analysed)
        except (OSError, ScalingInputError) as error:
            parser.error(f"--analysis: {error}")
        print(f"\nAnalysis of {', '.join(dict.fromkeys(analysed.agent))} in {arguments.analysis}", end="")
        print(f"; not by the pipeline in every game: {', '.join(left_out)}." if left_out else ".")


if __name__ == "__main__":
    main()
