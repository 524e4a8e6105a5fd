"""Stage `collect`: the warm-up replay by uniformly random play, the new agent, and the random score."""

import argparse
import json
from pathlib import Path

from efficientzero.parameters import load_parameters_or_exit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agent", required=True, help="an agent of params.yaml")
    parser.add_argument("--seed", required=True, type=int, help="the run's seed")
    arguments = parser.parse_args()
    parameters = load_parameters_or_exit()

    from efficientzero.agents import RandomAgent
    from efficientzero.device import configure_torch
    from efficientzero.evaluation import evaluate, evaluation_environments, score_record
    from efficientzero.loop import warm_up
    from efficientzero.progress import Progress
    from efficientzero.run import new_run, save_run

    configure_torch(parameters.threads)
    name, seed = arguments.agent, arguments.seed
    run = new_run(parameters, name, seed)
    with Progress(parameters.warmup_env_steps, f"{parameters.game} {name}: warm-up", "env steps") as progress:
        warm_up(run, parameters.warmup_env_steps, parameters.envs, progress)
    save_run(run, Path(f"data/runs/{name}/{seed}/0"), earlier=None)

    environments = evaluation_environments(parameters)
    policy = RandomAgent(environments.num_actions)
    with Progress(parameters.evaluation.episodes, f"{parameters.game}: random score", "episodes") as progress:
        score = evaluate(policy, environments, parameters.evaluation, progress, env_steps=0)
    record = score_record(score, parameters, name, seed, env_steps=0, frame_skip=environments.frame_skip, agent=policy)
    path = Path(f"data/scores/{name}/{seed}/0.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"{parameters.game} random play: mean return {score.mean_return:.1f} over {len(score.episodes)} episodes")


if __name__ == "__main__":
    main()
