"""Counted operations against torch's own counter."""

from __future__ import annotations

import made_up
import numpy as np
import pytest
import test_model_free_muzero
import test_rainbow
import torch
from chain_world import every_state, played
from torch.utils.flop_counter import FlopCounterMode

from efficientzero.agents.flops import FlopCounter


def check(new, work):
    """An agent's own count of a piece of work is torch's of the same work of another new one."""
    ours, theirs = new(), new()
    work(ours)
    with FlopCounterMode(display=False) as counter:
        work(theirs)
    assert ours.flops == counter.get_total_flops() > 0


@pytest.mark.parametrize("on", [True, False])
def test_an_update_and_a_search_of_efficientzero(on):
    seen = np.random.default_rng(0).integers(0, 255, (6, 4, 10, 10)).astype(np.uint8)

    def new():
        return made_up.agent(consistency=on, value_prefix=on, learning__max_target_age=0)

    check(new, lambda one: one.act(seen, np.random.default_rng(0), env_steps=0, mode="training"))
    check(new, lambda one: one.learn(made_up.memory()))  # searches again, then learns


@pytest.mark.parametrize("on", [(), ("distributional", "double", "dueling"), tuple(test_rainbow.COMPONENTS)])
def test_an_update_and_an_action_of_rainbow(on):
    seen = np.repeat(every_state(), 5, axis=0)

    def new():
        return test_rainbow.agent(*on)

    check(new, lambda one: one.learn(played(rows=60)))
    check(new, lambda one: one.act(seen, np.random.default_rng(0), env_steps=0, mode="training"))


def test_an_update_of_model_free_muzero():
    check(test_model_free_muzero.agent, lambda one: one.learn(played(rows=60)))


def test_work_is_in_proportion_to_its_size():
    layer, counter = torch.nn.Linear(3, 5), FlopCounter()
    with counter.counted("forward", 4), torch.no_grad():
        layer(torch.zeros(4, 3))
    assert counter.total == 4 * 2 * 3 * 5
    with counter.counted("forward", 10):  # measured once
        pass
    assert counter.total == 14 * 2 * 3 * 5


@pytest.mark.parametrize("normalisation", ["layer", "batch"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_looking_on_changes_nothing(precision, normalisation):
    """The measured first update and the others leave the same bits."""
    first, measured = (
        made_up.agent(learning__precision=precision, network__normalisation=normalisation) for _ in range(2)
    )
    first.flop_counter._per_unit.update({"search": 1, "update": 1, "value": 1})
    memories = made_up.memory(), made_up.memory()
    for one, memory in zip((first, measured), memories, strict=True):
        one.learn(memory)
    one, two = first.state(), measured.state()
    assert all(np.array_equal(one[name], two[name]) for name in one if name != "flops") and one["flops"] != two["flops"]
