"""Analyses that several tests of figures look at."""

import pytest
from score_tables import simulated_table

from efficientzero.scaling import analyse


@pytest.fixture(scope="session")
def analysis():
    """Of four games, three agents, three seeds and six budgets."""
    return analyse(simulated_table(), resamples=60)


@pytest.fixture(scope="session")
def one_game_one_seed():
    return analyse(simulated_table(games=1, seeds=1), resamples=60)
