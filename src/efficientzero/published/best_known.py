"""The best-known score of each game, by a convention that says whose."""

from __future__ import annotations

from typing import Literal, get_args

from efficientzero.published.figures_error import PublishedFiguresError
from efficientzero.published.score_table import final_scores
from efficientzero.published.table_file import Kind, read_table

COLUMNS: dict[str, Kind] = {"game": "str", "score": "float64", "publication": "str", "source": "str"}
Convention = Literal["human record", "agent", "agent at 200M frames"]


def best_scores(convention: Convention = "human record") -> dict[str, float]:
    """The best-known score (return of one episode) by game.

    "human record": human world records (Toromanoff et al. 2019, arXiv:1908.04683, the ceilings of record-normalised
    scores; 56 games, there is none for Surround). "agent": the highest mean score of any agent in `final_scores`.
    "agent at 200M frames": the same of agents trained for at most 200 million ALE frames. A human record does not
    depend on which agents are compared, hence the default; agents at 20 billion frames exceed it in many games.

    Raises PublishedFiguresError for another convention or a damaged file.
    """
    if convention not in get_args(Convention):
        raise PublishedFiguresError(
            f"there is no convention {convention!r} of best scores; choose {', '.join(get_args(Convention))}"
        )
    if convention == "human record":
        table = read_table("records.csv.gz", COLUMNS, ["game"], ("score",))
        return dict(zip(table["game"], table["score"].tolist(), strict=True))
    scores = final_scores()
    if convention == "agent at 200M frames":
        scores = scores[scores["frames"].le(200_000_000).fillna(False)]
    means = scores.groupby(["publication", "agent", "game"])["score"].mean().groupby("game").max()
    return {str(game): float(score) for game, score in means.items()}
