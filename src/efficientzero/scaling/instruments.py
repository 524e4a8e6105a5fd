"""How far search targets had drifted, and how sound networks were: means over runs, by agent and milestone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from efficientzero.records.instruments import DriftBin, Measurement, read_drift_bins, read_measurements
from efficientzero.records.paths import RunPaths

DISTANCES = ["policy_distance", "value_difference"]
DRIFT_COLUMNS = ["agent", "env_steps", "age_from", "age_to", "runs", "positions", *DISTANCES]
REPLAY, SCORED_GAMES = "replay", "scored games"
SOUNDNESS_KEYS = ["agent", "env_steps", "source", "quantity", "depth", "mode"]
SOUNDNESS_COLUMNS = [*SOUNDNESS_KEYS, "runs", "value", "positions"]


def read_drift(runs: Sequence[RunPaths], milestones: Sequence[int]) -> pd.DataFrame:
    """One row per agent, milestone and doubling bin of age (0, 1, 2-3, 4-7, ... updates), means over runs.

    Every run counts the same, however many positions it has in a bin. Columns: agent, env_steps, age_from, age_to (the
    least and greatest age seen, in updates), runs, positions (of all runs), policy_distance (total variation between
    the old and the new policy, in [0, 1]), value_difference (|new - old| of the root value). Agents that search
    nothing again have no rows.

    Raises:
        RecordError: a file is missing or is not what a finishing branch writes.
    """
    rows = _gathered(runs, milestones, RunPaths.drift, read_drift_bins)
    if rows.empty:
        return pd.DataFrame(columns=DRIFT_COLUMNS)
    rows["bin"] = np.where(rows.age_from > 0, np.floor(np.log2(rows.age_from.clip(lower=1))) + 1, 0)
    groups = rows.groupby(["agent", "env_steps", "bin"], sort=False)
    means = groups.agg(
        age_from=("age_from", "min"), age_to=("age_to", "max"), runs=("positions", "count"),
        positions=("positions", "sum"), **{name: (name, "mean") for name in DISTANCES},
    ).reset_index()  # fmt: skip
    return _in_order(means, runs, ["agent", "env_steps", "bin"])[DRIFT_COLUMNS]


def read_soundness(runs: Sequence[RunPaths], milestones: Sequence[int]) -> pd.DataFrame:
    """One row per agent, milestone, source, quantity, depth and mode, means over the runs where the value is defined.

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

    Raises:
        RecordError: a file is missing or is not what `train` and `evaluate` write.
    """
    found = {
        source: _gathered(runs, milestones, path, read_measurements)
        for source, path in ((REPLAY, RunPaths.soundness), (SCORED_GAMES, RunPaths.generalisation))
    }
    rows = pd.concat([table.assign(source=source) for source, table in found.items()], ignore_index=True)
    if rows.empty:
        return pd.DataFrame(columns=SOUNDNESS_COLUMNS)
    means = (
        rows.astype({"value": "float64"})
        .groupby(SOUNDNESS_KEYS, sort=False)
        .agg(runs=("value", "count"), value=("value", "mean"), positions=("positions", "sum"))
    )
    return _in_order(means.reset_index(), runs, ["agent", "env_steps"])[SOUNDNESS_COLUMNS]


def _gathered(
    runs: Sequence[RunPaths],
    milestones: Sequence[int],
    path: Callable[[RunPaths, int], Path],
    read: Callable[[Path], Sequence[DriftBin | Measurement]],
) -> pd.DataFrame:
    """The rows of every run at every milestone, with columns agent and env_steps."""
    return pd.DataFrame(
        [
            {"agent": run.agent, "env_steps": milestone, **asdict(row)}
            for run in runs
            for milestone in milestones
            for row in read(path(run, milestone))
        ]
    )


def _in_order(table: pd.DataFrame, runs: Sequence[RunPaths], by: list[str]) -> pd.DataFrame:
    """Sorted by columns, agents in the order of the runs; what is equal stays in its order."""
    order = {agent: number for number, agent in enumerate(dict.fromkeys(run.agent for run in runs))}
    return table.sort_values(by, key=lambda part: part.replace(order), kind="stable").reset_index(drop=True)
