"""The JSON form of ``GameEnvironments.state()``: written, and checked thoroughly before anything is replayed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from efficientzero.envs.step import Emulators, Observation

SCHEMA = 1


@dataclass(frozen=True)
class SavedState:
    """A state whose values have been checked."""

    env_steps: int
    ended_emulator_frames: int
    episodes: list[int]
    histories: list[list[int]]
    sha256: str

    def check_replayed(self, emulators: Emulators, observation: Observation) -> None:
        """Raises ``ValueError`` when replaying has led elsewhere than to where the saved run was."""
        if _digest(emulators, observation) != self.sha256:
            raise ValueError(
                "environment state: replaying its actions leads to another observation; the state is damaged, or was "
                "written with another version of the emulator."
            )


def write_state(
    *,
    identity: dict[str, Any],
    env_steps: int,
    ended_emulator_frames: int,
    episodes: list[int],
    histories: Sequence[Sequence[int]],
    emulators: Emulators,
    observation: Observation,
) -> dict[str, Any]:
    """The state as JSON values. ``episodes`` and ``histories`` have one entry per environment."""
    return {
        "schema": SCHEMA,
        **identity,
        "env_steps": env_steps,
        "ended_emulator_frames": ended_emulator_frames,
        "environments": [
            {"episode": episode, "actions": list(history)} for episode, history in zip(episodes, histories, strict=True)
        ],
        "sha256": _digest(emulators, observation),
    }


def read_state(state: Any, *, identity: dict[str, Any], num_actions: int) -> SavedState:
    """Checks a state against the environments that are to continue it; ``ValueError`` says what does not fit."""
    if not isinstance(state, dict) or state.get("schema") != SCHEMA:
        raise ValueError(f"environment state: expected a dictionary with schema {SCHEMA}; this is something else.")
    expected = {"schema", *identity, "env_steps", "ended_emulator_frames", "environments", "sha256"}
    if set(state) != expected:
        raise ValueError(f"environment state: missing or unknown entries: {sorted(set(state) ^ expected, key=str)}.")
    for name, value in identity.items():
        if state[name] != value:
            raise ValueError(f"environment state: it was saved with {name} = {state[name]!r}, but {name} is {value!r}.")
    environments = state["environments"]
    if not isinstance(environments, list) or len(environments) != identity["count"]:
        raise ValueError(f"environment state: expected {identity['count']} environments.")
    for index, environment in enumerate(environments):
        if not isinstance(environment, dict) or set(environment) != {"episode", "actions"}:
            raise ValueError(f"environment state: environment {index} must have an episode and its actions.")
        if not _is_count(environment["episode"]):
            raise ValueError(f"environment state: environment {index} has no valid episode number.")
        actions = environment["actions"]
        if not isinstance(actions, list) or not all(_is_count(action) and action < num_actions for action in actions):
            raise ValueError(f"environment state: environment {index} has actions outside 0 to {num_actions - 1}.")
    for name in ("env_steps", "ended_emulator_frames"):
        if not _is_count(state[name]):
            raise ValueError(f"environment state: {name} must be a whole number, got {state[name]!r}.")
    histories = [environment["actions"] for environment in environments]
    steps = state["env_steps"] / len(histories)  # of each environment
    first_episodes = [len(environment["actions"]) for environment in environments if environment["episode"] == 0]
    if any(length != steps for length in first_episodes) or steps < max(map(len, histories)) or steps % 1:
        raise ValueError(f"environment state: {state['env_steps']} env steps do not fit the recorded actions.")
    return SavedState(
        state["env_steps"],
        state["ended_emulator_frames"],
        [environment["episode"] for environment in environments],
        histories,
        state["sha256"],
    )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _digest(emulators: Emulators, observation: Observation) -> str:
    """Of what the emulators show and count: the frame counts tell apart episodes that look the same."""
    facts = repr((observation.shape, emulators.lives.tolist(), emulators.episode_frames.tolist()))
    return hashlib.sha256(facts.encode() + observation.tobytes()).hexdigest()
