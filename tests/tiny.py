"""The committed parameters of a game of MinAtar, made small enough for tests."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from efficientzero.experiments.composition import composed
from efficientzero.parameters import Parameters, check, doubling_list

SMALL = {
    "seeds": [0],
    "threads": 1,
    "device": "cpu",
    "warmup_env_steps": 40,
    "milestones.first": 80,
    "milestones.env_steps": 160,
    "envs.count": 4,
    "envs.stagger_env_steps": 12,
    "agent.efficientzero.search.simulations": 4,
    "agent.efficientzero.search.considered_actions": 2,
    "agent.efficientzero.learning.reanalysis_simulations": 4,
    "agent.efficientzero.learning.updates_per_env_step": 0.25,
    "agent.efficientzero.learning.batch_size": 8,
    "agent.efficientzero.learning.termination_fraction": 0.125,
    "agent.efficientzero.learning.unroll_steps": 2,
    "agent.efficientzero.learning.td_steps": 3,
    "agent.efficientzero.learning.off_policy_interval": 30,
    "agent.efficientzero.learning.least_td_steps": 0,  # from an age of 90 env steps on
    "agent.efficientzero.learning.priority_exponent": 0.6,
    "agent.efficientzero.learning.target_network_interval": 7,
    "agent.efficientzero.learning.max_target_age": 9,
    "agent.muzero_reanalyze.search.simulations": 4,
    "agent.muzero_reanalyze.search.considered_actions": 2,
    "agent.muzero_reanalyze.learning.reanalysis_simulations": 4,
    "agent.muzero_reanalyze.learning.updates_per_env_step": 0.25,
    "agent.muzero_reanalyze.learning.batch_size": 8,
    "agent.muzero_reanalyze.learning.termination_fraction": 0.125,
    "agent.muzero_reanalyze.learning.unroll_steps": 2,
    "agent.rainbow.learning.batch_size": 8,
    "agent.rainbow.learning.td_steps": 4,
    "agent.rainbow.learning.target_network_interval": 30,
    "agent.rainbow_classic.learning.batch_size": 8,
    "agent.dqn.learning.batch_size": 8,
    "agent.model_free_muzero.learning.updates_per_env_step": 0.25,
    "agent.model_free_muzero.learning.batch_size": 8,
    "agent.model_free_muzero.learning.termination_fraction": 0.125,
    "agent.ppo.rollout_steps": 5,
    "agent.ppo.minibatch_size": 10,
    "evaluation.episodes": 3,
    "evaluation.max_env_steps": 60,
}


@cache
def committed() -> dict[str, Any]:
    """What conf/ says of MinAtar's Breakout: some settings of pictures and of grids differ."""
    return composed({"game": "minatar/breakout"}, Path(__file__).parents[1])


def tiny(**changes: object) -> Parameters:
    """``SMALL`` with more ``group__key=value`` changed, checked."""
    values = deepcopy(committed())
    for name, value in {**SMALL, **{key.replace("__", "."): value for key, value in changes.items()}}.items():
        *groups, key = name.split(".")
        target = values
        for group in groups:
            target = target[group]
        assert key in target, name
        target[key] = value
    values["milestones"]["list"] = doubling_list(values["milestones"]["first"], values["milestones"]["env_steps"])
    return check(values)
