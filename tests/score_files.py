"""The content of a score file, as stages write it."""


def score_content(agent="efficientzero", seed=0, env_steps=750, returns=(1.0, 3.0), **changes):
    skip = changes.get("frame_skip", 4)
    return {
        "schema_version": 2,
        "game": "Assault",
        "agent": agent,
        "seed": seed,
        "env_steps": env_steps,
        "frames": env_steps * skip,
        "frame_skip": skip,
        "updates": env_steps // 4,
        "parameters": 1000,
        "training_flops": 40 * env_steps,
        "max_env_steps": None,
        "sample_actions": False,
        "episodes": [
            {"seed": number, "return": value, "env_steps": 9, "truncated": False}
            for number, value in enumerate(returns)
        ],
        "mean_return": sum(returns) / len(returns),
    } | changes
