"""Runs one experiment in this clone, one milestone after the other, and pushes after each.

DVC records an experiment when it is complete. Here it is run up to its first milestone, then up to its second, and so
on; what was done before comes from the run cache each time. What a machine has pushed, another one that takes over
fetches, so that a lost machine costs the milestone that it was at.
"""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from efficientzero.experiments.cluster.clone import take_order, tell
from efficientzero.experiments.cluster.sharing import Meeting, is_pushed, push_experiment, push_results, use_remote
from efficientzero.experiments.composition import composed
from efficientzero.experiments.experiment import (
    Experiment,
    ExperimentError,
    Stages,
    remove_experiments,
    run_experiment,
    stages_in_log,
)

TELL_SECONDS = 1.0
KEY = "milestones.env_steps"


def run_rungs(experiment: Experiment, meeting: Meeting, checkout: Path, logs: Path) -> Stages:
    """Runs the experiment rung by rung and pushes it; returns its stages. Prints a line of JSON as stages come and go.

    Raises ExperimentError if a stage fails, and what DVC and Git raise if the remotes are out of reach.
    """
    use_remote(meeting, checkout)
    if is_pushed(experiment.name, meeting, checkout):
        return Stages((), (), ())
    budgets = [step["to"] for step in composed(experiment.overrides, checkout)["milestones"]["list"]]
    earlier = Stages((), (), ())
    for budget in budgets:
        last = budget == budgets[-1]
        rung = experiment if last else Experiment(f"{experiment.name}-{budget}", {**experiment.overrides, KEY: budget})
        log = logs / f"{budget}.log"
        with _Teller(earlier, log):
            earlier = together(earlier, run_experiment(rung, checkout, log=log, pull=True))
        push_results(rung.name, checkout)
        if not last:
            remove_experiments([rung.name], checkout)
    push_experiment(experiment.name, meeting, checkout)
    return earlier


def together(earlier: Stages, now: Stages) -> Stages:
    """The stages of an experiment over its rungs: one that an earlier rung ran is cached for the next."""
    ran = tuple(dict.fromkeys((*earlier.ran, *now.ran)))
    cached = tuple(name for name in dict.fromkeys((*earlier.cached, *now.cached)) if name not in ran)
    unchanged = tuple(
        name for name in dict.fromkeys((*earlier.unchanged, *now.unchanged)) if name not in (*ran, *cached)
    )
    return Stages(ran, cached, unchanged)


class _Teller:
    """Prints the stages so far whenever there are more in a log."""

    def __init__(self, earlier: Stages, log: Path) -> None:
        self._earlier, self._log, self._over = earlier, log, threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _tell(self) -> None:
        told = None
        while not self._over.wait(TELL_SECONDS):
            stages = together(self._earlier, stages_in_log(self._log))
            if stages != told:
                tell(stages=asdict(stages))
                told = stages


def main() -> None:
    meeting, order = take_order()
    checkout = Path.cwd()
    logs = checkout.parent / "logs"
    try:
        stages = run_rungs(Experiment(order["name"], order["overrides"]), meeting, checkout, logs)
    except ExperimentError as error:
        sys.exit(str(error))
    text = "".join(path.read_text(errors="replace") for path in sorted(logs.glob("*.log"), key=os.path.getmtime))
    tell(stages=asdict(stages), log=text)


if __name__ == "__main__":
    main()
