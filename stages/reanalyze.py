"""Stage `reanalyze`: searches a milestone's whole replay again and finishes its agent without new frames."""

from pathlib import Path

from efficientzero.stage import checked_parameters, reported_errors, run_arguments


def main() -> None:
    parser = run_arguments(__doc__)
    parser.add_argument("--milestone", required=True, type=int, metavar="ENV_STEPS", help="the one to finish")
    arguments = parser.parse_args()
    name, seed, milestone = arguments.agent, arguments.seed, arguments.milestone
    parameters = checked_parameters(name)

    from efficientzero.cost import write_cost
    from efficientzero.device import choose_device, configure_torch, device_name
    from efficientzero.loop import finish, finishing_updates, search_again
    from efficientzero.progress import Progress
    from efficientzero.run import save_drift, save_finished
    from efficientzero.snapshot import Snapshots, fingerprint

    configure_torch(parameters.threads)
    inputs = Path(f"data/runs/{name}/{seed}/{milestone}")
    key = fingerprint("reanalyze", parameters, inputs, agent=name, seed=seed)
    snapshots = Snapshots(key, parameters.snapshot_seconds)
    run = snapshots.resume(parameters, name, seed, inputs)
    label = f"{parameters.game} {name} at {milestone}"
    if run.finishing is None:
        with Progress(run.env_steps, f"{label}: searching again", "positions") as progress:
            search_again(run, progress)
        snapshots.save(run)
    updates = finishing_updates(run.agent, run.env_steps, parameters.finishing)
    with Progress(updates, f"{label}: finishing", "updates", done=run.finishing or 0) as progress:
        finish(run, parameters.finishing, progress, snapshots)
    save_finished(run, Path(f"data/finished/{name}/{seed}/{milestone}"))
    save_drift(run, Path(f"data/drift/{name}/{seed}/{milestone}.csv"))
    device = device_name(choose_device(parameters.device))
    write_cost(Path(f"data/costs/{name}/{seed}/finish-{milestone}.json"), snapshots.cost(), device)
    snapshots.clear()


if __name__ == "__main__":
    with reported_errors():
        main()
