"""How every stage of a run begins, and how it fails: with one message, not a traceback."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from efficientzero.folders import DamagedFolderError
from efficientzero.parameters import ParameterError, Parameters, load_parameters
from efficientzero.parameters.spelling import suggestion


def run_arguments(description: str | None) -> argparse.ArgumentParser:
    """A parser of the arguments that name a run."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--agent", required=True, help="an agent of params.yaml")
    parser.add_argument("--seed", required=True, type=int, help="the run's seed")
    return parser


def checked_parameters(agent: str) -> Parameters:
    """The parameters of ``params.yaml``.

    Raises:
        ParameterError: they are wrong, or have no settings for the agent.
    """
    parameters = load_parameters()
    if agent not in parameters.agent:
        raise ParameterError(f"--agent: {agent!r} has no settings in params.yaml{suggestion(agent, parameters.agent)}")
    return parameters


@contextmanager
def reported_errors() -> Iterator[None]:
    """Prints what a user can mend and exits with code 2; whatever else is raised is a fault of the program."""
    try:
        yield
    except (ParameterError, DamagedFolderError, FloatingPointError) as error:  # the last: learning that diverges
        print(error, file=sys.stderr)
        sys.exit(2)
