"""Stage `reanalyze`: searches a milestone's whole replay again and finishes its agent without new frames."""

from efficientzero.stage import identified, reported_errors, run_arguments


def main() -> None:
    arguments = run_arguments(__doc__, milestone="the one to finish, in env steps").parse_args()
    identity, milestone = identified(arguments), arguments.milestone
    parameters, paths = identity.parameters, identity.paths

    from efficientzero.progress import Progress
    from efficientzero.records.instruments import write_rows
    from efficientzero.running.device import configure_torch
    from efficientzero.running.loop import finish, finishing_updates, reanalyze
    from efficientzero.running.run import save_finished
    from efficientzero.snapshot import Snapshots, fingerprint

    configure_torch(parameters.threads)
    inputs = paths.run(milestone)
    snapshots = Snapshots(fingerprint("reanalyze", identity, inputs), identity)
    run = snapshots.resume(inputs)
    label = f"{identity} at {milestone}"
    if run.finishing is None:
        with Progress(run.env_steps, f"{label}: searching again", "positions") as progress:
            reanalyze(run, progress)
        snapshots.save(run)
    updates = finishing_updates(run.agent, run.env_steps, parameters.finishing)
    with Progress(updates, f"{label}: finishing", "updates", done=run.finishing or 0) as progress:
        finish(run, parameters.finishing, progress, snapshots)
    save_finished(run, paths.finished(milestone))
    write_rows(run.drift, paths.drift(milestone))
    snapshots.cost().write(paths.finishing_cost(milestone))
    snapshots.clear()


if __name__ == "__main__":
    with reported_errors():
        main()
