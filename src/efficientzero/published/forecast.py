"""The forecast question that gives the "Atari fifty" line its name (Grace et al. 2024, arXiv:2401.02843)."""

from __future__ import annotations

from efficientzero.published.table_file import Kind, read_table

COLUMNS: dict[str, Kind] = {"quantity": "str", "value": "float64", "meaning": "str", "source": "str"}


def atari_fifty() -> dict[str, float]:
    """The figures of the question whether an agent beats human novices in half of the Atari games after 20 minutes.

    Keys: play_minutes (20), frames_per_second (60), frames (72,000 ALE frames), share_of_games (0.5),
    dqn_share_of_games (0.47, in which DQN beat professional testers), first_asked and last_asked (years). The human
    scores of `efficientzero.games` are professional testers', not novices'.
    """
    table = read_table("atari_fifty.csv.gz", COLUMNS, ["quantity"], ("value",))
    return dict(zip(table["quantity"], table["value"].tolist(), strict=True))
