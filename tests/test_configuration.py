"""conf/ composes to params.yaml, each profile is right, and the pipeline has the shape it should."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from dvc.utils.hydra import compose_and_dump
from omegaconf.errors import OmegaConfBaseException

from efficientzero.parameters import EfficientZeroSettings, RainbowSettings, check

ROOT = Path(__file__).parents[1]
PROFILES = sorted(path.stem for path in (ROOT / "conf" / "profile").glob("*.yaml"))


def compose(tmp_path, *overrides):
    """What `dvc exp run -S ...` writes as params.yaml, by the function it calls."""
    output = tmp_path / "composed.yaml"
    compose_and_dump(output, str(ROOT / "conf"), None, "config", str(ROOT / "plugins"), list(overrides))
    return output.read_text()


def composed(tmp_path, *overrides):
    return yaml.safe_load(compose(tmp_path, *overrides))


def test_params_yaml_is_what_conf_composes_to(tmp_path):
    assert compose(tmp_path) == (ROOT / "params.yaml").read_text(), (
        "conf/ and params.yaml differ; edit conf/ and run `dvc exp run`, which writes params.yaml"
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_is_right(tmp_path, profile):
    parameters = check(composed(tmp_path, f"profile={profile}"))
    assert parameters.profile == profile


def test_no_folder_takes_the_place_of_a_plain_value():
    groups = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()}
    assert groups == {
        "agent",
        "profile",
        "sweep",
    }  # Hydra would take an override of `game` for the choice of a file in conf/game


def test_a_longer_run_keeps_the_earlier_milestones(tmp_path):
    short = composed(tmp_path)["milestones"]["list"]
    long = composed(tmp_path, "milestones.env_steps=10000")["milestones"]["list"]
    assert long == [*short, {"from": 5000, "to": 10000}]


def test_the_published_settings(tmp_path):
    parameters = check(composed(tmp_path, "profile=atari100k"))
    finishing = parameters.finishing  # 20k of 120k updates at a tenth of the learning rate
    assert (finishing.updates_fraction, finishing.first_learning_rate_factor) == (0.2, 0.1)
    assert finishing.last_learning_rate_factor == 0.1
    settings = parameters.agent["efficientzero"]
    assert isinstance(settings, EfficientZeroSettings)
    assert settings.discount == pytest.approx(0.997**4)
    learning, search = settings.learning, settings.search
    assert (learning.batch_size, learning.optimizer, learning.learning_rate) == (256, "sgd", 0.2)
    assert (learning.policy_weight, learning.value_weight, learning.reward_weight) == (1, 0.25, 1)
    assert (learning.consistency_weight, learning.max_gradient_norm, learning.weight_decay) == (2, 5, 1e-4)
    assert (learning.priority_exponent, learning.priority_correction) == (0.6, 0.4)
    assert (search.policy, search.simulations, search.dirichlet_alpha) == ("puct", 50, 0.3)


def test_muzero_reanalyze_is_efficientzero_without_its_components(tmp_path):
    agents = composed(tmp_path)["agent"]
    switches = {"consistency": False, "value_prefix": False, "off_policy_correction": False}
    assert agents["muzero_reanalyze"] == agents["efficientzero"] | switches


def test_an_override_of_efficientzero_moves_both_and_one_of_muzero_itself_alone(tmp_path):
    both = composed(tmp_path, "agent.efficientzero.search.simulations=32")["agent"]
    assert both["muzero_reanalyze"]["search"]["simulations"] == both["efficientzero"]["search"]["simulations"] == 32
    one = composed(tmp_path, "agent.muzero_reanalyze.search.simulations=32")["agent"]
    assert (one["muzero_reanalyze"]["search"]["simulations"], one["efficientzero"]["search"]["simulations"]) == (32, 16)


def test_rewards_of_pictures_are_pooled_and_drawn_oftener_and_those_of_grids_are_not(tmp_path):
    def rewards(agent):
        return agent.network.reward_pooling, agent.learning.reward_fraction

    for game, expected in (("Breakout", ("max_and_sum", 0.125)), ("minatar/breakout", ("none", 0.0))):
        agents = check(composed(tmp_path, f"game={game}")).agent
        assert rewards(agents["efficientzero"]) == rewards(agents["muzero_reanalyze"]) == expected
    published = check(composed(tmp_path, "profile=atari100k", "game=Breakout")).agent
    assert rewards(published["efficientzero"]) == ("none", 0.0)
    chosen = composed(tmp_path, "game=Breakout", "agent.efficientzero.learning.reward_fraction=0.25")["agent"]
    assert chosen["muzero_reanalyze"]["learning"]["reward_fraction"] == 0.25


def test_the_two_published_rainbows(tmp_path):
    """van Hasselt et al. 2019, appendix E, but for four settings on a laptop, and Hessel et al. 2018, table 1."""
    for profile in ("laptop", "atari100k"):
        agents = check(composed(tmp_path, f"profile={profile}")).agent
        efficient, classic = agents["rainbow"], agents["rainbow_classic"]
        for settings in (efficient, classic):
            assert isinstance(settings, RainbowSettings)
            components = ("distributional", "double", "dueling", "noisy", "multi_step", "prioritised")
            assert all(getattr(settings, component) for component in components)
            assert (settings.discount, settings.distribution.atoms, settings.distribution.maximum) == (0.99, 51, 10)
            assert (settings.learning.priority_exponent, settings.learning.priority_correction) == (0.5, 0.4)
            assert (settings.learning.batch_size, settings.learning.adam_epsilon) == (32, 1.5e-4)
        learning = efficient.learning
        own = (learning.td_steps, learning.target_network_interval, learning.learning_rate)
        assert own == {"laptop": (3, 250, 1e-3), "atari100k": (20, 2000, 1e-4)}[profile]
        assert (learning.updates_per_env_step, learning.max_gradient_norm) == (1, 10)
        assert (efficient.network.convolutions, efficient.network.hidden) == ([[32, 5, 5], [64, 5, 5]], 256)
        learning = classic.learning
        assert (learning.td_steps, learning.updates_per_env_step, learning.learning_rate) == (3, 0.25, 6.25e-5)
        assert learning.target_network_interval == 2000  # 32k frames, at an update every 4 env steps of 4 frames
        assert (classic.network.convolutions[0], classic.network.hidden) == ([32, 8, 4], 512)


def test_dqn_is_rainbow_without_its_components_and_with_the_network_of_its_paper(tmp_path):
    agents = composed(tmp_path, "agent.rainbow.learning.batch_size=48")["agent"]
    components = ("distributional", "double", "dueling", "noisy", "multi_step", "prioritised")
    assert not any(agents["dqn"][component] for component in components)
    own = {"learning_rate": 0.001, "target_network_interval": 250, "updates_per_env_step": 2, "grid_shift": 2}
    assert agents["dqn"]["learning"] == agents["rainbow"]["learning"] | own and agents["dqn"]["kind"] == "rainbow"
    assert agents["dqn"]["network"]["convolutions"] == [[32, 8, 4], [64, 4, 2], [64, 3, 1]]


def test_on_a_laptop_agents_are_scored_by_one_rule_and_in_atari100k_by_their_own(tmp_path):
    def epsilons(*overrides):
        agents = composed(tmp_path, *overrides)["agent"]
        return {
            name: settings["exploration"]["evaluation_epsilon"]
            for name, settings in agents.items()
            if "exploration" in settings
        }

    assert len(epsilons()) == 6 and set(epsilons().values()) == {0.05}
    for game, sampled in (("Breakout", False), ("minatar/asterix", True)):
        assert check(composed(tmp_path, f"game={game}")).evaluation.sample_actions is sampled
        published = check(composed(tmp_path, "profile=atari100k", f"game={game}"))
        assert not published.evaluation.sample_actions
    assert set(epsilons("game=minatar/asterix").values()) == {0.01}
    assert epsilons("profile=atari100k") == {
        "efficientzero": 0, "muzero_reanalyze": 0, "rainbow": 0.001, "rainbow_classic": 0.001, "dqn": 0.05,
        "model_free_muzero": 0.05,
    }  # fmt: skip


def test_the_pace_of_learning_on_grids_is_that_of_the_sweeps_and_published_agents_have_their_own(tmp_path):
    def paces(*overrides):
        agents = composed(tmp_path, *overrides)["agent"]
        names = ("efficientzero", "muzero_reanalyze", "model_free_muzero", "dqn", "rainbow")
        settings = ("updates_per_env_step", "learning_rate", "target_network_interval")
        return [tuple(agents[name]["learning"][setting] for setting in settings) for name in names]

    on_images = [(1, 0.001, 200), (1, 0.001, 200), (1, 0.001, 250), (2, 0.001, 250), (1, 0.001, 250)]
    on_grids = [(1, 0.0025, 60), (2, 0.0014, 78), *on_images[2:]]
    published = [(1, 0.2, 200), (1, 0.2, 200), (1, 0.2, 200), (1, 0.00025, 2000), (1, 0.0001, 2000)]
    assert paces("game=Breakout") == on_images and paces("game=minatar/breakout") == on_grids
    for game in ("Breakout", "minatar/breakout"):
        assert paces("profile=atari100k", f"game={game}") == published
    assert paces("game=Breakout", "agent.efficientzero.learning.learning_rate=0.01")[:2] == [(1, 0.01, 200)] * 2


def test_model_free_muzero_learns_as_efficientzero_does(tmp_path):
    agents = composed(tmp_path, "agent.efficientzero.learning.weight_decay=0.5")["agent"]
    model_free, efficientzero = agents["model_free_muzero"], agents["efficientzero"]
    assert model_free["network"] == efficientzero["network"] | {"reward_pooling": "none"}  # it predicts no rewards
    # Q-learning is at its best with a slow target network and more samples (they are cheap).
    own = {"batch_size": 32, "updates_per_env_step": 1, "target_network_interval": 250}
    assert model_free["learning"].items() <= (efficientzero["learning"] | own).items()
    assert model_free["learning"]["weight_decay"] == 0.5


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("game=Alein", "did you mean Alien"),
        ("envs.count=many", "envs.count: found many, expected a whole number"),
        ("+envs.cuont=3", "envs.cuont: there is no such parameter; did you mean count?"),
        ("milestones.env_steps=3000", "the nearest to 3000: 2500 or 5000"),
        ("milestones.first=many", "milestones.first: found many, expected a whole number"),
        ("seeds=[1,1]", "seeds: each may be listed once"),
    ],
)
def test_a_wrong_override_fails_while_it_composes(tmp_path, override, words):
    with pytest.raises(OmegaConfBaseException, match=r"parameter is wrong|parameters are wrong") as caught:
        compose(tmp_path, override)
    assert words in str(caught.value)
    assert not (tmp_path / "composed.yaml").exists()


def run(command, folder, **options):
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "DVC_ROOT")}
    identity = {f"GIT_{who}_{what}": "test@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment | identity | {"VIRTUAL_ENV": sys.prefix},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        **options,
    )


def dvc(folder, *arguments):
    return run([sys.executable, "-m", "dvc", *arguments], folder)


def commit(folder):
    for command in (
        ["git", "init", "--quiet"],
        ["git", "add", "--all"],
        ["git", "commit", "--quiet", "-m", "checkout"],
    ):
        run(command, folder, check=True)


@pytest.fixture
def checkout(tmp_path):
    """A Git repository with this checkout's code and configuration, and no data."""
    folder = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__", "tmp", "cache", "*.so", "*.egg-info")
    for name in ("conf", "plugins", "pyx", "src", "stages", ".dvc"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in (".gitignore", ".dvcignore", "dvc.yaml", "params.yaml", "setup.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.mark.slow
def test_dvc_refuses_a_misspelt_game_before_any_stage_and_changes_nothing(checkout):
    commit(checkout)
    started = time.monotonic()
    result = dvc(checkout, "exp", "run", "-S", "game=Alein")
    assert time.monotonic() - started < 20
    assert result.returncode != 0
    assert "did you mean Alien" in result.stderr
    assert "Running stage" not in result.stdout and "Traceback" not in result.stderr
    assert run(["git", "status", "--porcelain"], checkout).stdout == ""


@pytest.mark.slow
def test_the_stages_form_the_chain(checkout):
    commit(checkout)
    lines = [line.strip().replace('"', "") for line in dvc(checkout, "dag", "--dot").stdout.splitlines()]
    edges = {tuple(line.rstrip(";").split(" -> ")) for line in lines if "->" in line}
    agent = "efficientzero-0"
    chain = {
        (f"collect@{agent}", f"train@{agent}-milestone0"),
        (f"train@{agent}-milestone0", f"train@{agent}-milestone1"),
        (f"train@{agent}-milestone1", f"reanalyze@{agent}-milestone1"),
        (f"reanalyze@{agent}-milestone1", f"evaluate@{agent}-milestone1"),
        (f"evaluate@{agent}-milestone1", "scaling"),
        (f"collect@{agent}", "scaling"),
    }
    assert chain <= edges
    after_training = {later for earlier, later in edges if earlier == f"train@{agent}-milestone3"}
    # The finishing branch never flows back into the run, and the analysis takes only the cost from training.
    assert after_training == {f"reanalyze@{agent}-milestone3", "scaling"}
    after_scaling = {later for earlier, later in edges if earlier == "scaling"}
    assert after_scaling == set()


@pytest.mark.slow
def test_an_experiment_elsewhere_runs_the_code_it_was_given(checkout):
    """Python and Cython alike, whatever package is installed and whatever the workspace holds by then."""
    for path in (checkout / "pyx").iterdir():
        path.unlink()
    extension, module = checkout / "pyx" / "probe.pyx", checkout / "src" / "efficientzero" / "probe.py"
    extension.write_text("def answer():\n    return 1\n")
    module.write_text("ANSWER = 1\n")
    (checkout / "stages" / "probe.py").write_text(
        "from pathlib import Path\n"
        "from efficientzero.compiled.probe import answer\nfrom efficientzero.probe import ANSWER\n"
        'Path("answers.txt").write_text(f"{answer()} {ANSWER}")\n'
    )
    edit_workspace = "sed -i.bak s/1/2/ $DVC_ROOT/pyx/probe.pyx $DVC_ROOT/src/efficientzero/probe.py"
    stage = {
        "cmd": [edit_workspace, "sh stages/run probe"],
        "deps": ["pyx/probe.pyx", "src/efficientzero/probe.py"],
        "outs": [{"answers.txt": {"cache": False}}],
    }
    (checkout / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"probe": stage}}))
    commit(checkout)
    result = dvc(checkout, "exp", "run", "--temp", "--name", "elsewhere")
    assert result.returncode == 0, result.stdout + result.stderr
    assert module.read_text() == "ANSWER = 2\n"
    references = run(["git", "for-each-ref", "--format=%(refname)", "refs/exps"], checkout).stdout.split()
    (reference,) = [name for name in references if name.endswith("/elsewhere")]
    assert run(["git", "show", f"{reference}:answers.txt"], checkout).stdout == "1 1"
