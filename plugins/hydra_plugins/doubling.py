"""What `dvc exp run` needs to compose conf/ into params.yaml: the resolver ``${doubling:first,env_steps}``.

DVC templates cannot compute, so the list of milestones is expanded here. While it composes, all the parameters are
checked as well: a misspelt game fails at once, before any stage, with nothing changed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))  # this checkout's package, whichever DVC runs here

from efficientzero.parameters import check, doubling_list


def doubling(first: Any, env_steps: Any, *, _root_: DictConfig) -> ListConfig:
    """``[{from: 0, to: first}, {from: first, to: 2 first}, ...]``. Raises ParameterError if any parameter is wrong."""
    try:
        steps = doubling_list(first, env_steps)
    except (TypeError, ValueError):
        steps = [{"from": 0, "to": 1}]  # `check` says what is wrong with the two
    values = OmegaConf.create(OmegaConf.to_container(_root_, resolve=False))
    values.milestones.list = steps  # in place of the call to this resolver
    check(OmegaConf.to_container(values, resolve=True, throw_on_missing=False), "conf/")
    return OmegaConf.create(steps)


OmegaConf.register_new_resolver("doubling", doubling, replace=True)
