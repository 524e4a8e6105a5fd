"""The names: every single-player game of the ALE, MinAtar's five, and the usual selections of them."""

from __future__ import annotations

# The ROMs of the ale-py 0.12.1 wheel, without its four two-player-only games (combat, joust, maze_craze, warlords).
_ALE_ROMS = """
    adventure air_raid alien amidar assault asterix asteroids atlantis atlantis2 backgammon bank_heist basic_math
    battle_zone beam_rider berzerk blackjack bowling boxing breakout carnival casino centipede chopper_command
    crazy_climber crossbow darkchambers defender demon_attack donkey_kong double_dunk earthworld elevator_action
    enduro entombed et fishing_derby flag_capture freeway frogger frostbite galaxian gopher gravitar hangman
    haunted_house hero human_cannonball ice_hockey jamesbond journey_escape kaboom kangaroo keystone_kapers
    king_kong klax koolaid krull kung_fu_master laser_gates lost_luggage mario_bros miniature_golf montezuma_revenge
    mr_do ms_pacman name_this_game othello pacman phoenix pitfall pitfall2 pong pooyan private_eye qbert riverraid
    road_runner robotank seaquest sir_lancelot skiing solaris space_invaders space_war star_gunner superman surround
    tennis tetris tic_tac_toe_3d time_pilot trondead turmoil tutankham up_n_down venture video_checkers video_chess
    video_cube video_pinball wizard_of_wor word_zapper yars_revenge zaxxon
"""
ALE_ROMS = tuple(_ALE_ROMS.split())

# The modules of minatar.environments.
MINATAR_MODULES = ("asterix", "breakout", "freeway", "seaquest", "space_invaders")

# The 26 games of Atari 100k (Kaiser et al. 2020, arXiv:1903.00374).
_ATARI_26 = """
    Alien Amidar Assault Asterix BankHeist BattleZone Boxing Breakout ChopperCommand CrazyClimber DemonAttack Freeway
    Frostbite Gopher Hero Jamesbond Kangaroo Krull KungFuMaster MsPacman Pong PrivateEye Qbert RoadRunner Seaquest
    UpNDown
"""
ATARI_26 = tuple(_ATARI_26.split())


def ale_name(rom: str) -> str:
    """The usual name of an ALE ROM as gymnasium registers it: ``"up_n_down"`` -> ``"UpNDown"``."""
    return rom.title().replace("_", "")
