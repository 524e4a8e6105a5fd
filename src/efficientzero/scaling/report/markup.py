"""HTML elements as text in which everything that is not markup is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

VOID = {"img", "meta"}

Content: TypeAlias = "str | Iterable[Content]"


class Markup(str):
    """Text that is HTML already; any other text is escaped where it enters an element."""

    __slots__ = ()


def element(name: str, *children: Content, **attributes: str | int | bool) -> Markup:
    """`<name attribute="...">children</name>`, attributes in the order given.

    Args:
        children: texts, escaped unless they are `Markup`; nested lists of them are joined. attributes: a trailing
            underscore is dropped (`class_`), others become hyphens; True stands without a value, False is left out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[Content], between: str = "") -> Markup:
    """The children one after the other, escaped unless they are `Markup`."""
    return Markup(between.join(_text(child) for child in children))


def _text(child: Content) -> str:
    if isinstance(child, Markup):
        return str(child)
    return escape(child, quote=False) if isinstance(child, str) else join(child)


def _attribute(key: str, value: str | int | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
