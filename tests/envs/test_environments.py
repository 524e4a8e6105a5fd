"""What holds for the environments of every game: seeds, limits, staggering, counters, errors."""

import numpy as np
import pytest

from efficientzero.envs import GameEnvironments
from efficientzero.envs.environments import episode_seed
from efficientzero.games import find_game


def play(environments, steps, seed=0):
    """The first observation, and every step under random actions."""
    random = np.random.default_rng(seed)
    first = environments.reset()
    return first, [
        environments.step(random.integers(environments.num_actions, size=environments.count)) for _ in range(steps)
    ]


def assert_same_step(a, b):
    for field in ("observation", "last_observation", "reward", "terminated", "truncated", "life_lost"):
        one, other = getattr(a, field), getattr(b, field)
        assert one.dtype == other.dtype
        assert one.shape == other.shape
        assert one.tobytes() == other.tobytes(), field


def test_episode_seeds_are_all_different_and_fit_the_emulator():
    seeds = [episode_seed(s, i, k) for s in range(10) for i in range(10) for k in range(10)]
    assert len(set(seeds)) == 1000
    assert 1 <= min(seeds) < max(seeds) < 2**31
    assert episode_seed(3, 1, 4) == episode_seed(3, 1, 4)


@pytest.mark.parametrize("name", ["Breakout", "minatar/asterix"])
def test_same_seed_same_bytes_and_other_environments_other_games(name, protocol):
    parameters = protocol(sticky_actions=0.25)
    (first, steps), (first_again, steps_again) = (
        play(GameEnvironments(find_game(name), parameters, count=3, seed=9, training=False, threads=threads), 200)
        for threads in (1, 2)
    )
    assert (first == first_again).all()
    for one, other in zip(steps, steps_again, strict=True):
        assert_same_step(one, other)
    _, others = play(GameEnvironments(find_game(name), parameters, count=3, seed=10, training=False), 50)
    assert any((a.observation != b.observation).any() for a, b in zip(steps[:50], others, strict=True))
    # The same action everywhere: the environments of one object still play different games.
    environments = GameEnvironments(find_game(name), parameters, count=3, seed=9, training=False)
    environments.reset()
    same = [environments.step([number % 3] * 3).observation for number in range(60)]
    assert any((o[0] != o[1]).any() for o in same)
    assert any((o[1] != o[2]).any() for o in same)


@pytest.mark.parametrize("name", ["Breakout", "minatar/asterix"])
def test_an_environment_does_not_depend_on_those_beside_it(name, protocol):
    """Environment 0 alone plays what it plays beside others that end and restart at other times."""
    parameters = protocol(sticky_actions=0.25, max_frames_per_episode=480)
    together = GameEnvironments(find_game(name), parameters, count=3, seed=2, training=False, threads=2)
    alone = GameEnvironments(find_game(name), parameters, count=1, seed=2, training=False)
    assert (together.reset()[0] == alone.reset()[0]).all()
    random = np.random.default_rng(1)
    ends = np.zeros(3, int)
    for _ in range(300):
        actions = random.integers(3, size=3)
        a, b = together.step(actions), alone.step(actions[:1])
        assert (a.observation[0] == b.observation[0]).all()
        assert (a.reward[0], a.terminated[0], a.truncated[0]) == (b.reward[0], b.terminated[0], b.truncated[0])
        ends += a.terminated | a.truncated
    assert (ends >= 1).all()


@pytest.mark.parametrize(
    ("name", "frames", "env_steps"),
    [("Pong", 40, 10), ("Pong", 42, 11), ("minatar/space_invaders", 10, 10)],
)
def test_the_time_limit_counts_frames_after_the_noops_and_truncates(name, frames, env_steps, protocol):
    parameters = protocol(max_frames_per_episode=frames, noop_max=30)
    environments = GameEnvironments(find_game(name), parameters, count=2, seed=0, training=False)
    environments.reset()
    fresh = GameEnvironments(find_game(name), protocol(noop_max=30), count=2, seed=0, training=False)
    fresh.reset()
    for number in range(1, 3 * env_steps + 1):
        step = environments.step([1, 1])
        assert step.truncated.tolist() == [number % env_steps == 0] * 2
        assert not step.terminated.any()
        if number <= env_steps:  # the step that truncates leads to the picture that an unlimited game shows
            assert (step.last_observation == fresh.step([1, 1]).last_observation).all()
            assert (step.observation != step.last_observation).any() == (number == env_steps)


