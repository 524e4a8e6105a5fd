"""The scores to look at: of named experiments, of the workspace, or of a committed table where it has none yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.results.revisions import gather
from efficientzero.scaling.results.tables import SCORE_COLUMNS

WORKSPACE = "data/scaling/scores.csv"
MARK = "dvc.yaml"  # lies at the top of a checkout


class ChosenScores(NamedTuple):
    """`table`: the columns of `score_table`. `source`: a sentence that says whose scores they are."""

    table: pd.DataFrame
    source: str


def choose_scores(
    experiments: Sequence[str] = (), *, instead: str | None = None, start: Path | str = "."
) -> ChosenScores:
    """The scores of `experiments`; if none is named those of the workspace, the pipeline's last result.

    Args:
        experiments: as for `gather`. instead: a table with the columns of `score_table`, its path from the top of the
            checkout, taken where the workspace has no results yet. start: a folder in the checkout.

    Raises ScalingInputError: as `gather`; `start` is in no checkout; there are no results and nothing instead; a file
    that is no score table.
    """
    top = _top(Path(start))
    if experiments:
        return ChosenScores(gather(experiments, top), f"Scores of the experiments {', '.join(experiments)}.")
    if (top / WORKSPACE).exists():
        return ChosenScores(
            _read(top / WORKSPACE, "`dvc repro` writes it anew"), f"Scores of this workspace, from {WORKSPACE}."
        )
    missing = f"This workspace has no results yet; `make repro` makes them ({WORKSPACE})."
    if instead is None:
        raise ScalingInputError(missing)
    return ChosenScores(committed_scores(instead, top), f"{missing} Shown instead: {instead}.")


def committed_scores(path: str, start: Path | str = ".") -> pd.DataFrame:
    """A score table in Git, `path` from the top of the checkout that `start` is in. Raises as `choose_scores`."""
    return _read(_top(Path(start)) / path, f"`git checkout -- {path}` restores it")


def _top(start: Path) -> Path:
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / MARK).is_file():
            return folder
    raise ScalingInputError(f"{start}: is in no checkout of this repository (there is no {MARK} here or above)")


def _read(path: Path, remedy: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype={"max_env_steps": "Int64"})
    except FileNotFoundError:
        raise ScalingInputError(f"{path}: is not there; {remedy}") from None
    except (OSError, ValueError):
        raise ScalingInputError(f"{path}: cannot be read as a table; {remedy}") from None
    missing = [name for name in SCORE_COLUMNS if name not in table]
    if missing or table.empty:
        raise ScalingInputError(f"{path}: is no table of scores, it lacks {', '.join(missing) or 'rows'}; {remedy}")
    return table
