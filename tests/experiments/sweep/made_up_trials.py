"""Trials without experiments: a score that is a known function of the parameters and the budget."""

import math

import pandas as pd

from efficientzero.experiments.experiment import Stages

LEARNING_RATE = "agent.dqn.learning.learning_rate"


def made_up_score(values, budget):
    """Best at a learning rate of 1e-3 and with multi_step, and better with every doubling."""
    rate = math.log10(values[LEARNING_RATE]) + 3
    return (2 - rate**2) * (1.5 if values["agent.dqn.multi_step"] else 1.0) * math.log2(budget / 50)


class MadeUpExperiments:
    """Stands for DVC: what was run, under which name, with what; and its scores."""

    def __init__(self):
        self.ran, self.there = [], {}

    def run(self, experiment, repository, *, log, pull=False):
        self.ran.append(experiment.name)
        self.there[experiment.name] = experiment.overrides
        return Stages(("train", "evaluate"), ("collect",), ())

    def names(self, repository):
        return sorted(self.there)

    def remove(self, names, repository):
        for name in names:
            self.there.pop(name, None)

    def gather(self, names, repository):
        overrides = self.there[names[0]]
        budgets = [100 * 2**power for power in range(10) if 100 * 2**power <= overrides["milestones.env_steps"]]
        return pd.DataFrame(
            {
                "game": "minatar/breakout", "seed": 0, "env_steps": budgets, "frames": budgets,
                "score": [made_up_score(overrides, budget) for budget in budgets],
                "human_normalised": float("nan"),
            }
        )  # fmt: skip

    def put_in_place(self, monkeypatch):
        """Lets trials use this in the place of DVC."""
        module = "efficientzero.experiments.sweep.trial"
        monkeypatch.setattr(f"{module}.run_experiment", self.run)
        monkeypatch.setattr(f"{module}.experiment_names", self.names)
        monkeypatch.setattr(f"{module}.remove_experiments", self.remove)
        monkeypatch.setattr(f"{module}.gather", self.gather)
        monkeypatch.setattr("efficientzero.experiments.sweep.study.experiment_names", self.names)
        monkeypatch.setattr("efficientzero.experiments.sweep.workers.LOOK_SECONDS", 0.05)
        return self
