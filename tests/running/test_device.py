"""How torch is set up for a stage."""

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
# In a process of its own, for what it has loaded; an agent learns and is saved there, as by `train`.
PROGRAM = """
import sys
import torch
before = set(sys.modules)
from efficientzero.running.device import configure_torch
configure_torch(1)
assert torch.get_num_threads() == 1 and torch.are_deterministic_algorithms_enabled()
assert torch.is_deterministic_algorithms_warn_only_enabled() and not torch.utils.deterministic.fill_uninitialized_memory
from pathlib import Path
from tiny import tiny
from efficientzero.running.loop import train, warm_up
from efficientzero.progress import Progress
from efficientzero.records.paths import RunIdentity
from efficientzero.running.run import load_run, new_run, save_run
parameters = tiny(agent__dqn__learning__optimizer=sys.argv[2])
run, progress = new_run(RunIdentity(parameters, "dqn", 0)), Progress(1, "", "")
warm_up(run, 40, parameters.envs, progress)
train(run, 48, parameters.envs, progress, lambda run: None)
assert run.agent.updates > 0
save_run(run, Path(sys.argv[1]), None)
load_run(run.identity, Path(sys.argv[1]))
print(*sorted(name for name in set(sys.modules) - before if name in ("torch._dynamo", "torch._inductor")))
"""


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_a_stage_does_not_load_a_compiler(tmp_path, optimizer):
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "run"), optimizer],
        env={"PYTHONPATH": f"{SOURCE}:{SOURCE.parent / 'tests'}"},
        text=True,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == []
