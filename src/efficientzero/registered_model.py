"""A registered model that was downloaded by itself: the finished agent, ready to act, and the games it was scored in.

``dvc artifacts get <repository> <name>`` makes its folder, with ``params.yaml`` and ``network/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from efficientzero.agents import Agent
from efficientzero.envs import GameEnvironments
from efficientzero.evaluation import Score, evaluate, evaluation_environments
from efficientzero.parameters import load_parameters
from efficientzero.progress import Progress
from efficientzero.records.files import RecordError, open_folder
from efficientzero.records.paths import RunIdentity
from efficientzero.running.device import configure_torch
from efficientzero.running.run import FINISHED_KIND, load_finished


@dataclass(frozen=True)
class RegisteredModel:
    """``agent`` has its finished network. ``identity``: the run it is of. ``env_steps``: of its training."""

    agent: Agent
    identity: RunIdentity
    env_steps: int
    training_flops: int

    def environments(self) -> GameEnvironments:
        """Fresh environments for whole games, with the starts it was scored on; one for each scored episode."""
        return evaluation_environments(self.identity.parameters)

    def play(self) -> Score:
        """Plays the games it was scored on again: on the same kind of processor the same returns."""
        settings = self.identity.parameters.evaluation
        with Progress(settings.episodes, f"{self.identity}: playing", "episodes") as progress:
            return evaluate(
                self.agent, self.environments(), settings, progress, seed=self.identity.seed, env_steps=self.env_steps
            )


def load_registered_model(folder: Path | str) -> RegisteredModel:
    """Reads the folder of a registered model.

    Raises:
        RecordError: it is none, or is not whole. ParameterError: this version of the program has other
            parameters; that of the model's tag reads it.
    """
    folder = Path(folder)
    if not (folder / "params.yaml").is_file():
        raise RecordError(
            f"{folder}: no registered model is here; `dvc artifacts get <repository> <name>` downloads one to ./<name>"
        )
    parameters = load_parameters(folder / "params.yaml")
    configure_torch(parameters.threads)
    manifest = open_folder(folder / "network", FINISHED_KIND)
    identity = RunIdentity(parameters, manifest["agent"], manifest["seed"])
    agent, training_flops = load_finished(identity, folder / "network", evaluation_environments(parameters))
    return RegisteredModel(agent, identity, manifest["env_steps"], training_flops)