def test_a_game_over_at_the_time_limit_is_terminated(protocol):
    game = find_game("minatar/breakout")
    environments = GameEnvironments(game, protocol(), count=1, seed=4, training=False)
    environments.reset()
    length = next(number for number in range(1, 10**4) if environments.step([0]).terminated[0])
    limited = GameEnvironments(game, protocol(max_frames_per_episode=length), count=1, seed=4, training=False)
    limited.reset()
    steps = [limited.step([0]) for _ in range(length)]
    assert (steps[-1].terminated[0], steps[-1].truncated[0]) == (True, False)
    shorter = GameEnvironments(game, protocol(max_frames_per_episode=length - 1), count=1, seed=4, training=False)
    shorter.reset()
    steps = [shorter.step([0]) for _ in range(length - 1)]
    assert (steps[-1].terminated[0], steps[-1].truncated[0]) == (False, True)


@pytest.mark.parametrize("name", ["Pong", "minatar/space_invaders"])
def test_staggered_starts_cut_first_episodes_in_training_only(name, protocol):
    parameters = protocol(stagger_env_steps=10, max_frames_per_episode=36)
    limit = 9 if name == "Pong" else 36
    staggered = GameEnvironments(find_game(name), parameters, count=4, seed=0, training=True)
    _, steps = play(staggered, 2 * limit)
    first = [next(number for number, step in enumerate(steps, 1) if step.truncated[index]) for index in range(4)]
    assert first == [2, 5, 8, min(10, limit)]  # 2.5, 5, 7.5, 10
    second = [
        next(number for number, step in enumerate(steps, 1) if number > first[index] and step.truncated[index])
        for index in range(3)
        if first[index] + limit <= len(steps)
    ]
    assert second == [cut + limit for cut in first[:3] if cut + limit <= len(steps)]
    _, steps = play(GameEnvironments(find_game(name), parameters, count=4, seed=0, training=False), 10)
    assert [number for number, step in enumerate(steps, 1) if step.truncated.any()] == ([9] if limit == 9 else [])


def test_emulator_frames_count_noops_and_early_ends(protocol):
    environments = GameEnvironments(find_game("Breakout"), protocol(), count=2, seed=1, training=False)
    environments.reset()
    noops = int(environments._emulators.episode_frames.sum())
    for _ in range(400):
        before = environments.emulator_frames
        step = environments.step([1, 1])
        if step.terminated.any():
            break
        assert environments.emulator_frames == before + 8
    assert step.terminated.any()
    assert environments.frames == 4 * environments.env_steps
    ended = int(environments._emulators.episode_frames[step.terminated].sum())  # the next episodes' no-ops
    played = environments.emulator_frames - ended - noops
    assert environments.frames - 3 * step.terminated.sum() <= played <= environments.frames


def test_reset_starts_from_the_very_beginning(protocol):
    environments = GameEnvironments(find_game("minatar/asterix"), protocol(), count=2, seed=1, training=True)
    first, steps = play(environments, 300)
    assert any(step.terminated.any() for step in steps)
    again, steps_again = play(environments, 300)
    assert (first == again).all()
    assert environments.env_steps == 600
    for one, other in zip(steps, steps_again, strict=True):
        assert_same_step(one, other)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"count": 0}, "count: expected at least 1"), ({"seed": -1}, "seed: "), ({"threads": 0}, "threads: ")],
)
def test_bad_arguments(changes, message, protocol):
    arguments = {"count": 1, "seed": 0, "training": True} | changes
    with pytest.raises(ValueError, match=message):
        GameEnvironments(find_game("Pong"), protocol(), **arguments)


def test_a_bad_size(protocol):
    with pytest.raises(ValueError, match=r"envs\.size: expected 1 to 210"):
        GameEnvironments(find_game("Pong"), protocol(size=400), count=1, seed=0, training=True)


@pytest.mark.parametrize("name", ["Pong", "minatar/breakout"])
@pytest.mark.parametrize("actions", [[0, 99], [-1, 0], [0], [0, 0, 0], [0.0, 1.0], [True, False], [[0, 1]]])
def test_bad_actions_change_nothing(name, actions, protocol):
    environments = GameEnvironments(find_game(name), protocol(), count=2, seed=0, training=True)
    with pytest.raises(RuntimeError, match="reset"):
        environments.step([0, 0])
    with pytest.raises(RuntimeError, match="reset"):
        environments.state()
    environments.reset()
    before = environments.state()
    with pytest.raises(ValueError, match="actions: expected"):
        environments.step(actions)
    assert environments.state() == before
    environments.step(np.array([0, 1], np.int32))
