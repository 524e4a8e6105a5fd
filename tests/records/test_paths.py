"""The places of all files: those that dvc.yaml spells, and nothing of other runs among what is analysed."""

from pathlib import Path

import pytest
import yaml
from tiny import tiny

from efficientzero.records.paths import ANALYSED, SCALING, RunIdentity, RunPaths, delete_unlisted

STAGES = yaml.safe_load((Path(__file__).parents[2] / "dvc.yaml").read_text())["stages"]
RUN = RunPaths("rainbow", 3)


def spelled(stage, kind):
    """The paths in data/ that dvc.yaml spells for Rainbow's seed 3, from 1250 to 2500 env steps."""
    values = {"agent": "rainbow", "seed": "3", "milestone.from": "1250", "milestone.to": "2500"}
    paths = [path for each in kind for path in STAGES[stage].get(each, []) if path.startswith("data/")]
    for name, value in values.items():
        paths = [path.replace(f"${{item.{name}}}", value) for path in paths]
    return [Path(path) for path in paths]


@pytest.mark.parametrize(
    ("stage", "reads", "writes"),
    [
        ("collect", [], [RUN.run(0), RUN.collecting_cost(), RUN.score(0)]),
        ("train", [RUN.run(1250)], [RUN.run(2500), RUN.training_cost(2500), RUN.soundness(2500)]),
        ("reanalyze", [RUN.run(2500)], [RUN.finished(2500), RUN.finishing_cost(2500), RUN.drift(2500)]),
        ("evaluate", [RUN.finished(2500)], [RUN.video(2500), RUN.generalisation(2500), RUN.score(2500)]),
        ("scaling", [Path("data/published"), *(Path("data", name) for name in ANALYSED)], [SCALING]),
    ],
)
def test_dvc_yaml_spells_these_paths(stage, reads, writes):
    assert spelled(stage, ["deps"]) == reads
    assert spelled(stage, ["outs", "metrics"]) == writes


def test_all_that_stages_write_but_folders_and_videos_is_analysed():
    written = {path for stage in STAGES if stage != "scaling" for path in spelled(stage, ["outs", "metrics"])}
    assert {path for path in written if path.suffix in (".json", ".csv")} == set(RUN.analysed([2500]))


def test_a_run_knows_its_paths():
    assert RunIdentity(tiny(), "rainbow", 3).paths == RUN
    assert RunPaths("rainbow", 3, Path("elsewhere")).score(0) == Path("elsewhere/scores/rainbow/3/0.json")


def test_results_of_other_runs_and_milestones_are_deleted_and_told(tmp_path, capsys):
    runs = [RunPaths(agent, seed, tmp_path) for agent in ("dqn", "rainbow") for seed in (0, 1)]
    for path in (path for run in runs for path in [*run.analysed([100, 200]), run.video(100)]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    delete_unlisted(runs[:2], [100], tmp_path)
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {path for run in runs[:2] for path in run.analysed([100])} | {run.video(100) for run in runs}
    told = capsys.readouterr().out.splitlines()
    assert f"removing {runs[3].score(0)}: not among the agents, seeds and milestones of params.yaml" in told
