"""The program `efficientzero`, or `python -m efficientzero`: everything beyond a single `dvc exp run`."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

import efficientzero
from efficientzero.experiments import ExperimentError
from efficientzero.parameters import ParameterError
from efficientzero.records.files import RecordError

COMMANDS = {
    "repro": "run what is out of date of the pipeline, as many agents and seeds at once as there are cores",
    "suite": "run the agents on many games with several seeds, and report them together",
    "sweep": "search parameters by trials that are promoted from milestone to milestone",
    "compare": "put experiments, revisions or published scores into one table, analysis and report",
    "register": "make a finished agent a versioned model that others can download",
}
RESUMED = ("repro", "suite", "sweep")
EPILOG = """one experiment, in the workspace or beside it, is DVC's own:
  dvc exp run -S game=Alien -S 'seeds=[0,1,2]'      its parameters are those of params.yaml and conf/
  dvc exp run --temp -n alien -S game=Alien         leaves the workspace as it is
  dvc exp show -A                                   all of them, those of suites and sweeps too

several:
  efficientzero suite minatar --seeds 0 1 2 --jobs 2
  efficientzero sweep smoke
  efficientzero compare alien pong

`efficientzero COMMAND --help` says more. A command acts on the checkout in whose root it is started, by its own code.
"""


def parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="efficientzero",
        description=efficientzero.__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parsers = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        if arguments[:1] != [name]:
            parsers.add_parser(name, help=summary)
            continue
        command = import_module(f"efficientzero.commands.{name}")  # only this one: some take seconds
        command.add_arguments(
            parsers.add_parser(
                name,
                help=summary,
                description=command.__doc__,
                epilog=command.EXAMPLES,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
        parser.set_defaults(run=command.run)
    return parser.parse_args(arguments)


def use_own_code() -> None:
    """Starts again with the package of the checkout in the working directory, if another one is imported."""
    source, paths = Path("src").resolve(), os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = source / "efficientzero" / "__main__.py"
    if own.exists() and not own.samefile(__file__) and paths[0] != str(source):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), *filter(None, paths)])}
        os.execve(sys.executable, [sys.executable, "-P", "-m", "efficientzero", *sys.argv[1:]], environment)


def check_root(arguments: argparse.Namespace) -> None:
    """Refuses to act anywhere but in the root of a checkout; published scores are at hand everywhere."""
    if getattr(arguments, "published", None) is None and not Path("dvc.yaml").is_file():
        raise ExperimentError(f"start it in the root of a clone of efficientzero: there is no dvc.yaml in {Path.cwd()}")


def main() -> None:
    try:
        use_own_code()
        arguments = parsed(sys.argv[1:] or ["--help"])
        check_root(arguments)
        sys.exit(arguments.run(arguments, Path()))
    except KeyboardInterrupt:
        goes_on = sys.argv[1:2] and sys.argv[1] in RESUMED
        more = "; the same command goes on, and what is finished is not run again" if goes_on else ""
        print(f"\nstopped{more}", file=sys.stderr, flush=True)
        os._exit(130)  # without waiting for threads: what they run ends when this process does
    except BrokenPipeError:  # whoever read the output has enough
        os._exit(1)
    except OSError as error:
        print(f"{error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        from efficientzero.scaling import ScalingInputError  # takes a second, which a help is spared

        if not isinstance(error, (ExperimentError, ParameterError, RecordError, ScalingInputError)):
            raise
        print(error, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
