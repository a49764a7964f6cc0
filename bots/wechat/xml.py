"""Reading the platform's XML strictly, and writing ours so that no text can change its structure.

A reader of our own over expat, because xmltodict accepts a DOCTYPE, has no bounds, and costs four times as much
(docs/decisions/0030-own-xml-reader.md).
"""

import re
from typing import Any
from xml.parsers import expat

from feedback_app.errors import Refused

LARGEST = 64 * 1024  # bytes; the largest genuine callback is a 2,048 byte text, encrypted twice over
DEEPEST = 8
MOST_ELEMENTS = 500
_WHITE = " \t\r\n"
_FORBIDDEN = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2; \r is dropped

Element = dict[str, Any]


class _Tree:
    """Collects elements while expat walks: text as str, children as dict, repeated names as list."""

    def __init__(self) -> None:
        self.stack: list[Element] = []
        self.texts: list[str] = []
        self.root: Element | None = None
        self.count = 0

    def start(self, name: str, _attributes: Any) -> None:
        self.count += 1
        if len(self.stack) >= DEEPEST or self.count > MOST_ELEMENTS or (not self.stack and name != "xml"):
            raise Refused("wechat.bad_body")
        self.stack.append({})
        self.texts.clear()

    def end(self, name: str) -> None:
        children = self.stack.pop()
        value = children or "".join(self.texts).strip(_WHITE)
        self.texts.clear()
        if not self.stack:
            self.root = children
            return
        parent = self.stack[-1]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]

    @staticmethod
    def refuse(*_declaration: Any) -> None:
        raise Refused("wechat.bad_body")


def read(body: bytes) -> Element:
    """The children of ``<xml>``, by name.

    Raises Refused ``wechat.bad_body`` for anything malformed, too large or too deep, not UTF-8, or with a DOCTYPE: without
    a DOCTYPE there are no entities, so neither files nor bombs.
    """
    if len(body) > LARGEST or not body.lstrip().startswith(b"<"):  # a byte order mark would switch expat to UTF-16
        raise Refused("wechat.bad_body")
    tree = _Tree()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = tree.refuse
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.texts.append
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError):
        raise Refused("wechat.bad_body") from None
    return tree.root or {}


def clean(text: str) -> str:
    """``text`` without the characters that XML 1.0 forbids; line ends are ``\\n``."""
    return _FORBIDDEN.sub("", text)


def cdata(text: str) -> str:
    """A CDATA section that holds exactly ``text`` (already clean): ``]]>`` is split over two sections."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
