"""Stage `train`: grows a run from one milestone to the next - act, record, learn, keep targets fresh."""

from pathlib import Path

from efficientzero.stage import checked_parameters, reported_errors, run_arguments


def main() -> None:
    parser = run_arguments(__doc__)
    parser.add_argument(
        "--from", required=True, type=int, dest="start", help="the milestone to begin with, in env steps"
    )
    parser.add_argument("--milestone", required=True, type=int, help="the milestone to reach, in env steps")
    arguments = parser.parse_args()
    name, seed, milestone = arguments.agent, arguments.seed, arguments.milestone
    parameters = checked_parameters(name)

    from efficientzero.cost import write_cost
    from efficientzero.device import choose_device, configure_torch, device_name
    from efficientzero.loop import train
    from efficientzero.progress import Progress
    from efficientzero.run import save_run, save_soundness
    from efficientzero.snapshot import Snapshots, fingerprint

    configure_torch(parameters.threads)
    inputs = Path(f"data/runs/{name}/{seed}/{arguments.start}")
    key = fingerprint("train", parameters, inputs, agent=name, seed=seed, milestone=milestone)
    snapshots = Snapshots(key, parameters.snapshot_seconds)
    run = snapshots.resume(parameters, name, seed, inputs)
    with Progress(milestone, f"{parameters.game} {name}: training", "env steps", done=run.env_steps) as progress:
        train(run, milestone, parameters.envs, progress, snapshots)
    save_run(run, Path(f"data/runs/{name}/{seed}/{milestone}"), earlier=inputs)
    device = device_name(choose_device(parameters.device))
    write_cost(Path(f"data/costs/{name}/{seed}/train-{milestone}.json"), snapshots.cost(), device)
    # Last: measuring is no cost of training.
    save_soundness(run.agent, run.memory.recording, Path(f"data/soundness/{name}/{seed}/{milestone}.csv"))
    snapshots.clear()


if __name__ == "__main__":
    with reported_errors():
        main()
