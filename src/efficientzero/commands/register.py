"""Registers a finished agent as a versioned DVC artifact, with its score and its frames."""

from __future__ import annotations

import argparse
from pathlib import Path

from efficientzero.experiments.model import find_model
from efficientzero.experiments.registration import check_remotes, push_version, register_model

EXAMPLES = """examples:
  efficientzero register --agent efficientzero                       # of the committed workspace, its largest milestone
  efficientzero register --agent rainbow --rev sixth-pear --seed 1   # of an experiment, applied or not
  efficientzero register --agent efficientzero --rev pong --push     # and make it available to others

then, in any folder:
  dvc artifacts get <this repository> <name>                         # makes ./<name> with params.yaml and network/
  python -c "from efficientzero.registered_model import load_registered_model
  print(load_registered_model('<name>').play().mean_return)"

A version is a Git tag <name>@<version> on a commit of its own, beside the branches; `gto show` lists all versions, and
`git push --delete origin TAG; git tag -d TAG` takes one back.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--agent", required=True, help="an agent of params.yaml, such as efficientzero")
    parser.add_argument("--seed", type=int, help="the run's seed; the only one if not given")
    parser.add_argument("--milestone", type=int, metavar="ENV_STEPS", help="in env steps; the largest if not given")
    parser.add_argument(
        "--rev", metavar="NAME", help="a DVC experiment or Git revision; the committed workspace if none"
    )
    parser.add_argument("--name", help="the model's name; game and agent if not given")
    parser.add_argument("--version", help="such as v1.0.0; one patch after the last version if not given")
    parser.add_argument(
        "--push", action="store_true", help="send the network to the default DVC remote and the tag to the Git remote"
    )
    parser.add_argument("--git-remote", default="origin", metavar="NAME", help="for --push; origin if not given")


def run(arguments: argparse.Namespace, repository: Path) -> int:
    if arguments.push:
        check_remotes(repository, arguments.git_remote)
    model = find_model(repository, arguments.agent, arguments.seed, arguments.milestone, arguments.rev)
    version = register_model(repository, model, arguments.name, arguments.version)
    print(f"{version.tag}: {'registered' if version.new else 'is registered already'}, {model.description()}")
    if arguments.push:
        push_version(repository, version, arguments.git_remote)
        print("pushed its network and its tag")
    elif version.new:
        print("`--push` with the same command makes it available to others")
    return 0
