"""What one clone runs, another one has without running anything: experiments, the run cache, registered models."""

import importlib.util
import json

import pytest
import yaml
from dvc.api import artifacts_show
from experiments.checkouts import EFFICIENTZERO, make_checkout, run
from experiments.ssh_server import PROGRAM, ssh_server

from efficientzero.registered_model import load_registered_model

pytestmark = pytest.mark.slow

SETTINGS = [
    part
    for override in ("profile=smoke", "agents=[dqn]", "milestones.env_steps=100", "evaluation.episodes=6")
    for part in ("-S", override)
]
STAGES = 5  # collect, train, reanalyze, evaluate, scaling


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stages_run(said):
    return said.count("Running stage '")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Where all is: `origin.git`, the Git remote; `storage`, the DVC remote; and the clone `first`, which ran all."""
    folder = tmp_path_factory.mktemp("sharing")
    run(folder, "git", "init", "-q", "--bare", "origin.git")
    first = make_checkout(folder / "first")
    run(first, "dvc", "remote", "add", "-d", "storage", str(folder / "storage"))
    run(first, "git", "commit", "-qam", "remote")
    run(first, "git", "remote", "add", "origin", str(folder / "origin.git"))
    branch = run(first, "git", "branch", "--show-current").strip()
    run(folder / "origin.git", "git", "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    run(first, "git", "push", "-q", "-u", "origin", branch)
    assert stages_run(run(first, "dvc", "exp", "run", "-n", "shared", *SETTINGS)) == STAGES
    return folder


def clone(place, name):
    run(place, "git", "clone", "-q", str(place / "origin.git"), name)
    run(place / name, "git", "config", "user.name", "test")
    run(place / name, "git", "config", "user.email", "test@example.org")
    return place / name


def test_an_experiment_is_pushed_and_pulled(place):
    run(place / "first", "dvc", "exp", "push", "origin", "shared")
    second = clone(place, "second")
    said = run(second, "dvc", "exp", "pull", "origin", "shared")
    said += run(second, "dvc", "exp", "apply", "shared")
    assert files(second / "data") == files(place / "first" / "data")
    said += run(second, "dvc", "repro")
    assert "Data and pipelines are up to date" in said and stages_run(said) == 0
    run(second, "git", "add", "-A")
    run(second, "git", "commit", "-qm", "applied")
    assert "workspace@v0.0.1: registered" in register(second, "--agent", "dqn", "--name", "workspace")


def test_the_run_cache_spares_a_clone_that_knows_no_experiment_everything(place):
    run(place / "first", "dvc", "push", "--run-cache")
    third = clone(place, "third")
    run(third, "dvc", "fetch", "--run-cache")
    said = run(third, "dvc", "exp", "run", "--pull", "--temp", "-n", "again", *SETTINGS)
    assert (stages_run(said), said.count("is cached - skipping run")) == (0, STAGES)
    assert not (third / "data" / "scores").exists()  # in the cache alone
    run(third, "dvc", "exp", "apply", "again")
    assert files(third / "data") == files(place / "first" / "data")


@pytest.mark.skipif(not PROGRAM, reason="no SSH server is installed (Debian: openssh-server)")
@pytest.mark.skipif(not importlib.util.find_spec("dvc_ssh"), reason="pip install 'efficientzero[ssh]' is not there")
def test_over_ssh(place, tmp_path):
    with ssh_server(tmp_path) as (url, key):
        clones = [place / "first", clone(place, "fourth")]
        for folder in clones:
            run(folder, "dvc", "remote", "add", "--local", "machine", f"{url}{tmp_path / 'storage'}")
            run(folder, "dvc", "remote", "modify", "--local", "machine", "keyfile", str(key))
        run(clones[0], "dvc", "exp", "push", "-r", "machine", "origin", "shared")
        run(clones[0], "dvc", "push", "-r", "machine", "--run-cache")
        run(clones[1], "dvc", "exp", "pull", "-r", "machine", "origin", "shared")
        run(clones[1], "dvc", "exp", "apply", "shared")
        assert files(clones[1] / "data") == files(clones[0] / "data")
        assert stages_run(run(clones[1], "dvc", "repro")) == 0


def register(folder, *arguments, expect=0):
    return run(folder, *EFFICIENTZERO, "register", *arguments, expect=expect)


def test_a_registered_model_is_downloaded_into_an_empty_folder_and_plays_as_it_was_scored(place, tmp_path, monkeypatch):
    first, name = place / "first", "minatar-breakout-dqn"
    before = run(first, "git", "status", "--porcelain"), run(first, "git", "rev-parse", "HEAD")
    said = register(first, "--agent", "dqn", "--rev", "shared", "--push")
    assert (
        f"{name}@v0.0.1: registered, dqn on minatar/breakout, seed 0, finished after 100 env steps (100 frames)" in said
    )
    assert before == (run(first, "git", "status", "--porcelain"), run(first, "git", "rev-parse", "HEAD"))

    run(tmp_path, "dvc", "artifacts", "get", str(place / "origin.git"), name)
    assert files(tmp_path / name / "network") == files(first / "data" / "finished" / "dqn" / "0" / "100")
    record = json.loads((first / "data" / "scores" / "dqn" / "0" / "100.json").read_text())
    model = load_registered_model(tmp_path / name)
    assert (model.identity.agent, model.identity.seed, model.env_steps) == ("dqn", 0, 100)
    played = [{"return": one.game_return, "env_steps": one.env_steps} for one in model.play().episodes]
    assert played == [{key: one[key] for key in ("return", "env_steps")} for one in record["episodes"]]

    monkeypatch.chdir(first)
    shown = artifacts_show(name, repo=str(place / "origin.git"))
    entry = yaml.safe_load(run(first, "git", "show", f"{shown['rev']}:dvc.yaml"))["artifacts"][name]
    assert (entry["path"], entry["type"]) == (f"models/{name}", "model")
    assert entry["labels"] == ["minatar/breakout", "dqn", "smoke"]
    commit = run(first, "git", "rev-parse", f"{shown['rev']}^").strip()
    returns = [one["return"] for one in record["episodes"]]
    mean = sum(returns) / 6
    error = (sum((one - mean) ** 2 for one in returns) / 5 / 6) ** 0.5
    assert entry["meta"] == {
        "score": pytest.approx(mean), "standard_error": pytest.approx(error), "episodes": 6, "game": "minatar/breakout",
        "agent": "dqn", "seed": 0, "env_steps": 100, "frames": 100, "training_flops": record["training_flops"],
        "commit": commit,
    }  # fmt: skip
    assert record["training_flops"] > 0
    assert commit in run(first, "git", "for-each-ref", "--format=%(objectname)", "refs/exps/")
    assert f"{name}@v0.0.1" in run(first, "gto", "show", f"{name}@latest")


@pytest.mark.long
def test_registered_twice_is_one_version_and_another_network_is_the_next(place):
    name = "twice"
    first = register(place / "first", "--agent", "dqn", "--rev", "shared", "--name", name)
    again = register(place / "first", "--agent", "dqn", "--rev", "shared", "--name", name)
    assert f"{name}@v0.0.1: registered" in first and f"{name}@v0.0.1: is registered already" in again
    other = register(
        place / "first", "--agent", "dqn", "--rev", "shared", "--name", name, "--version", "v1.0.0", expect=2
    )
    assert f"registered already, as {name}@v0.0.1" in other
    run(place / "first", "dvc", "exp", "run", "--temp", "-n", "longer", *SETTINGS, "-S", "milestones.env_steps=200")
    said = register(place / "first", "--agent", "dqn", "--rev", "longer", "--name", name)  # its largest milestone
    assert f"{name}@v0.0.2: registered" in said and "after 200 env steps" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--agent", "dqm"], "--agent: shared has no results of agent dqm; did you mean dqn?"),
        (["--agent", "dqn", "--seed", "5"], "--seed: shared has no results of seed 5; known: 0"),
        (
            ["--agent", "dqn", "--milestone", "300"],
            "--milestone: shared has no results of milestone 300; did you mean 100?",
        ),
        (["--agent", "dqn", "--rev", "sharde"], "--rev 'sharde': there is no such experiment"),
        (["--agent", "dqn", "--name", "a b"], "letters, digits, '-' and '_'"),
        (["--agent", "dqn", "--version", "1.0"], "--version '1.0': a version is three numbers"),
        (["--agent", "dqn", "--push", "--git-remote", "upstream"], "there is no Git remote 'upstream'"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(place, arguments, message):
    rev = [] if "--rev" in arguments else ["--rev", "shared"]
    said = register(place / "first", *arguments, *rev, expect=2)
    assert message in said and "Traceback" not in said
    assert run(place / "first", "git", "tag", "--list", "minatar-breakout-dqm*", "a*").strip() == ""


def test_a_workspace_that_is_not_committed_is_refused(place):
    fifth = clone(place, "fifth")
    assert "dvc.lock: there is none" in register(fifth, "--agent", "dqn", expect=2)
    with (fifth / "src" / "efficientzero" / "evaluation.py").open("a") as file:
        file.write("# changed\n")
    assert "src/efficientzero/evaluation.py: not committed" in register(fifth, "--agent", "dqn", expect=2)


def test_results_whose_data_are_elsewhere_are_refused(place):
    sixth = clone(place, "sixth")
    run(sixth, "git", "fetch", "-q", str(place / "first"), "refs/exps/*:refs/exps/*")
    run(sixth, "dvc", "remote", "remove", "storage")
    run(sixth, "git", "commit", "-qam", "no remote")
    said = register(sixth, "--agent", "dqn", "--rev", "shared", expect=2)
    assert "dvc pull" in said or "dvc fetch" in said, said


def test_without_a_dvc_remote_nothing_is_pushed(place, tmp_path):
    first = place / "first"
    config = first / ".dvc" / "config"
    whole = config.read_text()
    try:
        run(first, "dvc", "remote", "remove", "storage")
        said = register(first, "--agent", "dqn", "--rev", "shared", "--name", "kept", "--push", expect=2)
    finally:
        config.write_text(whole)
    assert "there is no default DVC remote in .dvc/config" in said
    assert run(first, "git", "tag", "--list", "kept*").strip() == ""  # nor is anything registered


def test_a_folder_that_is_no_model_is_said_to_be_none(tmp_path):
    with pytest.raises(ValueError, match="no registered model is here"):
        load_registered_model(tmp_path)
