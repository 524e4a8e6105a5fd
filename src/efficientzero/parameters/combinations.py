"""Parameters that are right one by one and impossible together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil

from efficientzero.parameters.faults import suggestion
from efficientzero.parameters.schema import (
    EfficientZeroSettings,
    ModelFreeMuZeroSettings,
    Parameters,
    PPOSettings,
    RainbowSettings,
)
from efficientzero.parameters.sections import ConvolutionalNetwork, Learning, doubling_list

MINATAR_SIZE = 10
AGENT_NAME = re.compile(r"[a-z][a-z0-9_]*")


def impossible_combinations(parameters: Parameters) -> Iterator[str]:
    """One line per fault: the parameter's dotted name, a colon, what is wrong."""
    yield from _lists(parameters)
    yield from _env_steps(parameters)
    for name, settings in parameters.agent.items():
        if not AGENT_NAME.fullmatch(name):
            yield f"agent.{name}: a name is lower-case letters, digits and _, for it names folders"
        if isinstance(settings, EfficientZeroSettings):
            yield from _search(f"agent.{name}", settings)
        if isinstance(settings, EfficientZeroSettings | ModelFreeMuZeroSettings | RainbowSettings):
            yield from _fractions(f"agent.{name}.learning", settings.learning)
            if name in parameters.agents:
                yield from _drawn(f"agent.{name}.learning", settings.learning)
        if isinstance(settings, RainbowSettings) and not settings.noisy and settings.exploration.last_epsilon == 0:
            yield (
                f"agent.{name}.noisy: off, while agent.{name}.exploration.last_epsilon is 0, so it would stop "
                "exploring; set exploration.first_epsilon, last_epsilon and decay_env_steps, as agent.dqn has them"
            )
        # What depends on the game and the milestones matters for the agents that are run.
        if name in parameters.agents and isinstance(settings, RainbowSettings | PPOSettings):
            yield from _convolutions(f"agent.{name}.network", settings.network, parameters)
        if name in parameters.agents and isinstance(settings, PPOSettings):
            yield from _rollouts(f"agent.{name}", settings, parameters)
            if parameters.envs.repeated_actions.probability:
                yield (
                    f"envs.repeated_actions.probability: {parameters.envs.repeated_actions.probability}, and {name}, "
                    "one of agents, learns from actions of its own policy only; set it to 0 or leave that agent out"
                )


def _fractions(where: str, learning: Learning) -> Iterator[str]:
    if learning.termination_fraction + learning.reward_fraction >= 1:
        yield (
            f"{where}.reward_fraction: {learning.reward_fraction}, with termination_fraction "
            f"{learning.termination_fraction} leaves nothing of a batch to be drawn as it falls; less than 1 together"
        )


def _drawn(where: str, learning: Learning) -> Iterator[str]:
    size = learning.batch_size
    for name in ("termination_fraction", "reward_fraction"):
        fraction = getattr(learning, name)
        if fraction and not learning.positions(fraction):
            yield (
                f"{where}.{name}: {fraction} of {where}.batch_size ({size}) is less than one position, so none would "
                f"be drawn; set it to 0 or at least {ceil(10_000 / size) / 10_000}"  # four decimals, rounded up
            )


def _lists(parameters: Parameters) -> Iterator[str]:
    for name in parameters.agents:
        if name not in parameters.agent:
            yield f"agents: {name!r} has no settings under agent{suggestion(name, parameters.agent)}"
    for key, values in (("agents", parameters.agents), ("seeds", parameters.seeds)):
        twice = _repeated(values)
        if twice:
            yield f"{key}: each may be listed once; twice: {', '.join(twice)}"


def _repeated(values: Sequence[object]) -> list[str]:
    return [str(value) for position, value in enumerate(values) if value in values[:position]]


