"""Searches parameters by trials that are DVC experiments, promoted from milestone to milestone."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path

import optuna
import pandas as pd
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from optuna.storages import RDBStorage
from rich.console import Console

from efficientzero.commands.options import add_common_arguments, join, positive
from efficientzero.experiments import ExperimentError
from efficientzero.experiments.checkout import pinned_checkout, require_remote
from efficientzero.experiments.cluster.head import run_sweep_on_cluster
from efficientzero.experiments.composition import parse_overrides
from efficientzero.experiments.display import SweepDisplay, best_number, trial_table
from efficientzero.experiments.sweep.apply import apply_best
from efficientzero.experiments.sweep.definition import Sweep, list_sweeps, load_sweep
from efficientzero.experiments.sweep.figures import write_figures
from efficientzero.experiments.sweep.study import (
    ERROR,
    begin,
    counted,
    open_storage,
    open_study,
    study_folder,
    without_password,
)
from efficientzero.experiments.sweep.trial import Place
from efficientzero.experiments.sweep.workers import Workers

LOG_WIDTH = 160  # characters, where there is no terminal
EXAMPLES = """examples:
  efficientzero sweep smoke                      the sweep of conf/sweep/smoke.yaml; the same again goes on with it
  efficientzero sweep smoke --jobs 2             two trials at a time
  efficientzero sweep smoke --trials 24          until the study has 24 trials, those it has included
  efficientzero sweep smoke --study asterix -S game=minatar/asterix     the same search on another game
  efficientzero sweep smoke --apply              write the best parameters into conf/
  efficientzero sweep smoke --storage postgresql+psycopg://me:secret@host/studies     workers on several machines
  efficientzero sweep smoke --storage postgresql+psycopg://me:secret@host/studies --ray --jobs 8     on a Ray cluster
  optuna-dashboard sqlite:///data/sweeps/smoke/study.db          look at it in a browser, after
                                                 pip install -c constraints.txt -e '.[dashboard]'
  dvc exp show -A                                every trial with its parameters and scores
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help=f"a file of conf/sweep: {', '.join(list_sweeps(Path())) or 'there is none here'}")
    parser.add_argument("--study", help="name of the study and of its experiments; the sweep's if not given")
    parser.add_argument("--trials", type=positive, help="how many the study is to have in all; else as the file says")
    parser.add_argument("--storage", help="URL of the study's database; sqlite:///data/sweeps/<study>/study.db")
    parser.add_argument(
        "--heartbeat", type=positive, default=20, metavar="SECONDS",
        help="a trial that gives no sign for three times as long is taken for dead and run again (20)",
    )  # fmt: skip
    parser.add_argument("--pull", action="store_true", help="fetch from the DVC remote what ran on other machines")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--show", action="store_true", help="run nothing: print the table and draw the figures again")
    instead.add_argument("--apply", action="store_true", help="run nothing: write the best parameters into conf/")
    add_common_arguments(parser, "trial", "in place of the file's overrides")


def run(arguments: argparse.Namespace, repository: Path) -> int:
    warnings.simplefilter("ignore", ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        return sweep(arguments, repository)
    except StorageInternalError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        print(
            f"the study's database is out of reach ({reason}); the same command goes on when it is back",
            file=sys.stderr,
        )
        sys.stderr.flush()
        os._exit(1)  # without waiting for the workers: their experiments end when this process does


def sweep(arguments: argparse.Namespace, repository: Path) -> int:
    wanted = load_sweep(arguments.name, repository, parse_overrides(arguments.overrides))
    name = arguments.study or wanted.name
    folder = study_folder(name)
    running = not (arguments.show or arguments.apply)
    if running and arguments.pull:
        require_remote(repository)
    # Other machines run a commit's sweep. Before the study is opened: a start that is refused must not begin it.
    checkout = pinned_checkout(repository, new_sweeps=not arguments.ray) if running else repository
    if not running and arguments.storage is None and not (folder / "study.db").exists():
        raise ExperimentError(f"there is no study {name}: no {folder / 'study.db'}")
    folder.mkdir(parents=True, exist_ok=True)
    url = arguments.storage or f"sqlite:///{folder}/study.db"
    storage = open_storage(url, arguments.heartbeat)
    study = open_study(name, wanted, storage, repository)
    if arguments.apply:
        apply(study, wanted, repository)
        return 0
    place = Place(name, repository, checkout, folder / "logs", arguments.pull)
    errors = run_trials(arguments, study, wanted, storage, url, place) if running else []
    write_trials(study, wanted, folder)
    failed = [trial for trial in counted(study.get_trials(deepcopy=False)) if ERROR in trial.user_attrs]
    if failed:
        errors.insert(0, f"{len(failed)} trials failed; DVC's output is in {folder}/logs/")
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


def run_trials(
    arguments: argparse.Namespace, study: optuna.Study, sweep: Sweep, storage: RDBStorage, url: str, place: Place
) -> list[str]:
    """Runs what is left, here or on a cluster; returns what went wrong beside trials that failed."""
    trials = arguments.trials or sweep.definition.trials
    done = [trial for trial in counted(study.get_trials(deepcopy=False)) if trial.state.is_finished()]
    print(f"study {place.study}: {len(done)} of {trials} trials are done; {without_password(url)}", flush=True)
    with SweepDisplay(study, sweep, place) as display:
        if arguments.ray:
            meeting, share = join(arguments, place.repository)
            begin(study, sweep)
            order = {
                "sweep": sweep.name, "study": place.study, "storage": url, "trials": trials,
                "heartbeat": arguments.heartbeat, "overrides": parse_overrides(arguments.overrides),
            }  # fmt: skip
            lost = run_sweep_on_cluster(order, arguments.jobs, place.repository, meeting, share, display.show)
            return [f"a worker ended: {error}" for error in lost]
        begin(study, sweep)
        workers = Workers(sweep, storage, place, trials=trials, jobs=arguments.jobs)
        workers.run(display.show)
        return [workers.gave_up] if workers.gave_up else []


def write_trials(study: optuna.Study, sweep: Sweep, folder: Path) -> None:
    """Table and figures of what there is."""
    frame = study.trials_dataframe(attrs=("number", "value", "state", "params", "user_attrs", "duration"))
    pd.DataFrame(frame).to_csv(folder / "trials.csv", index=False, lineterminator="\n")
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH)
    console.print(trial_table(counted(study.get_trials(deepcopy=False)), sweep))
    for sentence in write_figures(study, sweep, folder):
        print(f"not drawn: {sentence}")
    print(f"table and figures: {folder}/")


def apply(study: optuna.Study, sweep: Sweep, repository: Path) -> None:
    if best_number(study.get_trials(deepcopy=False)) is None:
        raise ExperimentError(f"study {study.study_name}: no trial is finished, so there is no best one")
    files, changes = apply_best(study.best_trial.params, sweep, repository)
    print(f"trial {study.best_trial.user_attrs['trial']}: {sweep.definition.objective} {study.best_value:.4g}")
    for path in files:
        print(f"written: {path}")
    for line in changes if files else ["conf/ has these values already"]:
        print(line)
