import os
import subprocess
import sys

import pytest

from efficientzero.games import SUITES, Game, UnknownGameError, find_game, suite


def test_every_ale_name_and_rom_is_the_wheels():
    import ale_py  # noqa: F401  (registers the environments)
    import gymnasium
    from ale_py import roms

    registered = {
        name.removeprefix("ALE/").removesuffix("-v5"): spec.kwargs["game"]
        for name, spec in gymnasium.registry.items()
        if name.startswith("ALE/")
    }
    ours = {name: find_game(name).rom for name in suite("ale")}
    assert ours == registered
    assert set(ours.values()) | {"combat", "joust", "maze_craze", "warlords"} == set(roms.get_all_rom_ids())
    assert all(roms.get_rom_path(rom) for rom in ours.values())


@pytest.mark.parametrize(
    ("name", "rom"),
    [
        ("BankHeist", "bank_heist"),
        ("Jamesbond", "jamesbond"),
        ("Qbert", "qbert"),
        ("UpNDown", "up_n_down"),
        ("TicTacToe3D", "tic_tac_toe_3d"),
        ("Atlantis2", "atlantis2"),
        ("Et", "et"),
    ],
)
def test_odd_names(name, rom):
    assert find_game(name) == Game(name, "ale", rom, find_game(name).random_score, find_game(name).human_score)


def test_minatar_modules_exist():
    from importlib.util import find_spec
    from pathlib import Path

    folder = Path(find_spec("minatar").submodule_search_locations[0]) / "environments"
    assert {path.stem for path in folder.glob("*.py")} - {"__init__"} == {find_game(n).rom for n in suite("minatar")}
    assert find_game("minatar/breakout") == Game("minatar/breakout", "minatar", "breakout", None, None)


def test_suites():
    assert {name: len(suite(name)) for name in SUITES} == {"atari26": 26, "atari57": 57, "ale": 104, "minatar": 5}
    assert set(suite("atari26")) < set(suite("atari57")) < set(suite("ale"))
    assert not {"AirRaid", "Pooyan"} & set(suite("atari57"))
    with pytest.raises(UnknownGameError, match="expected one of atari26, atari57, ale, minatar"):
        suite("atari25")


def test_scores():
    assert (find_game("Alien").random_score, find_game("Alien").human_score) == (227.8, 7127.7)
    assert (find_game("VideoPinball").random_score, find_game("VideoPinball").human_score) == (0.0, 17667.9)
    assert find_game("Pooyan").human_score is None
    for name in suite("atari57"):
        assert find_game(name).human_score != find_game(name).random_score  # human-normalised scores divide by it


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ("Alein", "did you mean Alien"),
        ("alien", "did you mean Alien?"),
        ("ms_pacman", "did you mean MsPacman?"),
        ("Ms. Pac-Man", "did you mean MsPacman?"),
        ("ALE/BankHeist-v5", "did you mean BankHeist?"),
        ("PongNoFrameskip-v4", "did you mean Pong?"),
        ("space_invaders", "did you mean SpaceInvaders or minatar/space_invaders?"),
        ("minatar/space-invader", "did you mean minatar/space_invaders"),
        ("JamesBond", "did you mean Jamesbond?"),
        ("zzzzzzzzzz", "nothing is spelled like it"),
        ("", "nothing is spelled like it"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(wrong, expected):
    with pytest.raises(UnknownGameError) as error:
        find_game(wrong)
    assert expected in str(error.value)
    assert isinstance(error.value, ValueError)


def test_importing_is_light():
    code = (
        "import sys, efficientzero.games as games; games.find_game('Alien');"
        "print([name for name in ('ale_py', 'torch', 'numpy', 'pandas', 'minatar') if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert answer.stdout.strip() == "[]"
