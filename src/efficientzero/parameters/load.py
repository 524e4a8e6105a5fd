"""Reading ``params.yaml``."""

from __future__ import annotations

from pathlib import Path

import yaml

from efficientzero.parameters.check import ParameterError, check
from efficientzero.parameters.schema import Parameters

HINT = "Correct it in conf/, from which `dvc exp run` composes params.yaml, or in the -S option."


def load_parameters(path: str | Path = "params.yaml") -> Parameters:
    """The checked parameters in the file `path`. Raises ParameterError with one message that lists every fault."""
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParameterError(f"{path}: there is no such file; run from the repository's root") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: is not YAML: {error}") from None
    try:
        return check(values, str(path))
    except ParameterError as error:
        raise ParameterError(f"{error}\n{HINT}") from None
