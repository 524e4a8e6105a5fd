"""What each point of the curve cost, from the cost files of the stages that made it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from efficientzero.scaling.results.cost_file import CostFile, read_cost_file


def cost_paths(folder: Path, agent: str, seed: int, budgets: Sequence[int]) -> list[Path]:
    """The cost files of one agent and seed: of `collect`, then `train` and `reanalyze` for each budget above 0.

    Args:
        folder: of all cost files. budgets: the milestones in env steps, ascending.
    """
    stages = [f"{stage}-{budget}" for stage in ("train", "finish") for budget in budgets]
    return [folder / agent / str(seed) / f"{stage}.json" for stage in ("collect", *stages)]


def read_costs(folder: Path, agents: Sequence[str], seeds: Sequence[int], budgets: Sequence[int]) -> pd.DataFrame:
    """One row per agent, seed and budget: what that point of the curve cost.

    A point's cost is the trunk's up to it (`collect`, and every `train` stage up to its budget) and that of its own
    finishing branch; the branches at smaller budgets are not on its way. Its evaluation is no cost of it.

    Columns: agent, seed, env_steps, cpu_seconds, wall_seconds. Arguments as for `cost_paths`. Raises CostFileError.
    """
    rows: list[dict[str, object]] = []
    for agent in agents:
        for seed in seeds:
            collect, *others = [read_cost_file(path) for path in cost_paths(folder, agent, seed, budgets)]
            trains, branches = others[: len(budgets)], others[len(budgets) :]
            for number, (budget, branch) in enumerate(zip(budgets, branches, strict=True), start=1):
                seconds = _sum([collect, *trains[:number], branch])
                rows.append({"agent": agent, "seed": seed, "env_steps": budget, **seconds})
    return pd.DataFrame(rows)


def _sum(costs: list[CostFile]) -> dict[str, float]:
    return {
        "cpu_seconds": sum(cost.cpu_seconds for cost in costs),
        "wall_seconds": sum(cost.wall_seconds for cost in costs),
    }
