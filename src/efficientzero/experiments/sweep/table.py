"""How a sweep stands: a live table on a terminal, elsewhere a line for whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TextIO

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.live import Live
from rich.table import Table

from efficientzero.experiments.experiment import stages_in_log
from efficientzero.experiments.sweep.definition import Sweep
from efficientzero.experiments.sweep.study import ERROR, counted, number
from efficientzero.experiments.sweep.trial import Place

ROWS_LEFT = 8  # of a terminal's height: the table's head, what was printed before, the prompt
STATES = {
    TrialState.RUNNING: "running",
    TrialState.WAITING: "to be run again",
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "stopped",
    TrialState.FAIL: "failed",
}


class Display:
    """Shows a study's trials while it runs: where the terminal is too small, the latest and the best.

    A context manager; call `show` about every second.

    Args:
        study, sweep, place: what is shown. stream: where; None is standard output.
    """

    def __init__(self, study: optuna.Study, sweep: Sweep, place: Place, stream: TextIO | None = None) -> None:
        self._study, self._sweep, self._place = study, sweep, place
        self._stream = stream or sys.stdout
        self._said: dict[tuple[int, Any], str] = {}
        self._live: Live | None = None
        if self._stream.isatty():
            self._live = Live(console=Console(file=self._stream), auto_refresh=False, transient=True)
        else:
            for trial in counted(study.get_trials(deepcopy=False)):
                self._said |= dict(self._events(trial))  # of an earlier process

    def __enter__(self) -> Display:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self) -> None:
        """Brings what is shown up to date."""
        trials = counted(self._study.get_trials(deepcopy=False))
        if self._live:
            room = max(self._live.console.height - ROWS_LEFT, 3)
            best = best_number(trials)
            shown = [trial for trial in trials if trial in trials[-room:] or trial.number == best]
            self._live.update(trial_table(shown, self._sweep, self._doing), refresh=True)
            return
        for trial in trials:
            for key, line in self._events(trial):
                if key not in self._said:
                    print(line, file=self._stream, flush=True)
                    self._said[key] = line

    def _events(self, trial: FrozenTrial) -> list[tuple[tuple[int, Any], str]]:
        """All lines about a trial so far, each with what it is about."""
        name, objective = f"trial {number(trial)}", self._sweep.definition.objective
        lines: list[tuple[tuple[int, Any], str]] = []
        if "experiment" in trial.user_attrs:  # all is drawn
            retried = " again" if number(trial) != trial.number else ""
            values = ", ".join(f"{short}={_shown(value)}" for short, value in parameters(trial, self._sweep).items())
            lines.append(((trial.number, "begun"), f"{name}: runs{retried} with {values}"))
        for budget, value in sorted(trial.intermediate_values.items()):
            lines.append(((trial.number, budget), f"{name}: {objective} {value:.4g} at {budget} env steps"))
        if trial.state.is_finished():
            reason = f": {trial.user_attrs[ERROR]}" if ERROR in trial.user_attrs else ""
            lines.append(((trial.number, "ended"), f"{name}: {STATES[trial.state]}{reason}"))
        return lines

    def _doing(self, trial: FrozenTrial) -> str:
        """The stage a running trial is at."""
        experiment = trial.user_attrs.get("experiment")
        if experiment is None:
            return ""
        stages = stages_in_log(self._place.log(experiment))
        return f"{stages.ran[-1]}, {stages.done} stages" if stages.ran else "preparing"


def trial_table(
    trials: list[FrozenTrial], sweep: Sweep, doing: Callable[[FrozenTrial], str] = lambda trial: ""
) -> Table:
    """Every trial with its parameters, its value at each rung, and what became of it."""
    title = f"{sweep.name}: {sweep.definition.objective} of {sweep.definition.agent} at its budgets in env steps"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("trial", *short_names(sweep).values(), *(f"{budget:,}" for budget in sweep.budgets)):
        table.add_column(column, justify="right", overflow="fold")
    table.add_column("state", overflow="fold")
    best = best_number(trials)
    for trial in trials:
        values = parameters(trial, sweep)
        rungs = [trial.intermediate_values.get(budget) for budget in sweep.budgets]
        state = STATES[trial.state]
        if trial.state == TrialState.RUNNING:
            state = f"{state} {doing(trial)}".strip()
        if ERROR in trial.user_attrs:
            state = f"{state}: {trial.user_attrs[ERROR].splitlines()[0]}"
        table.add_row(
            str(number(trial)),
            *(_shown(values[short]) if short in values else "" for short in short_names(sweep).values()),
            *("" if value is None else f"{value:.4g}" for value in rungs),
            f"{state}, the best" if trial.number == best else state,
            style="bold" if trial.number == best else None,
        )
    return table


def short_names(sweep: Sweep) -> dict[str, str]:
    """The searched parameters with as much of the end of their dotted names as tells them apart."""
    names = list(sweep.definition.space)
    found = {}
    for name in names:
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            short = ".".join(parts[-length:])
            if sum(other == short or other.endswith(f".{short}") for other in names) == 1:
                break
        found[name] = short
    return found


def parameters(trial: FrozenTrial, sweep: Sweep) -> dict[str, Any]:
    """A trial's values by short name."""
    return {short: trial.params[name] for name, short in short_names(sweep).items() if name in trial.params}


def best_number(trials: list[FrozenTrial]) -> int | None:
    """The number of the finished trial with the largest value."""
    finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return max(finished, key=lambda trial: trial.value or 0.0).number if finished else None


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
