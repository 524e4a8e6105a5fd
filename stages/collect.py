"""Stage `collect`: the warm-up replay by uniformly random play, the new agent, and the random score."""

import sys
from pathlib import Path

from efficientzero.games import find_game
from efficientzero.parameters import Parameters
from efficientzero.stage import checked_parameters, reported_errors, run_arguments


def say_what_was_to_be_expected(parameters: Parameters, name: str, seed: int) -> None:
    """Prints once, for the first run of an experiment on an Atari game, what published EfficientZero had at its budget.

    It changes no result, so that neither the published figures nor their code are dependencies of this stage.
    """
    first = (parameters.agents[0], parameters.seeds[0])
    if (name, seed) != first or find_game(parameters.game).family != "ale":
        return
    from efficientzero.published import PublishedFiguresError, expectation_in_words

    frames = parameters.milestones.list[-1].to * parameters.envs.frame_skip
    try:
        print(f"What was to be expected: {expectation_in_words(parameters.game, frames)}", flush=True)
    except PublishedFiguresError as error:  # no reason not to train
        print(f"What was to be expected cannot be told: {error}", file=sys.stderr)


def main() -> None:
    arguments = run_arguments(__doc__).parse_args()
    name, seed = arguments.agent, arguments.seed
    parameters = checked_parameters(name)
    say_what_was_to_be_expected(parameters, name, seed)

    from efficientzero.agents import RandomAgent
    from efficientzero.cost import Stopwatch, write_cost
    from efficientzero.device import choose_device, configure_torch, device_name
    from efficientzero.evaluation import evaluate, evaluation_environments, write_score
    from efficientzero.loop import warm_up
    from efficientzero.progress import Progress
    from efficientzero.run import new_run, save_run

    configure_torch(parameters.threads)
    run = new_run(parameters, name, seed)
    stopwatch = Stopwatch(None)
    with Progress(parameters.warmup_env_steps, f"{parameters.game} {name}: warm-up", "env steps") as progress:
        warm_up(run, parameters.warmup_env_steps, parameters.envs, progress)
    cost = stopwatch.read()
    save_run(run, Path(f"data/runs/{name}/{seed}/0"), earlier=None)

    device = device_name(choose_device(parameters.device))
    write_cost(Path(f"data/costs/{name}/{seed}/collect.json"), cost, device)

    environments = evaluation_environments(parameters)
    policy = RandomAgent(environments.num_actions)
    with Progress(parameters.evaluation.episodes, f"{parameters.game}: random score", "episodes") as progress:
        score = evaluate(policy, environments, parameters.evaluation, progress, seed=seed, env_steps=0)
    path = Path(f"data/scores/{name}/{seed}/0.json")
    write_score(
        path,
        score,
        parameters,
        name,
        seed,
        env_steps=0,
        frame_skip=environments.frame_skip,
        agent=policy,
        training_flops=0,
    )
    print(f"{parameters.game} random play: mean return {score.mean_return:.1f} over {len(score.episodes)} episodes")


if __name__ == "__main__":
    with reported_errors():
        main()
