"""The figures as images within the page, each with what is seen on it and what is not."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

from efficientzero.scaling.analysis import Analysis
from efficientzero.scaling.input_error import ScalingInputError
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.report.captions import Caption, caption, refused_caption
from efficientzero.scaling.report.comparison_tables import has_exponents, has_frames_ratios
from efficientzero.scaling.report.data_table import wide
from efficientzero.scaling.report.markup import Markup, element

OPENING = re.compile(r"<svg\b[^>]*>", re.DOTALL)
VIEW_BOX = re.compile(r'viewBox="\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)\s*"')

COMPARISONS = {"exponents": has_exponents, "frames_ratio": has_frames_ratios}  # figures that may be refused


def figures_section(figures: Mapping[str, Path], games: int, analysis: Analysis | Refused) -> Markup:
    """Every figure in the order given; raises ScalingInputError for a file that is no SVG image."""
    empty = {name for name, shown in COMPARISONS.items() if isinstance(analysis, Refused) or not shown(analysis)}
    return element(
        "section",
        element("h2", "Figures", id="figures"),
        (
            _figure(name, path, (refused_caption if name in empty else caption)(name, games))
            for name, path in figures.items()
        ),
        aria_labelledby="figures",
    )


def _figure(name: str, path: Path, words: Caption) -> Markup:
    width, height, address = _image(name, path)
    # An image keeps a figure's identifiers apart from those of the other figures.
    image = element("img", src=address, alt=f"{words.title}. {words.alternative}", width=width, height=height)
    return element(
        "figure",
        wide(image, words.title),
        element("p", "The figure is wider than the screen: it scrolls sideways.", class_="aside"),
        element("figcaption", element("strong", words.title + ". "), words.seen + " ", words.unseen),
        id=f"figure-{name}",
    )


def _image(name: str, path: Path) -> tuple[int, int, str]:
    """Width and height in CSS pixels, and the address of an image that is in the page itself."""
    try:
        content = path.read_bytes()
        opening = OPENING.search(content.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScalingInputError(f"figure {name}: {path} cannot be read ({error}); draw the figures first") from None
    box = VIEW_BOX.search(opening[0]) if opening else None
    if box is None:
        raise ScalingInputError(f"figure {name}: {path} is no SVG image with a viewBox; draw the figures again")
    width, height = (max(1, round(float(size) * 4 / 3)) for size in box.groups())  # points to CSS pixels
    return width, height, "data:image/svg+xml;base64," + base64.b64encode(content).decode("ascii")
