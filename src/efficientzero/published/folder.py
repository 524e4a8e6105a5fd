"""Where the published figures are: `data/published` of the checkout that this file is in."""

from pathlib import Path

from efficientzero.published.figures_error import PublishedFiguresError

FOLDER = Path(__file__).parents[3] / "data" / "published"
REMEDY = f"restore it with `git checkout -- {FOLDER}`"


def published_folder() -> Path:
    """The folder. Raises PublishedFiguresError where there is none: an installed package comes without it."""
    if not FOLDER.is_dir():
        raise PublishedFiguresError(
            f"{FOLDER}: the published figures are not there; they come with a clone of the repository and not with an "
            "installed package: install from a clone with `pip install -e .`"
        )
    return FOLDER
