import numpy as np

from efficientzero.agents import Drift
from efficientzero.agents.efficientzero.reanalysis import drift_by_age


def test_drift_is_averaged_over_doubling_ages():
    ages = np.array([0, 1, 2, 3, 4, 7, 8])
    rows = drift_by_age(Drift(ages, ages.astype(np.float32), 2 * ages.astype(np.float32)))
    assert [(row.age_from, row.age_to, row.positions) for row in rows] == [
        (0, 0, 1), (1, 1, 1), (2, 3, 2), (4, 7, 2), (8, 8, 1),
    ]  # fmt: skip
    assert [row.policy_distance for row in rows] == [0.0, 1.0, 2.5, 5.5, 8.0]
    assert drift_by_age(None) == []
