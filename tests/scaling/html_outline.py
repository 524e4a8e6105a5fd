"""What a page of HTML is made of, read strictly: every element closed in order."""

import re
from html.parser import HTMLParser

VOID = {"img", "meta", "link", "br", "hr", "input"}


class Outline(HTMLParser):
    """`elements`: (name, attributes, text within) in the order in which they open; space as a browser shows it."""

    def __init__(self, content):
        super().__init__(convert_charrefs=True)
        self.elements, self._open = [], []
        self.feed(content)
        self.close()
        assert not self._open, f"never closed: {self._open}"
        for found in self.elements:
            found[2] = re.sub(r"[ \n]+", " ", found[2]).strip(" ")

    def handle_starttag(self, name, attributes):
        found = [name, dict(attributes), ""]
        assert len(attributes) == len(found[1]), f"an attribute twice in {name}"
        self.elements.append(found)
        if name not in VOID:
            self._open.append(found)

    def handle_endtag(self, name):
        assert self._open and self._open[-1][0] == name, f"</{name}> closes {self._open[-1][0] if self._open else None}"
        self._open.pop()

    def handle_data(self, data):
        for found in self._open:
            found[2] += data

    def of(self, *names):
        return [found for found in self.elements if found[0] in names]

    def texts(self, *names):
        return [found[2] for found in self.of(*names)]

    def section(self, identifier):
        """The text of the section with that heading."""
        (found,) = [each for each in self.of("section") if each[1].get("aria-labelledby") == identifier]
        return found[2]

    def rows(self, title):
        """The cells of the table whose caption begins with `title`, row by row, heads first."""
        start = next(
            place for place, each in enumerate(self.elements) if each[0] == "caption" and each[2].startswith(title)
        )
        rows = []
        for name, _, text in self.elements[start + 1 :]:
            if name == "table":
                break
            if name == "tr":
                rows.append([])
            elif name in ("th", "td"):
                rows[-1].append(text)
        return rows
