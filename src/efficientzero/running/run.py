"""A run: one agent on one game with one seed, and everything needed to go on with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from efficientzero.agents import Agent, EnvironmentSpecification, make_agent
from efficientzero.agents.exploration import Repetition
from efficientzero.envs import GameEnvironments
from efficientzero.games import find_game
from efficientzero.records.files import RecordError, new_folder, open_folder, read_table, write_table
from efficientzero.records.instruments import DriftBin, read_drift_bins, write_rows
from efficientzero.records.paths import RunIdentity
from efficientzero.replay import Estimates, Memory, Priorities, Recording, read_chunks, write_chunks
from efficientzero.running.device import choose_device

KIND, FINISHED_KIND = "run", "finished agent"


@dataclass
class Run:
    """An agent, the environments it plays in and what it has seen.

    Attributes:
        identity: which run it is. frames: uint8 ``[environments, channels, height, width]``, what the environments show
            now.
        env_steps: recorded so far; times the environments' frame skip it is its frames.
        episodes: of each training episode (whole games) that has ended: env steps of the run, return, length.
        metrics: what ``learn`` returned, every ``agent.metrics_every`` updates.
        returns, lengths: of the games going on. repetition: of the random actions going on.
        finishing: updates made by the finishing branch, or None where it has not begun.
        drift: how far old search targets were from the finishing branch's, a row per bin of age.
    """

    identity: RunIdentity
    agent: Agent
    environments: GameEnvironments
    memory: Memory
    frames: NDArray[np.uint8]
    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]
    repetition: Repetition
    episodes: list[dict[str, float]] = field(default_factory=list)
    metrics: list[dict[str, float]] = field(default_factory=list)
    finishing: int | None = None
    drift: list[DriftBin] = field(default_factory=list)

    @property
    def env_steps(self) -> int:
        """Env steps recorded so far."""
        return len(self.memory.recording)


def agent_for(identity: RunIdentity, environments: GameEnvironments) -> Agent:
    """A new agent for these environments."""
    parameters = identity.parameters
    specification = EnvironmentSpecification(
        observation_shape=environments.observation_shape,
        frame_stack=environments.frame_stack,
        actions=environments.num_actions,
        environments=parameters.envs.count,
        images=find_game(parameters.game).family == "ale",
    )
    return make_agent(
        parameters.agent[identity.agent], specification, seed=identity.seed, device=choose_device(parameters.device)
    )


def new_run(identity: RunIdentity) -> Run:
    """A run that has seen nothing yet."""
    parameters = identity.parameters
    environments = GameEnvironments(
        find_game(parameters.game),
        parameters.envs,
        count=parameters.envs.count,
        seed=identity.seed,
        training=True,
        threads=parameters.threads,
    )
    agent = agent_for(identity, environments)
    count = parameters.envs.count
    return Run(
        identity=identity,
        agent=agent,
        environments=environments,
        memory=Memory(
            Recording(environments.observation_shape, count, environments.frame_stack),
            Estimates(environments.num_actions),
            Priorities(agent.priority_exponent),
        ),
        frames=environments.reset(),
        returns=np.zeros(count),
        lengths=np.zeros(count, np.int64),
        repetition=Repetition.none(count),
    )


def save_run(run: Run, path: Path, earlier: Path | None) -> None:
    """Writes a run folder, atomically.

    Args:
        earlier: a folder of the same run when it was shorter, whose chunks of the recording are repeated.
    """
    priorities, highest = run.memory.priorities.state()
    progress = {
        "returns": run.returns.tolist(),
        "lengths": run.lengths.tolist(),
        "repeated_actions": run.repetition.action.tolist(),
        "repetitions_remaining": run.repetition.remaining.tolist(),
        "highest_priority": highest,
        "finishing": run.finishing,
    }
    with new_folder(path, KIND, _facts(run)) as folder:
        (folder / "recording").mkdir()
        write_chunks(run.memory.recording, folder / "recording", earlier / "recording" if earlier else None)
        save_file(_contiguous(run.agent.state()), folder / "agent.safetensors")
        estimates = run.memory.estimates
        save_file(
            {
                "policy": np.ascontiguousarray(estimates.policy),
                "value": np.ascontiguousarray(estimates.value),
                "searched_at": np.ascontiguousarray(estimates.made_at),
                "priorities": priorities,
            },
            folder / "targets.safetensors",
        )
        (folder / "environments.json").write_text(json.dumps(run.environments.state()) + "\n")
        (folder / "progress.json").write_text(json.dumps(progress) + "\n")
        write_table(run.episodes, folder / "episodes.csv")
        write_table(run.metrics, folder / "learning.csv")
        write_rows(run.drift, folder / "drift.csv")


def load_run(identity: RunIdentity, path: Path) -> Run:
    """Reads what :func:`save_run` wrote, and goes on exactly from there.

    Raises:
        RecordError: the folder is not whole, or is another run's; the message names it and what to do.
    """
    manifest = _opened(path, KIND, identity)
    run = new_run(identity)
    try:
        read_chunks(run.memory.recording, path / "recording")
        run.agent.restore(load_file(path / "agent.safetensors"))
        targets = load_file(path / "targets.safetensors")
        run.memory.estimates.append(targets["policy"], targets["value"], targets["searched_at"])
        progress = json.loads((path / "progress.json").read_text())
        run.memory.priorities.restore(targets["priorities"], progress["highest_priority"])
        run.frames = run.environments.restore(json.loads((path / "environments.json").read_text()))
        run.returns, run.lengths = np.array(progress["returns"]), np.array(progress["lengths"], np.int64)
        run.repetition = Repetition(
            np.array(progress["repeated_actions"], np.int64), np.array(progress["repetitions_remaining"], np.int64)
        )
        run.finishing = progress["finishing"]
        run.episodes, run.metrics = read_table(path / "episodes.csv"), read_table(path / "learning.csv")
        run.drift = read_drift_bins(path / "drift.csv")
    except (ValueError, KeyError) as error:
        raise RecordError(f"{path}: does not fit these parameters ({error}); run 'dvc repro'") from error
    if run.env_steps != manifest["env_steps"] or len(run.memory.estimates) != run.env_steps:
        raise RecordError(f"{path}: holds {run.env_steps} env steps, its manifest says {manifest['env_steps']}")
    return run


def save_finished(run: Run, path: Path) -> None:
    """Writes a finished agent: its network, and what learning showed."""
    with new_folder(path, FINISHED_KIND, _facts(run)) as folder:
        save_file(_contiguous(run.agent.network_state()), folder / "agent.safetensors")
        write_table(run.metrics, folder / "learning.csv")


def load_finished(identity: RunIdentity, path: Path, environments: GameEnvironments) -> tuple[Agent, int]:
    """The finished agent of a folder, ready to act in these environments, and the operations its training took.

    Raises:
        RecordError: as for :func:`load_run`.
    """
    manifest = _opened(path, FINISHED_KIND, identity)
    agent = agent_for(identity, environments)
    try:
        agent.restore_network(load_file(path / "agent.safetensors"))
    except ValueError as error:
        raise RecordError(f"{path}: does not fit these parameters ({error}); run 'dvc repro'") from error
    agent.updates = manifest["updates"]
    return agent, manifest["training_flops"]


def _facts(run: Run) -> dict[str, Any]:
    return {
        **_named(run.identity),
        "env_steps": run.env_steps,
        "frames": run.env_steps * run.environments.frame_skip,
        "updates": run.agent.updates,
        "training_flops": run.agent.flops,
    }


def _named(identity: RunIdentity) -> dict[str, Any]:
    return {"agent": identity.agent, "seed": identity.seed, "game": identity.game}


def _opened(path: Path, kind: str, identity: RunIdentity) -> dict[str, Any]:
    """The manifest of a folder of this very run."""
    return open_folder(path, kind, **_named(identity))


def _contiguous(arrays: dict[str, NDArray]) -> dict[str, NDArray]:
    return {name: np.array(array, order="C") for name, array in arrays.items()}
