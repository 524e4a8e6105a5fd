"""Runs one experiment of a suite in this clone, one milestone after the other, and pushes after each.

DVC records an experiment when it is complete. Here it is run up to its first milestone, then up to its second, and so
on; what was done before comes from the run cache each time. What a machine has pushed, another one that takes over
fetches, so that a lost machine costs the milestone that it was at.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, fields
from pathlib import Path

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster.clone import repeated, take_order, tell
from efficientzero.experiments.cluster.sharing import Meeting, is_pushed, push_experiment, push_results, use_remote
from efficientzero.experiments.composition import composed
from efficientzero.experiments.experiment import Experiment, Stages, run_experiment, stages_in_log
from efficientzero.experiments.git import remove_experiments

TELL_SECONDS = 1.0
KEY = "milestones.env_steps"


def run_by_milestones(experiment: Experiment, meeting: Meeting, checkout: Path, logs: Path) -> Stages:
    """Runs the experiment and pushes it; returns its stages. Prints a line of JSON as stages come and go.

    Raises ExperimentError if a stage fails, and what DVC and Git raise if the remotes are out of reach.
    """
    use_remote(meeting, checkout)
    if is_pushed(experiment.name, meeting, checkout):
        return Stages()
    milestones = [step["to"] for step in composed(experiment.overrides, checkout)["milestones"]["list"]]
    stages = told = Stages()
    for env_steps in milestones:
        last = env_steps == milestones[-1]
        part = Experiment(f"{experiment.name}-{env_steps}", {**experiment.overrides, KEY: env_steps})
        part, log = experiment if last else part, logs / f"{env_steps}.log"

        def tell_stages(earlier: Stages = stages, log: Path = log) -> None:
            nonlocal told
            if (now := together(earlier, stages_in_log(log))) != told:
                tell(stages=asdict(now))
                told = now

        with repeated(tell_stages, TELL_SECONDS):
            stages = together(stages, run_experiment(part, checkout, log=log, pull=True))
        push_results(part.name, checkout)
        if not last:
            remove_experiments([part.name], checkout)
    push_experiment(experiment.name, meeting, checkout)
    return stages


def together(earlier: Stages, now: Stages) -> Stages:
    """The stages of an experiment over its milestones: one that was run for an earlier one is cached for the next."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in fields(Stages):  # in this order: what was once run counts as that
        names = dict.fromkeys((*getattr(earlier, kind.name), *getattr(now, kind.name)))
        found[kind.name] = tuple(name for name in names if not any(name in others for others in found.values()))
    return Stages(**found)


def main() -> None:
    meeting, order = take_order()
    checkout = Path.cwd()
    logs = checkout.parent / "logs"
    try:
        stages = run_by_milestones(Experiment(order["name"], order["overrides"]), meeting, checkout, logs)
    except ExperimentError as error:
        sys.exit(str(error))
    text = "".join(path.read_text(errors="replace") for path in sorted(logs.glob("*.log"), key=os.path.getmtime))
    tell(stages=asdict(stages), log=text)


if __name__ == "__main__":
    main()
