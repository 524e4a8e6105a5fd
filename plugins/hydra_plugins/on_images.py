"""The resolver ``${on_images:${game},of images,of grids}`` of conf/: one setting for pictures, another for cells."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))  # this checkout's package, whichever DVC runs here

from efficientzero.games import find_game


def on_images(game: str, images: Any, grids: Any) -> Any:
    """The first of two values for a game of the ALE, the second for any other."""
    try:
        return images if find_game(game).family == "ale" else grids
    except (TypeError, ValueError):
        return grids  # the check of all parameters says what is wrong with the game


OmegaConf.register_new_resolver("on_images", on_images, replace=True)
