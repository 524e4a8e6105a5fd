"""`-S key=value` as Hydra reads it."""

import pytest

from efficientzero.experiments.composition import parse_overrides
from efficientzero.parameters import ParameterError


def test_values_have_the_types_that_hydra_gives_them():
    texts = ["rate=1e-3", "agents=[dqn,random]", "limit=null", 'word="1"', "game=minatar/breakout", "+new=2", "on=true"]
    assert parse_overrides(texts) == {
        "rate": 0.001, "agents": ["dqn", "random"], "limit": None, "word": "1", "game": "minatar/breakout", "+new": 2,
        "on": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["game"], "-S game: expected key=value"),
        (["a=1,2"], "one value is expected"),
        (["~a"], "cannot be deleted"),
        (["a=1", "a=2"], "a is given twice"),
        (["a={b:1}"], "name each parameter of the group by itself"),
    ],
)
def test_what_is_refused(texts, sentence):
    with pytest.raises(ParameterError, match=sentence) as raised:
        parse_overrides(texts)
    assert "\n" not in str(raised.value)
