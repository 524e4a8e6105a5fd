import numpy as np
from PIL import Image
from runs import Counted
from tiny import tiny

from efficientzero import evaluation
from efficientzero.agents import RandomAgent
from efficientzero.agents.random_streams import generator
from efficientzero.envs import write_video
from efficientzero.evaluation import evaluate, evaluation_environments, recorded
from efficientzero.games import find_game
from efficientzero.replay import ONGOING, TERMINATED, TRUNCATED, Decision


class Recorder:
    """Plays action 0 and keeps what it was shown."""

    updates, weight_count = 0, 0

    def __init__(self, expected_mode):
        self.shown = []
        self.expected_mode = expected_mode

    def act(self, observation, random, *, env_steps, mode):
        assert (env_steps, mode) == (77, self.expected_mode)
        self.shown.append(observation)
        return Decision(np.zeros(len(observation), np.int64), np.zeros(0), np.zeros(0), estimated=False)


def test_each_episode_is_scored_once_and_to_its_end():
    parameters = tiny(evaluation__max_env_steps=None, game="minatar/space_invaders")
    environments = evaluation_environments(parameters)
    counted = Counted()
    score = evaluate(
        RandomAgent(environments.num_actions), environments, parameters.evaluation, counted, seed=0, env_steps=0
    )
    assert counted.units == len(score.episodes) == 3
    # The same games played one action after another.
    again = evaluation_environments(parameters)
    again.reset()
    policy = RandomAgent(again.num_actions)
    returns, playing = np.zeros(3), np.full(3, True)
    steps = 0
    while playing.any():
        actions = np.zeros(3, np.int64)
        actions[playing] = policy.act(
            np.zeros((playing.sum(), 1)), generator(0, "evaluate", steps), env_steps=0, mode="training"
        ).action
        step = again.step(actions)
        returns += step.reward * playing
        for index in np.flatnonzero(playing & step.terminated):
            assert score.episodes[index].env_steps == steps + 1 and not score.episodes[index].truncated
        playing &= ~step.terminated
        steps += 1
    assert [episode.game_return for episode in score.episodes] == returns.tolist()
    assert score.mean_return == returns.mean()
    assert len(score.first_actions) == score.episodes[0].env_steps


def test_seeds_share_the_starts_and_nothing_else():
    parameters = tiny(evaluation__max_env_steps=40, evaluation__episodes=6)
    scores = {}
    for seed in (0, 0, 1):
        environments = evaluation_environments(parameters)
        policy = RandomAgent(environments.num_actions)
        score = evaluate(policy, environments, parameters.evaluation, Counted(), seed=seed, env_steps=0)
        scores.setdefault(seed, []).append((score.first_actions, score.episodes))
    assert scores[0][0] == scores[0][1] != scores[1][0]


def test_a_cap_truncates_and_stacks_begin_with_the_first_frame():
    for sampled in (True, False):
        check_a_cap(tiny(game="Assault", evaluation__max_env_steps=12, evaluation__sample_actions=sampled))


def check_a_cap(parameters):
    environments = evaluation_environments(parameters)
    recorder = Recorder("sampled" if parameters.evaluation.sample_actions else "best")
    score = evaluate(recorder, environments, parameters.evaluation, Counted(), seed=0, env_steps=77)
    assert [(episode.env_steps, episode.truncated) for episode in score.episodes] == [(12, True)] * 3
    assert [shown.shape for shown in recorder.shown] == [(3, 4, 84, 84)] * 12
    first, second = recorder.shown[0], recorder.shown[1]
    assert (first[:, 0] == first[:, 3]).all()  # the first frame is repeated
    np.testing.assert_array_equal(second[:, :3], first[:, 1:])


def test_the_scored_games_are_recorded_one_after_another(monkeypatch):
    parameters = tiny(evaluation__max_env_steps=20, game="minatar/space_invaders", envs__clip_rewards=True)
    environments = evaluation_environments(parameters)
    policy = RandomAgent(environments.num_actions)

    def played():
        fresh = evaluation_environments(parameters)
        return evaluate(policy, fresh, parameters.evaluation, Counted(), seed=0, env_steps=0)

    score = played()
    games = recorded(score, environments, parameters.envs)
    lengths = [episode.env_steps for episode in score.episodes]
    last = np.cumsum(lengths) - 1
    assert games.rows == sum(lengths) and games.environments == 1
    assert games.actions[: lengths[0], 0].tolist() == score.first_actions
    endings = [TRUNCATED if episode.truncated else TERMINATED for episode in score.episodes]
    assert games.endings[last, 0].tolist() == endings and (np.delete(games.endings, last) == ONGOING).all()
    returns = [games.rewards[end + 1 - length : end + 1].sum() for length, end in zip(lengths, last, strict=True)]
    assert returns == [episode.game_return for episode in score.episodes]  # no reward of this game is over 1
    again = evaluation_environments(parameters)
    shown = again.reset()
    np.testing.assert_array_equal(games.frames[last + 1 - lengths, 0], shown)  # a frame and the action taken on it
    shown = again.step(games.actions[last + 1 - lengths, 0].astype(np.int64)).observation
    np.testing.assert_array_equal(games.frames[last + 2 - lengths, 0], shown)

    monkeypatch.setattr(evaluation, "KEPT_ENV_STEPS", 5)
    ends = recorded(played(), environments, parameters.envs)
    np.testing.assert_array_equal(ends.actions[:5], games.actions[last[0] - 4 : last[0] + 1])


def test_the_video_shows_the_first_game(tmp_path):
    for game, shape, milliseconds in (("minatar/breakout", (160, 160), 100), ("Assault", (160, 210), 70)):
        parameters = tiny(game=game, evaluation__max_env_steps=15)
        environments = evaluation_environments(parameters)
        score = evaluate(
            RandomAgent(environments.num_actions), environments, parameters.evaluation, Counted(), seed=0, env_steps=0
        )
        shown = score.first_actions[:10]
        path = tmp_path / "v" / "a.gif"
        write_video(find_game(game), parameters.envs, evaluation.EVALUATION_SEED, shown, path)
        with Image.open(path) as video:
            durations = []
            for index in range(video.n_frames):  # frames alike are stored once, shown longer
                video.seek(index)
                durations.append(video.info["duration"])
            assert video.size == shape and sum(durations) == (len(shown) + 1) * milliseconds
