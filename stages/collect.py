"""Stage `collect`: the warm-up replay by uniformly random play, the new agent, and the random score."""

import sys

from efficientzero.games import find_game
from efficientzero.records.paths import RunIdentity
from efficientzero.stage import identified, reported_errors, run_arguments


def say_what_was_to_be_expected(identity: RunIdentity) -> None:
    """Prints once, for the first run of an experiment on an Atari game, what published EfficientZero had at the end.

    It changes no result, so that neither the published figures nor their code are dependencies of this stage.
    """
    parameters = identity.parameters
    first = (parameters.agents[0], parameters.seeds[0])
    if (identity.agent, identity.seed) != first or find_game(parameters.game).family != "ale":
        return
    from efficientzero.published import PublishedFiguresError, expectation_in_words

    frames = parameters.milestones.list[-1].to * parameters.envs.frame_skip
    try:
        print(f"What was to be expected: {expectation_in_words(parameters.game, frames)}", flush=True)
    except PublishedFiguresError as error:  # no reason not to train
        print(f"What was to be expected cannot be told: {error}", file=sys.stderr)


def main() -> None:
    identity = identified(run_arguments(__doc__).parse_args())
    parameters, paths = identity.parameters, identity.paths
    say_what_was_to_be_expected(identity)

    from efficientzero.agents import RandomAgent
    from efficientzero.evaluation import evaluate, evaluation_environments
    from efficientzero.progress import Progress
    from efficientzero.records.cost import Stopwatch
    from efficientzero.records.score import ScoreRecord
    from efficientzero.running.device import choose_device, configure_torch, device_name
    from efficientzero.running.loop import warm_up
    from efficientzero.running.run import new_run, save_run

    configure_torch(parameters.threads)
    run = new_run(identity)
    stopwatch = Stopwatch(device_name(choose_device(parameters.device)))
    with Progress(parameters.warmup_env_steps, f"{identity}: warm-up", "env steps") as progress:
        warm_up(run, parameters.warmup_env_steps, parameters.envs, progress)
    cost = stopwatch.read()
    save_run(run, paths.run(0), earlier=None)
    cost.write(paths.collecting_cost())

    environments = evaluation_environments(parameters)
    policy = RandomAgent(environments.num_actions)
    with Progress(parameters.evaluation.episodes, f"{identity.game}: random score", "episodes") as progress:
        score = evaluate(policy, environments, parameters.evaluation, progress, seed=identity.seed, env_steps=0)
    ScoreRecord.of(
        identity,
        score.episodes,
        env_steps=0,
        frame_skip=environments.frame_skip,
        updates=policy.updates,
        parameters=policy.weight_count,
        training_flops=0,
    ).write(paths.score(0))
    print(f"{identity.game} random play: mean return {score.mean_return:.1f} over {len(score.episodes)} episodes")


if __name__ == "__main__":
    with reported_errors():
        main()