def _env_steps(parameters: Parameters) -> Iterator[str]:
    if parameters.envs.max_frames_per_episode <= parameters.envs.frame_skip:
        yield (
            f"envs.max_frames_per_episode: {parameters.envs.max_frames_per_episode} must be more than envs.frame_skip "
            f"({parameters.envs.frame_skip}), or every episode is cut after its first env step and nothing is learned"
        )
    milestones, count = parameters.milestones, parameters.envs.count
    rounded = {
        "milestones.first": milestones.first,
        "milestones.env_steps": milestones.env_steps,
        "warmup_env_steps": parameters.warmup_env_steps,
    }
    if parameters.warmup_env_steps < 2 * count:
        yield f"warmup_env_steps: {parameters.warmup_env_steps} must be at least 2 x envs.count ({2 * count})"
    for key, env_steps in rounded.items():
        if env_steps % count:
            below = env_steps - env_steps % count
            nearest = f"{below} or {below + count}" if below else f"{count}"
            yield f"{key}: {env_steps} must be a multiple of envs.count ({count}), which step together: {nearest}"
    if parameters.warmup_env_steps >= milestones.first:
        yield (
            f"warmup_env_steps: {parameters.warmup_env_steps} must be less than milestones.first ({milestones.first}), "
            "or the agent would learn nothing before its first score"
        )
    try:
        expected = doubling_list(milestones.first, milestones.env_steps)
    except ValueError as error:
        yield f"milestones.env_steps: {error}"
        return
    if [{"from": step.from_, "to": step.to} for step in milestones.list] != expected:
        yield (
            "milestones.list: must be milestones.first doubled up to milestones.env_steps: "
            f"{expected[0]} ... {expected[-1]}; it is computed when `dvc exp run` composes conf/, not edited"
        )


def _search(key: str, settings: EfficientZeroSettings) -> Iterator[str]:
    search, learning = settings.search, settings.learning
    if settings.off_policy_correction and learning.least_td_steps == 0 and learning.value_bootstrap == "network":
        yield (
            f"{key}.learning.least_td_steps: 0 takes the value that a search finds, and with value_bootstrap network "
            "no value is a search's; set it to 1, or value_bootstrap to search"
        )
    if search.policy == "gumbel":
        for name, simulations in (
            (f"{key}.search.simulations", search.simulations),
            (f"{key}.learning.reanalysis_simulations", learning.reanalysis_simulations),
        ):
            if search.considered_actions > simulations:
                yield (
                    f"{key}.search.considered_actions: {search.considered_actions} is more than {name} "
                    f"({simulations}); each considered action needs a simulation"
                )
        if search.q_transform == "by_parent_and_siblings":
            yield (
                f"{key}.search.q_transform: by_parent_and_siblings is for policy puct; "
                "gumbel needs completed_by_mix_value or tree_min_max"
            )
    elif search.q_transform == "completed_by_mix_value":
        yield (
            f"{key}.search.q_transform: completed_by_mix_value is for policy gumbel; "
            "puct needs by_parent_and_siblings or tree_min_max"
        )
    until = search.temperature_until
    if len(until) != len(search.temperature) - 1:
        yield (
            f"{key}.search.temperature_until: {len(until)} env steps for {len(search.temperature)} temperatures; "
            "it says when each but the last ends, so it is one shorter"
        )
    if any(later <= earlier for earlier, later in pairwise(until)):
        yield f"{key}.search.temperature_until: {until} must increase"


def _convolutions(key: str, network: ConvolutionalNetwork, parameters: Parameters) -> Iterator[str]:
    grid = parameters.game.startswith("minatar/")
    name, layers = ("grid_convolutions", network.grid_convolutions) if grid else ("convolutions", network.convolutions)
    size = whole = MINATAR_SIZE if grid else parameters.envs.size
    for number, (_, kernel, stride) in enumerate(layers, start=1):
        if kernel > size:
            yield (
                f"{key}.{name}: convolution {number} has a {kernel}x{kernel} kernel, but only {size}x{size} is left of "
                f"the {whole}x{whole} observation; use smaller or fewer convolutions"
                + ("" if grid else ", or a larger envs.size")
            )
            return
        size = (size - kernel) // stride + 1


def _rollouts(key: str, settings: PPOSettings, parameters: Parameters) -> Iterator[str]:
    count, first = parameters.envs.count, parameters.milestones.first
    if settings.rollout_steps * count > first:
        yield (
            f"{key}.rollout_steps: {settings.rollout_steps} steps of {count} environments are more than "
            f"milestones.first ({first}), before which there must be an update; at most {first // count}"
        )
