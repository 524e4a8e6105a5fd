"""Stage `evaluate`: unclipped whole games of a finished agent from fixed starts, how sound it is there, and a video."""

from efficientzero.stage import identified, reported_errors, run_arguments


def main() -> None:
    arguments = run_arguments(__doc__, milestone="the one to score, in env steps").parse_args()
    identity, milestone = identified(arguments), arguments.milestone
    parameters, paths = identity.parameters, identity.paths

    from efficientzero.envs import write_video
    from efficientzero.evaluation import EVALUATION_SEED, evaluate, evaluation_environments, recorded
    from efficientzero.games import find_game
    from efficientzero.progress import Progress
    from efficientzero.records.instruments import write_rows
    from efficientzero.records.score import ScoreRecord
    from efficientzero.running.device import configure_torch
    from efficientzero.running.run import load_finished

    configure_torch(parameters.threads)
    settings = parameters.evaluation
    environments = evaluation_environments(parameters)
    agent, training_flops = load_finished(identity, paths.finished(milestone), environments)
    with Progress(settings.episodes, f"{identity} at {milestone}: evaluation", "episodes") as progress:
        score = evaluate(agent, environments, settings, progress, seed=identity.seed, env_steps=milestone)
    ScoreRecord.of(
        identity,
        score.episodes,
        env_steps=milestone,
        frame_skip=environments.frame_skip,
        updates=agent.updates,
        parameters=agent.weight_count,
        training_flops=training_flops,
    ).write(paths.score(milestone))
    measured = agent.soundness(recorded(score, environments, parameters.envs))
    write_rows(measured, paths.generalisation(milestone))
    shown = score.first_actions[: settings.video_env_steps]
    write_video(find_game(parameters.game), parameters.envs, EVALUATION_SEED, shown, paths.video(milestone))
    print(f"{identity} at {milestone} env steps: mean return {score.mean_return:.1f}")


if __name__ == "__main__":
    with reported_errors():
        main()
