"""Stage `evaluate`: unclipped whole games of a finished agent from fixed starts, how sound it is there, and a video."""

from pathlib import Path

from efficientzero.stage import checked_parameters, reported_errors, run_arguments


def main() -> None:
    parser = run_arguments(__doc__)
    parser.add_argument("--milestone", required=True, type=int, metavar="ENV_STEPS", help="the one to score")
    arguments = parser.parse_args()
    name, seed, milestone = arguments.agent, arguments.seed, arguments.milestone
    parameters = checked_parameters(name)

    from efficientzero.device import configure_torch
    from efficientzero.evaluation import evaluate, evaluation_environments, recorded, write_score, write_video
    from efficientzero.progress import Progress
    from efficientzero.run import load_finished, save_soundness

    configure_torch(parameters.threads)
    settings = parameters.evaluation
    environments = evaluation_environments(parameters)
    folder = Path(f"data/finished/{name}/{seed}/{milestone}")
    agent, training_flops = load_finished(parameters, name, seed, folder, environments)
    with Progress(settings.episodes, f"{parameters.game} {name} at {milestone}: evaluation", "episodes") as progress:
        score = evaluate(agent, environments, settings, progress, seed=seed, env_steps=milestone)
    path = Path(f"data/scores/{name}/{seed}/{milestone}.json")
    write_score(
        path,
        score,
        parameters,
        name,
        seed,
        env_steps=milestone,
        frame_skip=environments.frame_skip,
        agent=agent,
        training_flops=training_flops,
    )
    games = recorded(score, environments, parameters.envs)
    save_soundness(agent, games, Path(f"data/generalisation/{name}/{seed}/{milestone}.csv"))
    video = Path(f"data/videos/{name}/{seed}/{milestone}.gif")
    write_video(score, parameters.game, parameters.envs, settings.video_env_steps, video)
    print(f"{parameters.game} {name} at {milestone} env steps: mean return {score.mean_return:.1f}")


if __name__ == "__main__":
    with reported_errors():
        main()
