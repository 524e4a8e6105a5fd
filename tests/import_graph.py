"""Which modules of the package import which, read from the sources: imports inside functions count as well."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "efficientzero"


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def imported(path: Path) -> frozenset[str]:
    """The names in the package that the file imports: modules, and ``efficientzero.compiled.<extension>``."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute here"
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {node.module} | {member for member in members if member in modules() or is_extension(member)}
    return frozenset(name for name in found if name.split(".")[0] == "efficientzero")


def is_extension(name: str) -> bool:
    return name.startswith("efficientzero.compiled.") and (ROOT / "pyx" / f"{name.split('.')[-1]}.pyx").exists()


def reached(path: Path) -> set[str]:
    """All modules and extensions that running the file may load, the packages around them included."""
    waiting, found = list(imported(path)), set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        if "." in name:
            waiting.append(name.rpartition(".")[0])
        if name in modules():
            waiting += imported(modules()[name])
        else:
            assert is_extension(name), f"{name} is neither a module of the package nor in pyx/"
    return found
