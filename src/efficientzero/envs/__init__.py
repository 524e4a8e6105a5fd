"""Vectorised environments with exact seeds, exact frame counts and exact restoring.

Importing this package loads no emulator; making a ``GameEnvironments`` does.
"""

from efficientzero.envs.environments import GameEnvironments
from efficientzero.envs.step import EnvironmentStep
from efficientzero.envs.video import rgb_frames, write_video
