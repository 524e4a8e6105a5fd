"""Tables that a stage writes for each run at each milestone, as CSV files: where they are, and all of them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from efficientzero.scaling.results.result_file import ResultFileError


def table_paths(folder: Path, agents: Sequence[str], seeds: Sequence[int], budgets: Sequence[int]) -> list[Path]:
    """The file of every agent, seed and budget in env steps; `folder`: of all of them."""
    return [folder / agent / str(seed) / f"{budget}.csv"
            for agent in agents for seed in seeds for budget in budgets]  # fmt: skip


def gathered(
    folder: Path,
    agents: Sequence[str],
    seeds: Sequence[int],
    budgets: Sequence[int],
    read: Callable[[Path], pd.DataFrame],
) -> pd.DataFrame | None:
    """The rows of all files below each other, with columns agent and env_steps; None where no file has any.

    `read` gives the rows of one file and raises what it raises.
    """
    keys = [(agent, budget) for agent in agents for _ in seeds for budget in budgets]
    tables = [read(path) for path in table_paths(folder, agents, seeds, budgets)]
    labelled = [
        table.assign(agent=agent, env_steps=budget)
        for table, (agent, budget) in zip(tables, keys, strict=True)
        if len(table)
    ]
    return pd.concat(labelled, ignore_index=True) if labelled else None


def in_order(table: pd.DataFrame, agents: Sequence[str], by: list[str]) -> pd.DataFrame:
    """Sorted by columns, agents in the order given; what is equal stays in its order."""
    order = {agent: number for number, agent in enumerate(agents)}
    return table.sort_values(by, key=lambda part: part.replace(order), kind="stable").reset_index(drop=True)


def table_text(path: Path, error: type[ResultFileError]) -> str:
    """The text of a file; raises `error` where there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        raise error(f"{path}: this table is missing; `dvc repro` makes it (`dvc pull` fetches it)") from None
