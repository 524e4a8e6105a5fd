"""How sound networks were on their own replay and in the games they were scored on: means over runs, by milestone."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from efficientzero.scaling.results.milestone_tables import gathered, in_order, table_text
from efficientzero.scaling.results.result_file import ResultFileError

MODES = ("evaluation", "training", "recorded")
WRITTEN = ["quantity", "depth", "mode", "value", "positions"]
REPLAY, SCORED_GAMES = "replay", "scored games"
KEYS = ["agent", "env_steps", "source", "quantity", "depth", "mode"]
COLUMNS = [*KEYS, "runs", "value", "positions"]


class SoundnessFileError(ResultFileError):
    """A soundness file is missing or damaged; the message names it and what to do."""


def read_soundness(
    replay: Path, scored_games: Path, agents: Sequence[str], seeds: Sequence[int], budgets: Sequence[int]
) -> pd.DataFrame:
    """One row per agent, budget, source, quantity, depth and mode, means over the runs where the value is defined.

    Columns: agent, env_steps, source (of the positions: the run's own replay, which was learned from, or the scored
    games, which were not), quantity, depth (imagined steps from the root), mode (of the network: evaluation, which
    is what searches, or training; recorded: a fact of the recording), runs (those where the value is defined), value
    (blank where that is none), positions (of all runs). Agents that have nothing to measure have no rows. Quantities:

    - rewarded_positions: of the sampled positions, those with a reward other than 0 at that depth.
    - reward_correlation: Pearson's, of predicted with recorded rewards.
    - latent_norm: mean L2 norm of the latents.
    - return_mean, return_deviation: of the discounted sum of the recorded rewards to the episode's end, over the
      positions whose episode is known to have ended by termination.
    - value_bias, value_correlation: of the root values against those returns; the bias is value minus return.
    - value_difference_of_modes: mean absolute difference of the root values between the modes.
    - value_past_end: mean absolute value that many imagined steps from a position whose action ended the episode, over
      the mean absolute root value; 0 were right.
    - search_minus_network_value: mean difference of the value found by search and the root value.
    - search_policy_entropy: mean entropy of the search's policies, as a share of that of the uniform one.

    Args:
        replay, scored_games: the folders of what `train` and `evaluate` wrote.

    Raises SoundnessFileError: a file is missing or is not what stages write.
    """
    sources = {REPLAY: replay, SCORED_GAMES: scored_games}
    found = {source: gathered(folder, agents, seeds, budgets, _read) for source, folder in sources.items()}
    measured = [table.assign(source=source) for source, table in found.items() if table is not None]
    if not measured:
        return pd.DataFrame(columns=COLUMNS)
    rows = pd.concat(measured, ignore_index=True)
    means = rows.groupby(KEYS, sort=False).agg(
        runs=("value", "count"), value=("value", "mean"), positions=("positions", "sum")
    )
    return in_order(means.reset_index(), agents, ["agent", "env_steps"])[COLUMNS]


def _read(path: Path) -> pd.DataFrame:
    text = table_text(path, SoundnessFileError)
    if not text.strip():
        return pd.DataFrame(columns=WRITTEN)
    try:
        table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)[WRITTEN]
        undefined = table.value == ""  # and nothing else is
        table["value"] = table.value.mask(undefined)
        table = table.astype({"depth": "int64", "value": "float64", "positions": "int64"})
        whole = bool(
            len(table)
            and table["mode"].isin(MODES).all()
            and np.isfinite(table.value[~undefined]).all()
            and (table[["depth", "positions"]] >= 0).all(axis=None)
            and not table.duplicated(["quantity", "depth", "mode"]).any()
        )
    except (ValueError, KeyError):
        whole = False
    if not whole:
        raise SoundnessFileError(f"{path}: damaged, or not a table of soundness; delete it and run `dvc repro`")
    return table
