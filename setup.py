"""The extension modules: one per file of pyx/. Everything else about the package is in pyproject.toml.

A checkout compiles through ``efficientzero.compiled``, which calls ``build_ext`` here; so an editable install compiles
nothing, and a wheel contains the modules.
"""

import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from setuptools import Extension, setup

# No fused multiply-add and no -march=native: the same sources give the same search on every machine.
COMPILE_OPTIONS = ["-O3", "-fno-math-errno", "-ffp-contract=off"]


def openmp_options() -> list[str]:
    """``["-fopenmp"]`` where the compiler has it (Apple's does not), else nothing: the modules then use one thread."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text("#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n")
        try:
            command = [*compiler, "-fopenmp", str(source), "-o", str(Path(folder, "probe"))]
            return ["-fopenmp"] if subprocess.run(command, capture_output=True).returncode == 0 else []
        except OSError:
            return []


def extensions() -> list[Extension]:
    if not {"build_ext", "bdist_wheel", "build", "install", "develop"} & set(sys.argv):
        return []  # an editable install, a source distribution, metadata only
    openmp = openmp_options()
    return [
        Extension(
            f"efficientzero.compiled.{source.stem}",
            [source.as_posix()],
            extra_compile_args=COMPILE_OPTIONS + openmp,
            extra_link_args=openmp,
        )
        for source in sorted(Path("pyx").glob("*.pyx"))
    ]


setup(ext_modules=extensions(), options={"build_ext": {"cython_c_in_temp": True}})
