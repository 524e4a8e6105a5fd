"""A table of figures: caption, heads with their scope, and a frame that scrolls where the page is narrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from efficientzero.scaling.report.markup import Markup, element
from efficientzero.scaling.report.wording import NONE


def data_table(
    title: str,
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    groups: Mapping[int, str] | None = None,
) -> Markup:
    """The first cell of each row is its head.

    Args:
        head, rows: texts; a row has as many as `head`. groups: a head for the rows from one
            on, by the place of that row.
    """
    cells = []
    for place, row in enumerate(rows):
        if groups and place in groups:
            head_of_group = element("th", groups[place], scope="colgroup", colspan=len(head))
            cells.append(element("tr", head_of_group, class_="group"))
        first = element("th", row[0], scope="row")
        cells.append(element("tr", first, (element("td", cell or NONE) for cell in row[1:])))
    table = element(
        "table",
        element("caption", element("span", element("strong", title + ". "), caption)),
        element("thead", element("tr", _column_head(head[0], True), (_column_head(name) for name in head[1:]))),
        element("tbody", cells),
    )
    return wide(table, title)


def wide(content: Markup, name: str) -> Markup:
    """A frame in which content that is wider than the page can be scrolled, with the keyboard too."""
    return element("div", content, class_="wide", role="region", aria_label=name, tabindex=0)


def _column_head(name: str, first: bool = False) -> Markup:
    return element("th", name, scope="col", class_="left" if first else False)
