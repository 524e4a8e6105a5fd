"""What papers print follows from the per-game figures kept here, and the document says by how much it does not."""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import least_squares

from efficientzero.published import board_game_frontier, recomputed_aggregates

DOCUMENT = Path(__file__).parents[2] / "docs" / "published_figures.md"

# By publication and agent; anything else agrees to the last digit printed, give or take one.
KNOWN_DIFFERENCES = {
    ("Ye et al. 2021 (EfficientZero), abstract in the NeurIPS proceedings", "EfficientZero"): 0.07,
    ("Schwarzer et al. 2023 (BBF), Table A.1", "EfficientZero"): 0.002,
    ("Nikishin et al. 2022 (resets)", "SPR"): 0.027,
    ("Nikishin et al. 2022 (resets)", "SPR + resets"): 0.0045,
    ("Schrittwieser et al. 2020 (MuZero), Table 1", "MuZero"): 0.007,
    ("Schrittwieser et al. 2020 (MuZero), Table 1", "Rainbow"): 0.0011,
    ("Wang et al. 2016 (Dueling), Table 1", "Dueling"): 0.0014,
}


@pytest.fixture(scope="module")
def aggregates():
    return recomputed_aggregates()


def aggregate(aggregates, agent, statistic):
    chosen = aggregates.publication.eq("Ye et al. 2021 (EfficientZero), Table 1")
    return aggregates[chosen & aggregates.agent.eq(agent) & aggregates.statistic.eq(statistic)].recomputed.item()


def test_efficientzero_and_muzero_on_26_games(aggregates):
    assert aggregate(aggregates, "EfficientZero", "mean") == pytest.approx(1.943, abs=5e-4)
    assert aggregate(aggregates, "EfficientZero", "median") == pytest.approx(1.090, abs=5e-4)
    assert aggregate(aggregates, "MuZero", "mean") == pytest.approx(0.562, abs=5e-4)
    assert aggregate(aggregates, "MuZero", "median") == pytest.approx(0.227, abs=5e-4)
    assert aggregate(aggregates, "EfficientZero", "games above human") == 14


def test_every_reported_aggregate_is_recomputed_or_its_difference_known(aggregates):
    assert len(aggregates) == 89
    for row in aggregates.itertuples():
        allowed = KNOWN_DIFFERENCES.get((row.publication, row.agent), 0.00061)
        assert abs(row.recomputed - row.reported) <= allowed, row


def test_no_known_difference_is_out_of_date(aggregates):
    differences = (aggregates.recomputed - aggregates.reported).abs()
    largest = differences.groupby([aggregates.publication, aggregates.agent]).max()
    for key, allowed in KNOWN_DIFFERENCES.items():
        assert allowed / 2 < largest[key] <= allowed, key


def test_the_document_holds_what_is_recomputed(aggregates):
    text = DOCUMENT.read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("| ")]
    agree = (aggregates.recomputed - aggregates.reported).abs() <= 0.00061
    assert f"Of the {len(agree)} rows, {agree.sum()} agree to the last digit" in text
    for row in aggregates.itertuples():
        line = f"| {row.agent} | {row.publication} | {row.statistic} | {row.reported:.3f} | {row.recomputed:.3f} |"
        assert line in table


def change_point(parameters, board_size, decades):
    """Elo of the best agent (Jones 2021): flat up to some amount of compute, then linear in its logarithm up to 0.

    0 is perfect play. Where the flat and the rising part lie is linear in the size of the board.
    """
    plateau_size, plateau, rise_size, rise_decades, rise = parameters
    flat = plateau_size * board_size + plateau
    return np.clip(rise_size * board_size + rise_decades * decades + rise, flat, 0)


def test_the_board_game_frontier_has_the_published_change_points():
    """Published: 510 Elo per decade of compute, -430 per size of board, flat part -270 b + 570."""
    frontier = board_game_frontier()
    size, elo = frontier.board_size.to_numpy(float), frontier.elo.to_numpy()
    decades = np.log10(frontier.training_flops.to_numpy())
    fits = [
        least_squares(
            lambda parameters: change_point(parameters, size, decades) - elo,
            [-200, 500, -400, slope, -4000],
            x_scale=[100, 100, 100, 100, 1000],
        )
        for slope in (400, 450, 500, 550)
    ]
    best = min(fits, key=lambda fit: fit.cost)
    plateau_size, plateau, rise_size, rise_decades, _ = best.x
    assert rise_decades == pytest.approx(506, abs=3)
    assert rise_size == pytest.approx(-430, abs=2)
    assert plateau_size == pytest.approx(-268, abs=2)
    assert plateau == pytest.approx(575, abs=4)
    assert np.sqrt(np.mean(best.fun**2)) == pytest.approx(58, abs=1)
    assert 10 ** (-rise_size / rise_decades) == pytest.approx(7.1, abs=0.1)  # compute, from one size to the next
