"""A sweep: searches parameters by trials that are DVC experiments, promoted from milestone to milestone."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path

import optuna
import pandas as pd
from optuna.exceptions import ExperimentalWarning, StorageInternalError
from rich.console import Console

from efficientzero.experiments import ExperimentError, pinned_checkout
from efficientzero.experiments.checkout import require_remote
from efficientzero.experiments.cluster import ClusterError, Share, check_meeting, cluster_arguments, connect
from efficientzero.experiments.cluster.sweep_tasks import SharedStudy, run_sweep_on_cluster
from efficientzero.experiments.overrides import parse_overrides
from efficientzero.experiments.sweep.apply import apply_best
from efficientzero.experiments.sweep.definition import Sweep, SweepError, list_sweeps, load_sweep
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
from efficientzero.experiments.sweep.table import Display, best_number, trial_table
from efficientzero.experiments.sweep.trial import Place
from efficientzero.experiments.sweep.workers import Workers
from efficientzero.parameters import ParameterError

LOG_WIDTH = 160  # characters, where there is no terminal
EXAMPLES = """examples:
  sh stages/run sweep smoke                      the sweep of conf/sweep/smoke.yaml; the same again goes on with it
  sh stages/run sweep smoke --jobs 2             two trials at a time
  sh stages/run sweep smoke --trials 24          until the study has 24 trials, those it has included
  sh stages/run sweep smoke --study asterix -S game=minatar/asterix     the same search on another game
  sh stages/run sweep smoke --apply              write the best parameters into conf/
  sh stages/run sweep smoke --storage postgresql+psycopg://me:secret@host/studies     workers on several machines
  sh stages/run sweep smoke --storage postgresql+psycopg://me:secret@host/studies --ray --jobs 8     on a Ray cluster
  optuna-dashboard sqlite:///data/sweeps/smoke/study.db          look at it in a browser, after
                                                 pip install -c constraints.txt -e '.[dashboard]'
  dvc exp show -A                                every trial with its parameters and scores
"""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="sh stages/run sweep", description=__doc__, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("name", help=f"a file of conf/sweep: {', '.join(list_sweeps(Path())) or 'there is none here'}")
    parser.add_argument("--study", help="name of the study and of its experiments; the sweep's if not given")
    parser.add_argument(
        "-S", dest="overrides", action="append", default=[], metavar="KEY=VALUE",
        help="of every trial, in place of the file's overrides; repeatable",
    )  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, help="trials at a time (1)")
    parser.add_argument("--trials", type=int, help="how many the study is to have in all; else as the file says")
    parser.add_argument("--storage", help="URL of the study's database; sqlite:///data/sweeps/<study>/study.db")
    parser.add_argument(
        "--heartbeat", type=int, default=20, metavar="SECONDS",
        help="a trial that gives no sign for three times as long is taken for dead and run again (20)",
    )  # fmt: skip
    parser.add_argument("--pull", action="store_true", help="fetch from the DVC remote what ran on other machines")
    parser.add_argument("--show", action="store_true", help="run nothing: print the table and draw the figures again")
    parser.add_argument("--apply", action="store_true", help="run nothing: write the best parameters into conf/")
    cluster_arguments(parser)
    arguments = parser.parse_args()
    for option in ("jobs", "trials", "heartbeat"):
        if getattr(arguments, option) is not None and getattr(arguments, option) < 1:
            parser.error(f"--{option}: at least 1")
    return arguments


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
        raise SweepError(f"study {study.study_name}: no trial is finished, so there is no best one")
    files, changes = apply_best(study.best_trial.params, sweep, repository)
    print(f"trial {study.best_trial.user_attrs['trial']}: {sweep.definition.objective} {study.best_value:.4g}")
    for path in files:
        print(f"written: {path}")
    for change in changes:
        print(change)
    if not files:
        print("conf/ has these values already")


def main() -> int:
    arguments = parse_arguments()
    warnings.simplefilter("ignore", ExperimentalWarning)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    repository = Path()
    overrides = parse_overrides(arguments.overrides)
    sweep = load_sweep(arguments.name, repository, overrides)
    name = arguments.study or sweep.name
    folder = study_folder(name)
    running = not (arguments.show or arguments.apply)
    if running and arguments.pull:
        require_remote(repository)
    # Other machines run a commit's sweep. Before the study is opened: a start that is refused must not begin it.
    checkout = pinned_checkout(repository, new_sweeps=not arguments.ray) if running else repository
    folder.mkdir(parents=True, exist_ok=True)
    url = arguments.storage or f"sqlite:///{folder}/study.db"
    storage = open_storage(url, arguments.heartbeat)
    study = open_study(name, sweep, storage, repository)
    if arguments.apply:
        apply(study, sweep, repository)
        return 0
    lost: list[str] = []
    gave_up = None
    if running:
        trials = arguments.trials or sweep.definition.trials
        there = len([trial for trial in counted(study.get_trials(deepcopy=False)) if trial.state.is_finished()])
        print(f"study {name}: {there} of {trials} trials are done; {without_password(url)}", flush=True)
        place = Place(name, repository, checkout, folder / "logs", arguments.pull)
        with Display(study, sweep, place) as display:
            if arguments.ray:
                share = Share(arguments.cpus_per_task, arguments.gpus_per_task, arguments.retries)
                meeting = check_meeting(repository, arguments.git_remote)
                connect(arguments.ray, share)
                begin(study, sweep)
                shared = SharedStudy(sweep.name, name, url, trials, arguments.heartbeat, overrides)
                lost = run_sweep_on_cluster(shared, arguments.jobs, repository, meeting, share, display.show)
            else:
                begin(study, sweep)
                workers = Workers(sweep, storage, place, trials=trials, jobs=arguments.jobs)
                workers.run(display.show)
                gave_up = workers.gave_up
    write_trials(study, sweep, folder)
    for error in lost:
        print(f"a worker ended: {error}", file=sys.stderr)
    failed = [trial for trial in counted(study.get_trials(deepcopy=False)) if ERROR in trial.user_attrs]
    if failed:
        print(f"{len(failed)} trials failed; DVC's output is in {folder}/logs/", file=sys.stderr)
    if gave_up:
        print(gave_up, file=sys.stderr)
    return 1 if failed or lost else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (SweepError, ExperimentError, ClusterError, ParameterError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except StorageInternalError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        print(
            f"the study's database is out of reach ({reason}); the same command goes on when it is back",
            file=sys.stderr,
        )
        os._exit(1)
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on, and what is finished is not run again", file=sys.stderr, flush=True)
        os._exit(130)  # without waiting for the workers: their experiments end when this process does
