"""A registered model that was downloaded by itself: the finished agent, ready to act, and the games it was scored in.

``dvc artifacts get <repository> <name>`` makes its folder, with ``params.yaml`` and ``network/``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from efficientzero.agents import Agent
from efficientzero.device import configure_torch
from efficientzero.envs import GameEnvironments
from efficientzero.evaluation import Score, evaluate, evaluation_environments
from efficientzero.folders import DamagedFolderError, open_folder
from efficientzero.parameters import Parameters, load_parameters
from efficientzero.progress import Progress
from efficientzero.run import FINISHED_KIND, load_finished


@dataclass(frozen=True)
class RegisteredModel:
    """``agent`` has its finished network. ``name``: the agent's in ``parameters``. ``env_steps``: of its training."""

    agent: Agent
    parameters: Parameters
    name: str
    seed: int
    env_steps: int
    training_flops: int

    def environments(self) -> GameEnvironments:
        """Fresh environments for whole games, with the starts it was scored on; one for each scored episode."""
        return evaluation_environments(self.parameters)

    def play(self) -> Score:
        """Plays the games it was scored on again: on the same kind of processor the same returns."""
        settings = self.parameters.evaluation
        label = f"{self.parameters.game} {self.name}: playing"
        with Progress(settings.episodes, label, "episodes") as progress:
            return evaluate(
                self.agent, self.environments(), settings, progress, seed=self.seed, env_steps=self.env_steps
            )


def load_registered_model(folder: Path | str) -> RegisteredModel:
    """Reads the folder of a registered model.

    Raises:
        DamagedFolderError: it is none, or is not whole. ParameterError: this version of the program has other
            parameters; that of the model's tag reads it.
    """
    folder = Path(folder)
    if not (folder / "params.yaml").is_file():
        raise DamagedFolderError(
            f"{folder}: no registered model is here; `dvc artifacts get <repository> <name>` downloads one to ./<name>"
        )
    parameters = load_parameters(folder / "params.yaml")
    configure_torch(parameters.threads)
    manifest = open_folder(folder / "network", FINISHED_KIND)
    name, seed = manifest["agent"], manifest["seed"]
    agent, training_flops = load_finished(
        parameters, name, seed, folder / "network", evaluation_environments(parameters)
    )
    return RegisteredModel(agent, parameters, name, seed, manifest["env_steps"], training_flops)
