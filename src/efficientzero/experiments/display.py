"""What is shown while a suite or a sweep runs: a table on a terminal, elsewhere a line for whatever happens."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

import optuna
from optuna.trial import FrozenTrial, TrialState
from rich.table import Table

from efficientzero.experiments.experiment import stages_in_log
from efficientzero.experiments.suite import Member, State
from efficientzero.experiments.sweep.definition import Sweep
from efficientzero.experiments.sweep.study import ERROR, counted, number
from efficientzero.experiments.sweep.trial import Place
from efficientzero.progress import Display, duration

ROWS_LEFT = 8  # of a terminal's height: the table's head, what was printed before, the prompt
STYLES = {State.FAILED: "bold red", State.RUNNING: "bold", State.PRESENT: "dim"}
STATES = {
    TrialState.RUNNING: "running",
    TrialState.WAITING: "to be run again",
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "stopped",
    TrialState.FAIL: "failed",
}


class SuiteDisplay(Display):
    """The experiments of a suite: where the terminal is too small for all, what failed and what runs first.

    Without a terminal a line whenever an experiment starts, ends or fails, and every 20 s what runs.
    """

    def __init__(self, members: Sequence[Member], stream: TextIO) -> None:
        super().__init__(self._table, self._changes, stream)
        self._members = members
        self._known = {member.name: State.WAITING for member in members}

    def show(self, always: bool = False) -> None:
        for member in self._members:
            member.read_log()
        super().show(always)

    def _table(self, height: int) -> Table:
        table = Table(title=counts(self._members), title_justify="left", box=None, pad_edge=False)
        table.add_column("experiment", no_wrap=True, min_width=min(max(len(each.name) for each in self._members), 48))
        table.add_column("state", no_wrap=True, min_width=len(State.FINISHED))
        table.add_column("stages", no_wrap=True, min_width=18)
        table.add_column("time", no_wrap=True, min_width=9, justify="right")
        table.add_column("now", no_wrap=True, overflow="ellipsis")  # this one gives way where it is narrow
        room = max(height - ROWS_LEFT, 3)
        shown = list(self._members)
        if len(shown) > room:
            shown = sorted(shown, key=lambda member: list(State).index(member.state))[:room]
        for member in shown:
            begun = member.state not in (State.WAITING, State.PRESENT)
            seconds = "" if member.seconds is None else duration(member.seconds)
            cells = (member.name, str(member.state), _stages_done(member) if begun else "", seconds, _now(member))
            table.add_row(*cells, style=STYLES.get(member.state))
        if len(shown) < len(self._members):
            table.add_row(f"... and {len(self._members) - len(shown)} more")
        return table

    def _changes(self, due: bool) -> Iterator[str]:
        for member in self._members:
            if member.state is not self._known[member.name]:
                self._known[member.name] = member.state
                yield _line(member)
                due = False
        if due:
            yield from (_line(member) for member in self._members if member.state is State.RUNNING)
            yield counts(self._members)


def counts(members: Sequence[Member]) -> str:
    """Such as ``"6 experiments: 2 running, 4 waiting"``."""
    number = Counter(member.state for member in members)
    what = "1 experiment" if len(members) == 1 else f"{len(members)} experiments"
    return f"{what}: " + ", ".join(f"{number[state]} {state}" for state in State if number[state])


def _line(member: Member) -> str:
    parts = [str(member.state)]
    if member.state not in (State.WAITING, State.PRESENT):
        parts += [f"{_stages_done(member)} stages", duration(member.seconds or 0.0)]
        parts += [_now(member)] if _now(member) else []
    return f"{member.name}: {', '.join(parts)}"


def _stages_done(member: Member) -> str:
    """Such as ``"5/22 (3 executed)"``; the last stage of a running experiment is not done yet."""
    under_way = member.state is State.RUNNING and bool(member.stages.ran)
    return f"{member.stages.done - under_way}/{member.expected} ({len(member.stages.ran) - under_way} executed)"


def _now(member: Member) -> str:
    if member.state is State.FAILED:
        return f"see {member.log}"
    if member.state is State.RUNNING:
        stage = member.stages.ran[-1] if member.stages.ran else "preparing"
        return f"{stage} on {member.place}" if member.place else stage
    return ""


class SweepDisplay(Display):
    """A study's trials while it runs: where the terminal is too small, the latest and the best.

    Without a terminal a line for whatever happens to a trial; what an earlier process said is not said again.
    """

    def __init__(self, study: optuna.Study, sweep: Sweep, place: Place, stream: TextIO | None = None) -> None:
        super().__init__(self._table, self._news, stream or sys.stdout, transient=True)
        self._study, self._sweep, self._place = study, sweep, place
        self._said: set[tuple[int, object]] = set()
        list(self._news(False))

    def _trials(self) -> list[FrozenTrial]:
        return counted(self._study.get_trials(deepcopy=False))

    def _table(self, height: int) -> Table:
        trials, room = self._trials(), max(height - ROWS_LEFT, 3)
        best = best_number(trials)
        shown = [trial for trial in trials if trial in trials[-room:] or trial.number == best]
        return trial_table(shown, self._sweep, self._doing)

    def _news(self, due: bool) -> Iterator[str]:
        for trial in self._trials():
            for key, line in self._events(trial):
                if (trial.number, key) not in self._said:
                    self._said.add((trial.number, key))
                    yield line

    def _events(self, trial: FrozenTrial) -> Iterator[tuple[object, str]]:
        """All lines about a trial so far, each with what it is about."""
        name, objective = f"trial {number(trial)}", self._sweep.definition.objective
        if "experiment" in trial.user_attrs:  # all is drawn
            retried = " again" if number(trial) != trial.number else ""
            values = ", ".join(f"{short}={value}" for short, value in _drawn(trial, self._sweep).items())
            yield "begun", f"{name}: runs{retried} with {values}"
        for env_steps, value in sorted(trial.intermediate_values.items()):
            yield env_steps, f"{name}: {objective} {value:.4g} at {env_steps} env steps"
        if trial.state.is_finished():
            reason = f": {trial.user_attrs[ERROR]}" if ERROR in trial.user_attrs else ""
            yield "ended", f"{name}: {STATES[trial.state]}{reason}"

    def _doing(self, trial: FrozenTrial) -> str:
        """The stage a running trial is at."""
        if "experiment" not in trial.user_attrs:
            return ""
        stages = stages_in_log(self._place.log(trial.user_attrs["experiment"]))
        return f"{stages.ran[-1]}, {stages.done} stages" if stages.ran else "preparing"


def trial_table(
    trials: list[FrozenTrial], sweep: Sweep, doing: Callable[[FrozenTrial], str] = lambda trial: ""
) -> Table:
    """Every trial with its parameters, its value at each rung, and what became of it."""
    title = f"{sweep.name}: {sweep.definition.objective} of {sweep.definition.agent} at its milestones in env steps"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    columns = sweep.short_names().values()
    for column in ("trial", *columns, *(f"{env_steps:,}" for env_steps in sweep.milestones)):
        table.add_column(column, justify="right", overflow="fold")
    table.add_column("state", overflow="fold")
    best = best_number(trials)
    for trial in trials:
        drawn = _drawn(trial, sweep)
        rungs = [trial.intermediate_values.get(env_steps) for env_steps in sweep.milestones]
        state = STATES[trial.state]
        if trial.state == TrialState.RUNNING:
            state = f"{state} {doing(trial)}".strip()
        if ERROR in trial.user_attrs:
            state = f"{state}: {trial.user_attrs[ERROR].splitlines()[0]}"
        table.add_row(
            str(number(trial)),
            *(drawn.get(column, "") for column in columns),
            *("" if value is None else f"{value:.4g}" for value in rungs),
            f"{state}, the best" if trial.number == best else state,
            style="bold" if trial.number == best else None,
        )
    return table


def _drawn(trial: FrozenTrial, sweep: Sweep) -> dict[str, str]:
    """A trial's values by short name, as they are shown."""
    values = {short: trial.params[name] for name, short in sweep.short_names().items() if name in trial.params}
    return {short: f"{value:.4g}" if isinstance(value, float) else str(value) for short, value in values.items()}


def best_number(trials: list[FrozenTrial]) -> int | None:
    """The number of the finished trial with the largest value."""
    finished = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    return max(finished, key=lambda trial: trial.value or 0.0).number if finished else None
