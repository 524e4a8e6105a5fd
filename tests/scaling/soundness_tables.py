"""Tables of soundness with known figures."""

import pandas as pd

from efficientzero.scaling.instruments import REPLAY, SCORED_GAMES, SOUNDNESS_COLUMNS

SOUND = {
    "evaluation": [0.98, 0.95, 0.9, 0.5, 0.4], "training": [0.99, 0.97, 0.95, 0.9, 0.9], "rewarded": [20] * 5,
    "norms": [30.0, 31.0, 32.0, 31.0, 30.0, 30.0], "returns": (2.0, 1.0, 200), "bias": (0.1, 0.1), "apart": 0.05,
    "past_end": (0.2, 64), "drift": 0.05, "entropy": 0.4,
}  # fmt: skip
# As EfficientZero with BatchNorm and latents that nothing bounds.
BROKEN = SOUND | {
    "evaluation": [0.95, 0.17, 0.01, 0.07, 0.46], "norms": [32.0, 45.0, 66.0, 88.0, 111.0, 137.0], "bias": (-0.8, 0.1),
    "apart": 0.8, "past_end": (0.95, 64), "drift": 0.46, "entropy": 0.99,
}  # fmt: skip
# Hardly a reward and no end.
BLIND = SOUND | {
    "evaluation": [None] * 5, "training": [None] * 5, "rewarded": [2, 0, 0, 0, 0], "returns": (None, None, 0),
    "bias": (None, None), "past_end": (None, 0),
}  # fmt: skip


def rows(agent, env_steps, figures, *, unseen=None, model=True, runs=1):
    """As from `read_soundness`, of one agent at one budget; in the scored games as in its replay, or as in `unseen`."""
    parts = {REPLAY: figures, SCORED_GAMES: unseen or figures}
    return pd.concat([_of_source(agent, env_steps, *part, model, runs) for part in parts.items()], ignore_index=True)


def _of_source(agent, env_steps, source, figures, model, runs):
    mean, deviation, known = figures["returns"]
    found = [
        ("return_mean", 0, "recorded", mean, known),
        ("return_deviation", 0, "recorded", deviation, known),
        ("value_bias", 0, "evaluation", figures["bias"][0], known),
        ("value_bias", 0, "training", figures["bias"][1], known),
        ("value_difference_of_modes", 0, "training", figures["apart"], 256),
    ]
    if model:
        for depth, count in enumerate(figures["rewarded"], start=1):
            found.append(("rewarded_positions", depth, "recorded", count, 256))
            for mode in ("evaluation", "training"):
                found.append(("reward_correlation", depth, mode, figures[mode][depth - 1], 256))
        found += [("latent_norm", depth, "evaluation", norm, 256) for depth, norm in enumerate(figures["norms"])]
        found.append(("value_past_end", 1, "evaluation", *figures["past_end"]))
        found.append(("search_minus_network_value", 0, "evaluation", figures["drift"], 128))
        found.append(("search_policy_entropy", 0, "evaluation", figures["entropy"], 128))
    table = pd.DataFrame(found, columns=["quantity", "depth", "mode", "value", "positions"])
    table = table.assign(
        agent=agent,
        env_steps=env_steps,
        source=source,
        runs=runs * table.value.notna(),
        value=table.value.astype(float),
    )
    table["positions"] *= runs
    return table[SOUNDNESS_COLUMNS]


def soundness(*parts):
    """The parts one below the other."""
    return pd.concat(parts, ignore_index=True)
