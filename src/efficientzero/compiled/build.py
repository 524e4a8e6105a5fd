"""Compiles a checkout's ``pyx/`` into a folder named by what went into it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from filelock import FileLock

SECONDS_PER_MODULE = 15  # on two slow cores; only for the announcement
SHOWN_LINES = 15  # of the compiler's output in an error


class CompilationError(ImportError):
    """``pyx/`` could not be compiled; the message ends with the compiler's own last lines."""


def find_checkout() -> Path | None:
    """The checkout this package runs from (a folder with ``src/``, ``pyx/`` and ``setup.py``); None in an install."""
    source = Path(__file__).resolve().parents[2]
    checkout = source.parent
    inside = source.name == "src" and (checkout / "pyx").is_dir() and (checkout / "setup.py").is_file()
    return checkout if inside else None


def build_key(checkout: Path) -> str:
    """Hash of the sources, the compile options (in ``setup.py``), Cython's version and the Python ABI."""
    digest = hashlib.sha256()
    sources = sorted(path for path in (checkout / "pyx").iterdir() if path.suffix in {".pyx", ".pxd", ".pxi", ".h"})
    for path in [checkout / "setup.py", *sources]:
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    digest.update(f"{_cython_version()} {sysconfig.get_config_var('SOABI')} {sysconfig.get_platform()}".encode())
    return digest.hexdigest()[:16]


def build(checkout: Path) -> Path:
    """The folder that holds the compiled modules of `checkout`; compiles them first if it does not exist.

    Safe to call from many processes at once: one compiles, the others wait for it. Raises CompilationError.
    """
    key = build_key(checkout)
    places = _places()
    for place in places:
        if (place / key).is_dir():
            return place / key
    writable = next((place for place in places if _writable(place)), None)
    if writable is None:
        raise CompilationError(f"Nowhere to keep the compiled pyx/: neither {places[0]} nor {places[1]} is writable.")
    finished = writable / key
    with FileLock(writable / f"{key}.lock"):  # which the system drops when its holder dies
        if not finished.is_dir():
            _compile(checkout, finished)
    return finished


def _places() -> tuple[Path, Path]:
    """With the Python environment, so that they vanish together; else in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(sys.prefix, "share", "efficientzero", "compiled"), cache / "efficientzero" / "compiled"


def _writable(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(place, os.W_OK)


def _compile(checkout: Path, finished: Path) -> None:
    modules = len(list((checkout / "pyx").glob("*.pyx")))
    print(f"compiling pyx/ (once, about {SECONDS_PER_MODULE * modules} s)", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=finished.parent, prefix=f"{finished.name}.") as folder:
        library, temporary = Path(folder, "library"), Path(folder, "temporary")
        command = [sys.executable, "setup.py", "--quiet", "build_ext"]
        command += ["--build-lib", str(library), "--build-temp", str(temporary)]
        result = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
        if result.returncode != 0:
            before, _, traceback = (
                (result.stdout + result.stderr).strip().partition("Traceback (most recent call last):")
            )
            output = [*before.splitlines(), *traceback.splitlines()[-1:]][-SHOWN_LINES:]  # the frames are setuptools'
            raise CompilationError(
                f"Compiling {checkout / 'pyx'} failed. It needs a C compiler (Debian, Ubuntu: apt-get install gcc; "
                "macOS: xcode-select --install) and Python's headers (python3-dev). The last lines were:\n"
                + "\n".join(f"    {line}" for line in output)
            )
        package = library / "efficientzero" / "compiled"
        package.mkdir(parents=True, exist_ok=True)  # pyx/ may be empty
        package.rename(finished)


def _cython_version() -> str:
    try:
        return version("Cython")
    except PackageNotFoundError:
        raise CompilationError(
            "A checkout compiles pyx/ and needs Cython: run `make` or `pip install cython`."
        ) from None
