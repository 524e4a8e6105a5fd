"""dvc.yaml names, for each stage, exactly the code that its results come from and the parameters that it reads."""

from pathlib import Path

import pytest
import yaml
from import_graph import PACKAGE, ROOT, is_extension, modules, reached

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
# They check, report or save and change no result; what `paths` says stands among the stages' outputs as well.
RECORDS = {PACKAGE / "records" / name for name in ("__init__.py", "cost.py", "paths.py", "record.py")}
WITHOUT_RESULTS = RECORDS | {
    PACKAGE / name for name in ("parameters", "compiled", "progress.py", "snapshot.py", "stage.py")
}
# A message that a stage prints beside its results, from figures whose change must run nothing again.
BESIDE_RESULTS = {"collect": {PACKAGE / "published"}}


def within(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


def code_dependencies(stage):
    return {ROOT / path for path in STAGES[stage]["deps"] if not path.startswith("data/")}


def code_reached(stage):
    names = reached(ROOT / "stages" / f"{stage}.py") - {"efficientzero"}
    # An extension may take in every .pxd file beside it.
    extensions = set((ROOT / "pyx").iterdir()) if any(is_extension(name) for name in names) else set()
    files = {modules()[name] for name in names if name in modules()}
    return {ROOT / "stages" / f"{stage}.py"} | extensions | files


@pytest.mark.parametrize("stage", STAGES)
def test_all_code_that_runs_is_a_dependency(stage):
    declared = code_dependencies(stage) | WITHOUT_RESULTS | BESIDE_RESULTS.get(stage, set())
    missing = [str(path) for path in code_reached(stage) if not any(within(path, folder) for folder in declared)]
    assert sorted(missing) == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_dependency_is_used(stage):
    used = code_reached(stage)
    superfluous = [str(folder) for folder in code_dependencies(stage) if not any(within(path, folder) for path in used)]
    assert superfluous == []


def test_a_change_to_the_analysis_trains_nothing_and_the_other_way_round():
    common = {PACKAGE / "games", PACKAGE / "records"}  # what files and games are, to all
    analysis = {path for path in code_reached("scaling") if not any(within(path, part) for part in common)}
    for stage in set(STAGES) - {"scaling"}:
        shared = analysis & code_reached(stage)
        harmless = WITHOUT_RESULTS | BESIDE_RESULTS.get(stage, set())
        assert all(any(within(path, folder) for folder in harmless) for path in shared)


def test_a_change_to_the_evaluation_trains_nothing():
    scoring = {PACKAGE / "evaluation.py", PACKAGE / "records" / "score.py"}
    assert scoring <= code_dependencies("collect") and scoring <= code_dependencies("evaluate")
    for stage in ("train", "reanalyze"):
        assert not scoring & code_dependencies(stage)


def test_published_figures_train_nothing():
    for stage in set(STAGES) - {"scaling"}:
        assert not [path for path in STAGES[stage]["deps"] if "published" in path]


@pytest.mark.parametrize("stage", STAGES)
def test_the_command_runs_the_stage(stage):
    assert STAGES[stage]["cmd"].split()[:3] == ["sh", "stages/run", stage]
