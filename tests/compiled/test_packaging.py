"""A wheel holds the compiled modules and the package's data; an editable install compiles nothing."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.so", "*.egg-info"))
    (folder / "pyx").mkdir()
    (folder / "pyx" / "small.pyx").write_text("def answer():\n    return 42\n")  # instead of the real ones: quick
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    (folder / "README.md").write_text("A package.\n")
    return folder


def call_backend(source, tmp_path, hook):
    code = f"from setuptools import build_meta; print(build_meta.{hook}({str(tmp_path)!r}))"
    result = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return zipfile.ZipFile(tmp_path / result.stdout.split()[-1])


@pytest.mark.slow
def test_a_wheel_is_complete(source, tmp_path):
    with call_backend(source, tmp_path, "build_wheel") as wheel:
        names = wheel.namelist()
        wheel.extractall(tmp_path / "site")
    data = {str(path.relative_to(ROOT / "src")) for path in (ROOT / "src").rglob("*.csv")}
    assert data | {"efficientzero/py.typed"} <= set(names)
    assert not any(name.endswith((".pyx", ".c")) for name in names)
    code = "import efficientzero, efficientzero.compiled.small as small; print(efficientzero.__file__, small.answer())"
    result = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True
    )
    assert result.stdout.split() == [str(tmp_path / "site" / "efficientzero" / "__init__.py"), "42"], result.stderr


@pytest.mark.slow
def test_an_editable_install_compiles_nothing(source, tmp_path):
    with call_backend(source, tmp_path, "build_editable") as wheel:
        assert not any(name.endswith(".so") for name in wheel.namelist())
    assert list(source.rglob("*.so")) == []


def test_everything_that_is_imported_is_declared():
    """Beside the standard library and the package itself, for the package, the stages and the plugin."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    declared = project["dependencies"] + optional["pipeline"] + optional["cluster"]
    names = {re.split(r"[<>=! \[]", line)[0].lower().replace("-", "_") for line in declared}
    spelled = {"yaml": "pyyaml", "PIL": "pillow", "Cython": "cython", "omegaconf": "hydra_core"}
    spelled |= {"pydantic_core": "pydantic", "hydra": "hydra_core", "ruamel": "ruamel.yaml"}
    allowed = set(sys.stdlib_module_names) | {"efficientzero"}
    for folder in ("src", "stages", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
                for module in modules:
                    top = module.split(".")[0]
                    assert top in allowed or spelled.get(top, top) in names, f"{path}: {top} is not in pyproject.toml"
    assert "gymnasium" in names  # ale-py imports it for its vector environment without requiring it
