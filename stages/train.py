"""Stage `train`: grows a run from one milestone to the next - act, record, learn, keep targets fresh."""

from efficientzero.stage import identified, reported_errors, run_arguments


def main() -> None:
    parser = run_arguments(__doc__, milestone="the one to reach, in env steps")
    parser.add_argument(
        "--from", required=True, type=int, dest="start", metavar="ENV_STEPS", help="the milestone to begin with"
    )
    arguments = parser.parse_args()
    identity, milestone = identified(arguments), arguments.milestone
    parameters, paths = identity.parameters, identity.paths

    from efficientzero.progress import Progress
    from efficientzero.records.instruments import write_rows
    from efficientzero.running.device import configure_torch
    from efficientzero.running.loop import train
    from efficientzero.running.run import save_run
    from efficientzero.snapshot import Snapshots, fingerprint

    configure_torch(parameters.threads)
    inputs = paths.run(arguments.start)
    snapshots = Snapshots(fingerprint("train", identity, inputs, milestone=milestone), identity)
    run = snapshots.resume(inputs)
    with Progress(milestone, f"{identity}: training", "env steps", done=run.env_steps) as progress:
        train(run, milestone, parameters.envs, progress, snapshots)
    save_run(run, paths.run(milestone), earlier=inputs)
    snapshots.cost().write(paths.training_cost(milestone))
    # Last: measuring is no cost of training.
    write_rows(run.agent.soundness(run.memory.recording), paths.soundness(milestone))
    snapshots.clear()


if __name__ == "__main__":
    with reported_errors():
        main()
