"""Stage `evaluate`: unclipped whole games of a finished agent from fixed starts, and a short video."""

import argparse
import json
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
    from efficientzero.evaluation import evaluate, evaluation_environments, score_record, write_video
    from efficientzero.progress import Progress
    from efficientzero.run import load_finished

    configure_torch(parameters.threads)
    name, seed, at = arguments.agent, arguments.seed, arguments.at
    environments = evaluation_environments(parameters)
    agent = load_finished(parameters, name, seed, Path(f"data/finished/{name}/{seed}/{at}"), environments)
    with Progress(
        parameters.evaluation.episodes, f"{parameters.game} {name} at {at}: evaluation", "episodes"
    ) as progress:
        score = evaluate(agent, environments, parameters.evaluation, progress, env_steps=at)
    record = score_record(score, parameters, name, seed, env_steps=at, frame_skip=environments.frame_skip, agent=agent)
    path = Path(f"data/scores/{name}/{seed}/{at}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1) + "\n")
    video = Path(f"data/videos/{name}/{seed}/{at}.gif")
    write_video(score, parameters.game, parameters.envs, parameters.evaluation.video_env_steps, video)
    print(f"{parameters.game} {name} at {at} env steps: mean return {score.mean_return:.1f}")


if __name__ == "__main__":
    main()
