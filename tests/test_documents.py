"""What the documents name is there: links, headings and the files of their tables."""

import re

import pytest
from import_graph import PACKAGE, ROOT

DOCUMENTS = sorted(
    path
    for folder in (".", "docs", "analysis", "benchmarks/results", "data/published")
    for path in (ROOT / folder).glob("*.md")
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FILE = re.compile(r"`([a-z_0-9./]+(?:\.(?:py|pyx|pxd|j2|csv|yaml)|/))`")


def anchors(path):
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    broken = []
    for target in LINK.findall(path.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        page = path.parent / name if name else path
        if not page.exists() or (heading and page.suffix == ".md" and heading not in anchors(page)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/code.md", "docs/statistics.md"])
def test_files_that_are_named_are_there(name):
    folders = ("", "scaling", "scaling/words", "agents/efficientzero")
    written = {"data/scaling/", "data/comparison/"}  # by a run
    named = set(FILE.findall((ROOT / name).read_text())) - written
    assert named  # or the pattern is wrong
    assert [
        each
        for each in sorted(named)
        if not any(path.exists() for path in (ROOT / each, *(PACKAGE / folder / each for folder in folders)))
    ] == []


def test_the_front_page_is_short():
    assert len((ROOT / "README.md").read_text()) <= 7_000
