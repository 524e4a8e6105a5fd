"""The Optuna study of a sweep: its storage, what it was begun with, and how many trials are left to run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.composition import flat
from efficientzero.experiments.experiment import FOLDER_NAME
from efficientzero.experiments.git import experiment_names, git
from efficientzero.experiments.sweep.definition import Sweep
from efficientzero.experiments.sweep.search import build_pruner, build_sampler
from efficientzero.records.paths import SWEEPS

BEGUN_WITH = "begun_with"
ERROR = "error"  # why a trial failed by itself; one that was killed has none
CODE = ("src", "pyx", "stages", "plugins", "dvc.yaml")
GRACE = 3  # heartbeats missed until a trial counts as dead
RETRIES = 3  # of a trial that is killed; then another takes its place, for it may be what kills its machine
SQLITE_SECONDS = 60  # how long one process waits for another's write


def study_folder(name: str) -> Path:
    """Where a study's files are. Raises ExperimentError if the name is none for a folder and for experiments."""
    if not FOLDER_NAME.fullmatch(name):
        raise ExperimentError(f"--study {name}: a name is letters, digits, '_' and '-', for it names a folder")
    return SWEEPS / name


def open_storage(url: str, heartbeat_seconds: int) -> RDBStorage:
    """The storage at an SQLAlchemy URL; what dies while it runs a trial is noticed by its heartbeat and run again.

    Raises ExperimentError if there is no such database, no driver for it, or it is in memory.
    """
    try:
        parts = make_url(url)
        sqlite, database = parts.get_backend_name() == "sqlite", parts.database or ":memory:"
        if sqlite and (":memory:" in database or parts.query.get("mode") == "memory"):
            raise ExperimentError(
                f"--storage {url}: is in memory and would be lost at the end; expected sqlite:///FILE"
            )
        return RDBStorage(
            url,
            engine_kwargs={"connect_args": {"timeout": SQLITE_SECONDS}} if sqlite else {"pool_pre_ping": True},
            heartbeat_interval=heartbeat_seconds,
            grace_period=GRACE * heartbeat_seconds,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=RETRIES),
        )
    except (SQLAlchemyError, ImportError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ExperimentError(
            f"--storage {without_password(url)}: the database cannot be opened ({reason}); expected sqlite:///FILE or "
            "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, the latter with "
            "`pip install -c constraints.txt -e '.[postgresql]'`"
        ) from None


def without_password(url: str) -> str:
    """The URL of a database, to be shown."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return url  # it is none


def open_study(name: str, sweep: Sweep, storage: RDBStorage, repository: Path, *, worker: int = 0) -> optuna.Study:
    """The study of that name, new or as it was left; each worker opens it for itself. Its first trial begins it.

    Raises:
        ExperimentError: it was begun with another definition, other parameters or other code.
    """
    study = optuna.create_study(study_name=name, storage=storage, direction="maximize", load_if_exists=True)
    experiments = experiment_names(repository)  # before the trials: another worker may begin the first one meanwhile
    trials = study.get_trials(deepcopy=False)
    shift = 1009 * len(trials) + worker
    study.sampler = build_sampler(sweep.definition.sampler, sweep.definition.space, shift)
    study.pruner = build_pruner(sweep.definition.pruner, sweep.milestones)
    now = _begun_with(sweep, repository)
    if not trials:
        pattern = re.compile(rf"{re.escape(name)}-t\d+-\d+")
        if foreign := [each for each in experiments if pattern.fullmatch(each)]:
            raise ExperimentError(
                f"study {name}: it is new, and there are {len(foreign)} experiments of an older one of that name, such "
                f"as {foreign[0]}; begin another with --study NAME, or remove them: dvc exp remove {' '.join(foreign)}"
            )
        study.set_user_attr(BEGUN_WITH, json.dumps(now))
        study.set_metric_names([sweep.definition.objective])
    before = json.loads(study.user_attrs[BEGUN_WITH])
    changed = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    if changed:
        key = changed[0]
        then, today = ("absent" if each.get(key) is None else each[key] for each in (before, now))
        others = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        raise ExperimentError(
            f"study {name}: it was begun with {key} {then}, and it is {today} now{others}, so its "
            "trials could not be compared; undo that, or begin another study with --study NAME"
        )
    return study


def begin(study: optuna.Study, sweep: Sweep) -> None:
    """Before the first trial: has it take the values of conf/, if the sweep wants that."""
    if sweep.definition.present_first and not study.get_trials(deepcopy=False):
        present = flat(sweep.parameters)
        study.enqueue_trial({key: present[key] for key in sweep.definition.space})


def _begun_with(sweep: Sweep, repository: Path) -> dict[str, Any]:
    """What a study's trials share, by name: if any of it changes, they could not be compared."""
    definition = sweep.definition
    fixed = {
        key: value
        for key, value in flat(sweep.parameters).items()
        if key not in definition.space
        and (not key.startswith("agent.") or key.startswith(f"agent.{definition.agent}."))
    }
    for computing in ("device", "threads", "snapshot_seconds"):
        fixed.pop(computing)
    trees = {f"the code in {part}": git(repository, "rev-parse", f"HEAD:{part}").strip()[:12] for part in CODE}
    written = definition.model_dump(mode="json")
    methods = {kind: json.dumps(written[kind]) for kind in ("sampler", "pruner")}
    space = {f"space.{key}": json.dumps(dimension) for key, dimension in written["space"].items()}
    own = {"agent": definition.agent, "objective": definition.objective, "present_first": definition.present_first}
    return {**own, **methods, **space, **fixed, **trees}


def counted(trials: list[FrozenTrial]) -> list[FrozenTrial]:
    """The trials that count towards the number wanted, by number: for those that were killed, their retries."""
    there = [trial for trial in trials if trial.state != TrialState.FAIL or ERROR in trial.user_attrs]
    return sorted(there, key=number)


def number(trial: FrozenTrial) -> int:
    """The number of a trial, for a retry that of the trial it repeats; it names the trial's experiments."""
    original = RetryHeartbeatStaleTrialCallback.retried_trial_number(trial)
    return trial.number if original is None else original
