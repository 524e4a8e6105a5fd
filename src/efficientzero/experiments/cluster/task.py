"""What a task runs in its clone (see `node.run_in_clone`): one experiment of a suite, or a worker of a sweep.

DVC records an experiment when it is complete. So one of a suite is run here up to its first milestone, then up to its
second, and so on, as a sweep's trials are from rung to rung; what was done before comes from the run cache each time.
What a machine has pushed, another one that takes over fetches: a lost machine costs the milestone that it was at.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster import sharing
from efficientzero.experiments.cluster.node import ORDER
from efficientzero.experiments.cluster.sharing import Meeting
from efficientzero.experiments.composition import composed
from efficientzero.experiments.experiment import Experiment, Stages, run_experiment, stages_in_log
from efficientzero.experiments.git import experiment_names, remove_experiments

LOOK_SECONDS = 1.0


def take_order() -> tuple[Meeting, dict[str, Any]]:
    """The meeting and all of the order. From now on this process ends when whoever started it ends."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    order: dict[str, Any] = json.loads(os.environ.pop(ORDER))  # what runs under this does not see it
    return Meeting(order["git"], order["commit"], order["remote"], order["settings"]), order


def _end_with_starter() -> None:
    while os.read(0, 1):  # unbuffered: a buffer's lock would be held when the interpreter ends
        pass
    os._exit(1)  # what runs under it ends as well, by the guards of its experiments


def tell(**facts: Any) -> None:
    """Prints a line of JSON, which the machine that handed the task out gets to see."""
    print(json.dumps(facts), flush=True)


@contextmanager
def repeated(action: Callable[[], None], seconds: float = LOOK_SECONDS) -> Iterator[None]:
    """Calls `action` every so many seconds beside what is done meanwhile, and once more at its end.

    What fails is tried again: only an error of the last call is raised, where nothing else is.
    """
    over, errors = threading.Event(), list[Exception]()

    def work() -> None:
        last = False
        while not last:
            last = over.wait(seconds)
            errors.clear()
            try:
                action()
            except Exception as error:
                errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    if errors:
        raise errors[0]


def run_by_milestones(experiment: Experiment, meeting: Meeting, checkout: Path, logs: Path) -> Stages:
    """Runs an experiment milestone by milestone and pushes it after each; returns its stages, and tells of them.

    Raises ExperimentError if a stage fails, and what DVC and Git raise if the remotes are out of reach.
    """
    if sharing.is_pushed(experiment.name, meeting, checkout):
        return Stages()
    milestones = [step["to"] for step in composed(experiment.overrides, checkout)["milestones"]["list"]]
    stages = told = Stages()
    for env_steps in milestones:
        last = env_steps == milestones[-1]
        overrides = {**experiment.overrides, "milestones.env_steps": env_steps}
        part = experiment if last else Experiment(f"{experiment.name}-{env_steps}", overrides)

        def tell_stages(earlier: Stages = stages, log: Path = logs / f"{env_steps}.log") -> None:
            nonlocal told
            if (now := together(earlier, stages_in_log(log))) != told:
                tell(stages=asdict(now))
                told = now

        with repeated(tell_stages):
            stages = together(stages, run_experiment(part, checkout, log=logs / f"{env_steps}.log", pull=True))
        sharing.push_results(part.name, checkout)
        if not last:
            remove_experiments([part.name], checkout)
    sharing.push_experiment(experiment.name, meeting, checkout)
    return stages


def together(earlier: Stages, now: Stages) -> Stages:
    """The stages of an experiment over its milestones: one that was run for an earlier one is cached for the next."""
    found: dict[str, tuple[str, ...]] = {}
    for kind in fields(Stages):  # in this order: what was once run counts as that
        names = dict.fromkeys((*getattr(earlier, kind.name), *getattr(now, kind.name)))
        found[kind.name] = tuple(name for name in names if not any(name in others for others in found.values()))
    return Stages(**found)


class Publisher:
    """Keeps the shared remotes up with a clone's experiments, as they come and go, whenever it is told to `look`.

    Between an experiment's end and its push lies the time that the push takes: a machine lost then has it run again
    elsewhere.

    Args:
        meeting, checkout: where to, and the clone. pushed: called with the name of each experiment that is pushed.
    """

    def __init__(self, meeting: Meeting, checkout: Path, pushed: Callable[[str], None]) -> None:
        self._meeting, self._checkout, self._pushed = meeting, checkout, pushed
        self._published = set(experiment_names(checkout))

    def look(self) -> None:
        """Pushes what is new and removes what is gone. Raises the last error, after it has tried all."""
        there, failure = set(experiment_names(self._checkout)), None
        for name in sorted(there - self._published):
            try:
                self._push(name)
            except Exception as error:
                if self._is_there(name):  # else: replaced by its next rung while it was pushed
                    failure = error
        gone = self._published - there
        sharing.remove_pushed(sorted(gone), self._meeting, self._checkout)
        self._published -= gone
        if failure:
            raise failure

    def _push(self, name: str) -> None:
        if self._is_there(name):  # else: replaced by its next rung while another was pushed
            sharing.push_results(name, self._checkout)
            sharing.push_experiment(name, self._meeting, self._checkout)
            self._published.add(name)
            self._pushed(name)

    def _is_there(self, name: str) -> bool:
        return name in experiment_names(self._checkout)


def run_trials(order: dict[str, Any], meeting: Meeting, checkout: Path, logs: Path) -> None:
    """Runs trials of a sweep, one at a time, and pushes each rung; other workers share the study."""
    import optuna  # takes a second

    from efficientzero.experiments.sweep.definition import load_sweep
    from efficientzero.experiments.sweep.study import open_storage
    from efficientzero.experiments.sweep.trial import Place
    from efficientzero.experiments.sweep.workers import Workers

    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sweep = load_sweep(order["sweep"], checkout, order["overrides"])
    storage = open_storage(order["storage"], order["heartbeat"])
    place = Place(order["study"], checkout, checkout, logs, pull=True)
    with repeated(Publisher(meeting, checkout, lambda name: tell(experiment=name)).look):
        Workers(sweep, storage, place, trials=order["trials"], jobs=1).run(lambda: None)


def main() -> None:
    meeting, order = take_order()
    checkout = Path.cwd()
    logs = checkout.parent / "logs"
    sharing.use_remote(meeting, checkout)
    try:
        if "sweep" in order:
            run_trials(order, meeting, checkout, logs)
            return
        stages = run_by_milestones(Experiment(order["name"], order["overrides"]), meeting, checkout, logs)
    except ExperimentError as error:
        sys.exit(str(error))
    text = "".join(path.read_text(errors="replace") for path in sorted(logs.glob("*.log"), key=os.path.getmtime))
    tell(stages=asdict(stages), log=text)


if __name__ == "__main__":
    main()
