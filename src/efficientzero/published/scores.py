"""Tables of scores: per game, agent, seed and budget, on the game's scale and human-normalised; and the best known."""

from __future__ import annotations

from typing import Literal, get_args

import pandas as pd

from efficientzero.games import find_game
from efficientzero.published.table_file import Kind, PublishedFiguresError, read_catalogue, read_table

COLUMNS: dict[str, Kind] = {
    "game": "str", "agent": "str", "seed": "int64", "frames": "int64", "score": "float64", "runs": "Int64",
    "standard_deviation": "float64", "measure": "str", "publication": "str", "source": "str",
}  # fmt: skip
RECORD_COLUMNS: dict[str, Kind] = {"game": "str", "score": "float64", "publication": "str", "source": "str"}
KEY = ["publication", "agent", "game", "seed", "frames"]
Convention = Literal["human record", "agent", "agent at 200M frames"]


def published_curves(name: str) -> pd.DataFrame:
    """Learning curves: one row per game, agent, seed and budget; every agent of a table has all its games and budgets.

    Columns: game (as in `efficientzero.games`); agent (as published); seed (0 where only the mean over runs is
    published); frames (int64, ALE frames, above 0); score (float64, mean unclipped return of an episode);
    human_normalised (float64, (score - random) / (human - random); NaN for a game without those scores); runs (Int64,
    how many the row averages; blank where the source does not say); standard_deviation (float64, over those runs, of
    the score; blank likewise); measure (which episodes, in words); publication; source (where it was read).

    Scores of different measures are not comparable: training returns lie below evaluation returns.

    Raises PublishedFiguresError: no curves of this name (`list_published` has the names), or a damaged file.
    """
    catalogue = read_catalogue()
    names = catalogue.index[catalogue["loader"] == "published_curves"]
    if name not in names:
        raise PublishedFiguresError(f"there are no published curves called {name!r}; there are {', '.join(names)}")
    return _read_scores(f"curves/{name}.csv.gz", COLUMNS, ("frames", "score"))


def final_scores() -> pd.DataFrame:
    """Scores at the end of training, with the columns of `published_curves`.

    One row per run where the runs are published (runs is 1), otherwise one row, of seed 0, of their mean: the mean
    over the rows of one publication, agent and game is that agent's score either way. Several publications may give
    an agent of the same name; frames is Int64, blank where the source does not say.
    """
    return _read_scores("final_scores.csv.gz", {**COLUMNS, "frames": "Int64"}, ("score",))


def minatar_scores() -> pd.DataFrame:
    """Scores at the end of training in MinAtar's five games, with the columns of `final_scores`.

    One row per agent and game, the mean over 5 runs. frames, env steps in MinAtar, is blank: the source does not say.
    human_normalised is NaN: there are no human scores of these games. Raises PublishedFiguresError for a damaged file.
    """
    return _read_scores("minatar_scores.csv.gz", {**COLUMNS, "frames": "Int64"}, ("score",))


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
        table = read_table("records.csv.gz", RECORD_COLUMNS, ["game"], ("score",))
        return dict(zip(table["game"], table["score"].tolist(), strict=True))
    scores = final_scores()
    if convention == "agent at 200M frames":
        scores = scores[scores["frames"].le(200_000_000).fillna(False)]
    means = scores.groupby(["publication", "agent", "game"])["score"].mean().groupby("game").max()
    return {str(game): float(score) for game, score in means.items()}


def _read_scores(path: str, columns: dict[str, Kind], known: tuple[str, ...]) -> pd.DataFrame:
    table = read_table(path, columns, KEY, known)
    games = {game: find_game(game) for game in table["game"].unique()}
    random = table["game"].map({name: game.random_score for name, game in games.items()}).astype("float64")
    human = table["game"].map({name: game.human_score for name, game in games.items()}).astype("float64")
    table.insert(5, "human_normalised", (table["score"] - random) / (human - random))
    return table
