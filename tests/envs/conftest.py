from collections.abc import Callable

import pytest

from efficientzero.parameters import Environments


@pytest.fixture
def protocol() -> Callable[..., Environments]:
    """Makes the ``envs`` parameters: small and quick, with the given changes."""

    def make(**changes) -> Environments:
        values = {
            "count": 2,
            "frame_skip": 4,
            "frame_stack": 4,
            "size": 48,
            "color": "grey",
            "noop_max": 30,
            "sticky_actions": "standard",
            "terminal_on_life_loss": True,
            "clip_rewards": True,
            "max_frames_per_episode": 108000,
            "stagger_env_steps": 0,
            "repeated_actions": {"probability": 0, "duration_exponent": 2, "longest_env_steps": 1},
        }
        return Environments(**(values | changes))

    return make
