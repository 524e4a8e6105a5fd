"""Published scores in the columns of our own, so that the same calls analyse and draw them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from efficientzero.parameters.spelling import suggestion
from efficientzero.published import PublishedFiguresError, final_scores, list_published, published_curves
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.results.tables import SCORE_COLUMNS

FRAME_SKIP = 4  # of every published table here
BLANK = {"updates": "Int64", "parameters": "Int64", "training_flops": "Int64", "max_env_steps": "Int64"}


def published_table(name: str, agents: Sequence[str] | None = None) -> pd.DataFrame:
    """The scores of published curves, or of "final_scores", as from `score_table`; what nobody published is blank.

    Args:
        name: of `efficientzero.published.list_published`. agents: as published, in the order wanted; all if not given.

    Left out are rows without their number of frames, and games and budgets that not all of the agents have.

    Raises ScalingInputError: there is no such table or agent.
    """
    listed = list_published()
    names = list(listed[listed.loader.isin(["published_curves", "final_scores"])].name)
    if name not in names:
        raise ScalingInputError(f"--published: there is no {name!r}{suggestion(name, names)}")
    try:
        scores = final_scores() if name == "final_scores" else published_curves(name)
    except PublishedFiguresError as error:
        raise ScalingInputError(str(error)) from None
    scores = scores[scores.frames.notna()].astype({"frames": "int64"})
    known = list(dict.fromkeys(scores.agent))
    for agent in agents or []:
        if agent not in known:
            raise ScalingInputError(f"--agents: in {name} there is no {agent!r}{suggestion(agent, known)}")
    chosen = list(agents or known)
    if len(set(chosen)) < len(chosen):
        raise ScalingInputError(f"--agents: {' '.join(chosen)} names an agent twice; name each once")
    scores = scores[scores.agent.isin(chosen)]
    scores = scores[scores.groupby(["game", "frames"]).agent.transform("nunique") == len(chosen)]
    if scores.empty:
        raise ScalingInputError(f"--agents: {name} has no game and budget that {', '.join(chosen)} share; name others")
    ordered = scores.sort_values("agent", key=lambda column: column.map(chosen.index), kind="stable")
    scores = ordered.assign(frame_skip=FRAME_SKIP, env_steps=ordered.frames // FRAME_SKIP)
    return scores.reindex(columns=SCORE_COLUMNS).astype(BLANK).reset_index(drop=True)
