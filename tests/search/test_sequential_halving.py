import numpy as np
import pytest
from mctx._src.seq_halving import get_table_of_considered_visits

from efficientzero.compiled.tree import considered_visits


@pytest.mark.parametrize(("considered", "simulations"), [(1, 1), (2, 7), (4, 16), (16, 50), (18, 16), (5, 200)])
def test_the_table_is_that_of_mctx(considered, simulations):
    expected = get_table_of_considered_visits(considered, simulations)
    np.testing.assert_array_equal(considered_visits(considered, simulations), expected)


def test_a_known_sequence():
    # 8 simulations of 4 actions: all once, the better two twice more.
    assert considered_visits(4, 8)[4].tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
