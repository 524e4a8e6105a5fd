"""Stage `train`: grows a run from one milestone to the next - act, record, learn, keep targets fresh."""

import argparse
from pathlib import Path

from efficientzero.parameters import load_parameters_or_exit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", required=True, help="an agent of params.yaml")
    parser.add_argument("--seed", required=True, type=int, help="the run's seed")
    parser.add_argument(
        "--from", required=True, type=int, dest="start", help="the milestone to begin with, in env steps"
    )
    parser.add_argument("--to", required=True, type=int, help="the milestone to reach, in env steps")
    arguments = parser.parse_args()
    parameters = load_parameters_or_exit()

    from efficientzero.device import configure_torch
    from efficientzero.loop import train
    from efficientzero.progress import Progress
    from efficientzero.run import save_run
    from efficientzero.snapshot import Snapshots, fingerprint

    configure_torch(parameters.threads)
    name, seed, to = arguments.agent, arguments.seed, arguments.to
    inputs = Path(f"data/runs/{name}/{seed}/{arguments.start}")
    snapshots = Snapshots(
        fingerprint("train", parameters, inputs, agent=name, seed=seed, to=to), parameters.snapshot_seconds
    )
    run = snapshots.resume(parameters, name, seed, inputs)
    with Progress(to, f"{parameters.game} {name}: training", "env steps", done=run.env_steps) as progress:
        train(run, to, parameters.envs, progress, snapshots)
    save_run(run, Path(f"data/runs/{name}/{seed}/{to}"), earlier=inputs)
    snapshots.clear()


if __name__ == "__main__":
    main()
