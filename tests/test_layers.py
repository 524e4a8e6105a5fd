"""An import only ever points down, or sideways without a circle; the analysis loads no torch."""

import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest
from import_graph import PACKAGE, SOURCE, imported, modules

LAYERS = [
    {"compiled", "games", "parameters", "progress", "records"},
    {"envs"},
    {"networks"},
    {"replay", "search"},
    {"agents"},
    {"evaluation", "registered_model", "running", "snapshot", "stage"},
    {"published", "scaling"},
    {"experiments"},
    {"commands"},
    {"__main__"},
]
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}
SCALING = [
    {"input_error", "refused"},
    {"instruments", "scores"},
    {"sources"},
    {"reference_scores"},
    {"curves", "soundness"},
    {"resampling"},
    {"words"},
    {"estimators"},
    {"power_laws"},
    {"findings"},
    {"verdict"},
    {"pair"},
    {"analysis"},
    {"figures"},
    {"report"},
    {"outputs"},
]


def part(module):
    """The file or folder of the package that a module is or lies in."""
    return module.split(".")[1]


def uses():
    """Which part imports which others."""
    graph = {}
    for name, path in modules().items():
        if name != "efficientzero":
            others = {part(other) for other in imported(path) if other != "efficientzero"}
            graph.setdefault(part(name), set()).update(others - {part(name)})
    return graph


def test_imports_point_down_within_scaling():
    layer = {name: number for number, names in enumerate(SCALING) for name in names}
    upwards = [
        (name, other)
        for name, path in modules().items()
        for other in imported(path)
        if all(each.startswith("efficientzero.scaling.") for each in (name, other))
        and layer[other.split(".")[2]] > layer[name.split(".")[2]]
    ]
    assert upwards == []


def test_every_part_has_a_layer():
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert parts - {"__init__"} <= set(LAYER)


def test_imports_point_down():
    upwards = [(one, other) for one, others in uses().items() for other in others if LAYER[other] > LAYER[one]]
    assert upwards == []


def test_no_circles():
    try:
        TopologicalSorter(uses()).prepare()
    except CycleError as error:
        pytest.fail(f"imports in a circle: {error.args[1]}")


def test_the_analysis_depends_on_nothing_that_trains():
    graph = uses()
    for one in {"published", "scaling"}:
        assert {LAYER[other] for other in graph[one]} <= {0, LAYER[one]}, one


def test_experiments_are_run_as_processes_so_nothing_that_trains_is_imported():
    allowed = {0, *(LAYER[name] for name in ("scaling", "experiments", "commands"))}
    for one in ("experiments", "commands", "__main__"):
        assert {LAYER[other] for other in uses()[one]} <= allowed, one


@pytest.mark.parametrize(
    "name",
    [
        "__main__",
        "commands.suite",
        "commands.sweep",
        "games",
        "parameters",
        "progress",
        "published",
        "records",
        "scaling",
    ],
)
def test_loads_no_torch_and_no_emulator(name):
    if f"efficientzero.{name}" not in modules():
        pytest.skip("is not there yet")
    code = f"import sys, efficientzero.{name}; print(*{{'torch', 'ale_py', 'jax'}} & sys.modules.keys())"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
