"""How torch is set up for a stage."""

import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
# In a process of its own, for what it has loaded; a new agent is made and saved there, as `collect` does.
PROGRAM = """
import sys
import torch
before = set(sys.modules)
from efficientzero.device import configure_torch
configure_torch(1)
assert torch.get_num_threads() == 1 and torch.are_deterministic_algorithms_enabled()
assert torch.is_deterministic_algorithms_warn_only_enabled() and not torch.utils.deterministic.fill_uninitialized_memory
from pathlib import Path
from tiny import tiny
from efficientzero.run import new_run, save_run
save_run(new_run(tiny(), "dqn", 0), Path(sys.argv[1]), None)
print(*sorted(name for name in set(sys.modules) - before if name in ("torch._dynamo", "torch._inductor")))
"""


def test_no_compiler_is_loaded_by_a_stage_that_does_not_learn(tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "run")],
        env={"PYTHONPATH": f"{SOURCE}:{SOURCE.parent / 'tests'}"},
        text=True,
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == []
