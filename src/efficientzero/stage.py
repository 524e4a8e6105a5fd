"""How every stage of a run begins, and how it fails: with one message, not a traceback."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from efficientzero.parameters import ParameterError, load_parameters, suggestion
from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunIdentity


def run_arguments(description: str | None, milestone: str | None = None) -> argparse.ArgumentParser:
    """A parser of the arguments that name a run, and one of its milestones if `milestone` says what that is for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--agent", required=True, help="an agent of params.yaml")
    parser.add_argument("--seed", required=True, type=int, help="the run's seed")
    if milestone:
        parser.add_argument("--milestone", required=True, type=int, metavar="ENV_STEPS", help=milestone)
    return parser


def identified(arguments: argparse.Namespace) -> RunIdentity:
    """The run that a stage's arguments name, with the parameters of ``params.yaml``.

    Raises:
        ParameterError: they are wrong, or have no settings for the agent.
    """
    parameters, agent = load_parameters(), arguments.agent
    if agent not in parameters.agent:
        raise ParameterError(f"--agent: {agent!r} has no settings in params.yaml{suggestion(agent, parameters.agent)}")
    return RunIdentity(parameters, agent, arguments.seed)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Prints what a user can mend and exits with code 2; whatever else is raised is a fault of the program."""
    try:
        yield
    except (ParameterError, RecordError, FloatingPointError) as error:  # the last: learning that diverges
        print(error, file=sys.stderr)
        sys.exit(2)
