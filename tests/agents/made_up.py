"""Small settings and a small filled memory for tests of agents."""

from __future__ import annotations

import numpy as np
import torch

from efficientzero.agents import EnvironmentSpecification, make_agent
from efficientzero.parameters import EfficientZeroSettings
from efficientzero.replay import Decision, Estimates, Memory, Priorities, Recording

ACTIONS = 4
SHAPE = (2, 10, 10)
SPECIFICATION = EnvironmentSpecification(SHAPE, frame_stack=2, actions=ACTIONS, environments=3, images=True)

SETTINGS = {
    "kind": "efficientzero",
    "consistency": True,
    "value_prefix": True,
    "off_policy_correction": True,
    "continuation": "dense",
    "discount": 0.9,
    "network": {
        "size": "small",
        "normalisation": "layer",
        "latent": "min_max",
        "grid_depth": "shallow",
        "reward_pooling": "none",
        "support_maximum": 5.0,
        "support_bins": 21,
    },
    "search": {
        "policy": "gumbel",
        "simulations": 4,
        "considered_actions": 4,
        "q_transform": "completed_by_mix_value",
        "q_floor": 0.1,
        "q_floor_share": 0.0,
        "value_scale": 0.1,
        "visit_offset": 50.0,
        "prior_weight": 1.0,
        "root_value": "mean",
        "exploration_init": 1.25,
        "exploration_base": 19652.0,
        "dirichlet_alpha": 0.3,
        "dirichlet_fraction": 0.25,
        "temperature": [1.0],
        "temperature_until": [],
    },
    "exploration": {"first_epsilon": 0.0, "last_epsilon": 0.0, "decay_env_steps": 100, "evaluation_epsilon": 0.0},
    "learning": {
        "updates_per_env_step": 0.25,
        "batch_size": 8,
        "unroll_steps": 3,
        "td_steps": 3,
        "off_policy_interval": 30,
        "least_td_steps": 1,
        "value_bootstrap": "search",
        "max_target_age": 5,
        "target_network_interval": 4,
        "average_decay": 0.0,
        "optimizer": "adamw",
        "learning_rate": 1e-3,
        "momentum": 0.9,
        "adam_epsilon": 1e-8,
        "weight_decay": 1e-4,
        "warmup_updates": 10,
        "max_gradient_norm": 5.0,
        "reanalysis_simulations": 4,
        "policy_weight": 1.0,
        "value_weight": 0.5,
        "reward_weight": 1.0,
        "consistency_weight": 0.5,
        "continuation_weight": 1.0,
        "consistency_past_end": True,
        "priority_exponent": 0.6,
        "priority_correction": 0.4,
        "priority_correction_updates": 100,
        "recency": 0.0,
        "termination_fraction": 0.0,
        "reward_fraction": 0.0,
        "head_resets": {"first_env_steps": None, "hold_updates": 20},
        "augmentation_shift": 1,
        "grid_shift": 1,
        "augmentation_intensity": 0.05,
        "precision": "float32",
    },
}


def settings(**changes):
    """``SETTINGS`` with ``group__key=value`` or ``key=value`` changed."""
    values = {key: dict(value) if isinstance(value, dict) else value for key, value in SETTINGS.items()}
    for name, value in changes.items():
        *groups, key = name.split("__")
        target = values[groups[0]] if groups else values
        assert key in target
        target[key] = value
    return EfficientZeroSettings(**values)


def agent(seed=0, **changes):
    """A new EfficientZero agent on the CPU."""
    return make_agent(settings(**changes), SPECIFICATION, seed=seed, device=torch.device("cpu"))


def memory(rows=30, environments=3, seed=0, priority_exponent=0.6):
    """Random transitions, with now and then an ending, and no search targets."""
    random = np.random.default_rng(seed)
    filled = Memory(Recording(SHAPE, environments, 2), Estimates(ACTIONS), Priorities(priority_exponent))
    for _ in range(rows):
        decision = Decision(
            action=random.integers(0, ACTIONS, environments),
            policy=np.full((environments, ACTIONS), 0.25, np.float32),
            value=np.zeros(environments, np.float32),
            estimated=False,
        )
        filled.record(
            random.integers(0, 255, (environments, *SHAPE)).astype(np.uint8),
            decision,
            random.integers(0, 2, environments).astype(np.float32),
            np.where(random.random(environments) < 0.1, random.integers(1, 3, environments), 0).astype(np.uint8),
            updates=0,
        )
    return filled
