"""Optuna's figures of a study: history, rungs, importances and slices.

Importances and slices are drawn twice: of the finished trials, and of all trials at the first rung, since those that
were promoted are a selection.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import TrialState, create_trial

from efficientzero.experiments.sweep.definition import Sweep
from efficientzero.scaling import save_figure

LEAST_TRIALS = 8  # for importances; with fewer they are those of chance
WIDTH, HEIGHT = 7.2, 3.8  # inches


def write_figures(study: optuna.Study, sweep: Sweep, folder: Path) -> list[str]:
    """Writes all as PNG and SVG; returns a sentence for each that cannot be drawn, whose older files are removed."""
    matplotlib.use("Agg")
    missing = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PED-ANOVA, that few trials say little
        figures = list(_figures(study, sweep))
    for name, drawn in figures:
        for suffix in ("png", "svg"):
            (folder / f"{name}.{suffix}").unlink(missing_ok=True)
            if isinstance(drawn, Figure):
                save_figure(drawn, folder / f"{name}.{suffix}")
        if isinstance(drawn, str):
            missing.append(f"{name}: {drawn}")
    return missing


def _figures(study: optuna.Study, sweep: Sweep) -> Iterator[tuple[str, Figure | str]]:
    from matplotlib import pyplot
    from optuna.visualization import matplotlib as drawn_by_optuna

    objective, title = sweep.definition.objective, f"{study.study_name}: {sweep.definition.objective}"
    with pyplot.style.context("default"):
        if _finished(study):
            axes = drawn_by_optuna.plot_optimization_history(study, target_name=f"{objective} of a trial")
            axes.legend(loc="lower right")
            yield "history", _tidy(axes, f"{title} of the finished trials", WIDTH)
        else:
            yield "history", "no trial is finished"
        if len(sweep.milestones) > 1:
            yield "rungs", _rungs(drawn_by_optuna.plot_intermediate_values(study), sweep, title)
        first = at_first_rung(study, sweep)
        for end, those, which in (
            ("", study, "finished trials"),
            ("_first_rung", first, f"all trials at {sweep.milestones[0]:,} env steps"),
        ):
            count = _finished(those)
            if count < LEAST_TRIALS:
                yield f"importances{end}", f"of {which} it needs {LEAST_TRIALS}, and there are {count}"
            else:
                axes = drawn_by_optuna.plot_param_importances(those, evaluator=PedAnovaImportanceEvaluator())
                axes.get_legend().remove()  # type: ignore[union-attr]
                axes.set(xlabel="importance (PED-ANOVA; they sum to 1)", ylabel="")
                yield f"importances{end}", _tidy(axes, f"{title}, importances, {which}", WIDTH, sweep)
            if not count:
                yield f"slices{end}", f"of {which} there are none"
                continue
            panels = list(np.ravel(np.array(drawn_by_optuna.plot_slice(those, target_name=objective))))
            yield f"slices{end}", _tidy(panels[0], f"{title}, {which}", max(WIDTH, 2.6 * len(panels)), sweep)
    pyplot.close("all")


def at_first_rung(study: optuna.Study, sweep: Sweep) -> optuna.Study:
    """All trials that got there, each with its value at the first rung for the one it ended with."""
    copy = optuna.create_study(direction="maximize")
    for trial in study.get_trials(deepcopy=False):
        value = trial.intermediate_values.get(sweep.milestones[0])
        if value is not None and trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
            copy.add_trial(create_trial(params=trial.params, distributions=trial.distributions, value=value))
    return copy


def _finished(study: optuna.Study) -> int:
    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def _rungs(axes: Axes, sweep: Sweep, title: str) -> Figure:
    """Lines of the trials that got to the last rung stand out."""
    for line in axes.get_lines():
        reached = np.max(np.asarray(line.get_xdata(), float), initial=0.0) == sweep.milestones[-1]
        line.set(color="tab:blue" if reached else "0.7", marker="o", markersize=4, zorder=3 if reached else 2)
    for scatter in axes.collections:
        scatter.remove()
    axes.set(xscale="log", xlabel="env steps", ylabel=sweep.definition.objective)
    axes.set_xticks(sweep.milestones, [f"{budget:,}" for budget in sweep.milestones])
    axes.xaxis.set_minor_formatter(NullFormatter())
    if legend := axes.get_legend():
        legend.remove()
    return _tidy(axes, f"{title} of every trial from rung to rung", WIDTH)


def _tidy(first: Axes, title: str, width: float, sweep: Sweep | None = None) -> Figure:
    """On white, with one title; with `sweep`, parameters by their short names and readable log scales."""
    figure = first.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.set_size_inches(width, HEIGHT)
    for axes in figure.axes:
        for place in ("left", "center"):
            axes.set_title("", loc=place)
        axes.set_facecolor("white")
        axes.grid(color="0.9")
        if sweep is None:
            continue
        short = sweep.short_names()
        axes.set_xlabel(short.get(axes.get_xlabel(), axes.get_xlabel()))
        if {label.get_text() for label in axes.get_yticklabels()} & set(short):
            axes.set_yticks(axes.get_yticks(), [short.get(each.get_text(), "") for each in axes.get_yticklabels()])
        if axes.get_xscale() == "log":
            low, high = axes.get_xlim()
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if high / low > 30 else (1.0, 2.0, 5.0)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
    figure.suptitle(title, fontweight="bold", fontsize=12)
    with_bar = 2  # axes of a single panel and its colour bar, which the constrained layout cannot place
    figure.set_layout_engine("tight" if len(figure.axes) == with_bar else "constrained")
    return figure
