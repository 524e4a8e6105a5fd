"""Stage `reanalyze`: searches a milestone's whole replay again and finishes its agent without new frames."""

import argparse
from pathlib import Path

from efficientzero.parameters import load_parameters_or_exit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", required=True, help="an agent of params.yaml")
    parser.add_argument("--seed", required=True, type=int, help="the run's seed")
    parser.add_argument("--at", required=True, type=int, help="the milestone, in env steps")
    arguments = parser.parse_args()
    parameters = load_parameters_or_exit()

    from efficientzero.device import configure_torch
    from efficientzero.loop import finish, finishing_updates, search_again
    from efficientzero.progress import Progress
    from efficientzero.run import save_finished
    from efficientzero.snapshot import Snapshots, fingerprint

    configure_torch(parameters.threads)
    name, seed, at = arguments.agent, arguments.seed, arguments.at
    inputs = Path(f"data/runs/{name}/{seed}/{at}")
    snapshots = Snapshots(
        fingerprint("reanalyze", parameters, inputs, agent=name, seed=seed), parameters.snapshot_seconds
    )
    run = snapshots.resume(parameters, name, seed, inputs)
    label = f"{parameters.game} {name} at {at}"
    if run.finishing is None:
        with Progress(run.env_steps, f"{label}: searching again", "positions") as progress:
            search_again(run, progress)
        snapshots.save(run)
    updates = finishing_updates(run.agent, run.env_steps, parameters.reanalysis)
    with Progress(updates, f"{label}: finishing", "updates", done=run.finishing or 0) as progress:
        finish(run, parameters.reanalysis, progress, snapshots)
    save_finished(run, Path(f"data/finished/{name}/{seed}/{at}"))
    snapshots.clear()


if __name__ == "__main__":
    main()
