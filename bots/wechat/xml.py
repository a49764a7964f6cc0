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
MOST_PLAIN = 50
_WHITE = " \t\r\n"
_FORBIDDEN = re.compile("[^\t\n\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2; \r is dropped

Element = dict[str, Any]


_SPACE = rb"[ \t\r\n]*"
_FIELD = re.compile(
    rb"<([A-Za-z_]{1,40})>(?:<!\[CDATA\[([^\]<&\x00-\x1f\x7f]*)\]\]>|([^\]<>&\x00-\x1f\x7f]*))</\1>" + _SPACE
)
_NO_CHARACTER = re.compile(b"\xef\xbf[\xbe\xbf]")  # U+FFFE and U+FFFF are none in XML


def _refuse(*_found: Any) -> None:
    raise Refused("wechat.bad_body")


def read(body: bytes) -> Element:
    """The children of ``<xml>`` by name: text as str, children as dict, repeated names as list.

    Raises Refused ``wechat.bad_body`` for anything malformed, too large or too deep, not UTF-8, or with a DOCTYPE: without
    a DOCTYPE there are no entities, so neither files nor bombs.
    """
    if len(body) > LARGEST:
        _refuse()
    return _plain(body) or _any(body)


def _plain(body: bytes) -> Element | None:
    """What nearly every callback is: named fields without anything inside them, each once, nothing to decode.

    None for whatever is not plainly that; :func:`_any` reads it, and is what this is tested against.
    """
    if not body.startswith(b"<xml>") or _NO_CHARACTER.search(body):
        return None
    place, found = 5, dict[bytes, bytes]()
    while field := _FIELD.match(body, place):
        name, quoted, bare = field.groups()
        if name in found or len(found) >= MOST_PLAIN:
            return None
        found[name], place = quoted if quoted is not None else bare, field.end()
    if body[place:] != b"</xml>":
        return None
    try:
        return {name.decode(): value.decode().strip(_WHITE) for name, value in found.items()}
    except UnicodeDecodeError:
        return None


def _any(body: bytes) -> Element:
    """The strict reader of everything, over expat."""
    if not body.lstrip().startswith(b"<"):  # a byte order mark would switch expat to UTF-16
        _refuse()
    tree: list[Element] = [{}]  # the element being read, below the ones it stands in
    texts: list[str] = []
    left = MOST_ELEMENTS

    def start(name: str, _attributes: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0 or len(tree) > DEEPEST:
            _refuse()
        tree.append({})
        texts.clear()

    def end(name: str) -> None:
        value = tree.pop() or "".join(texts).strip(_WHITE)
        texts.clear()
        parent = tree[-1]
        if name not in parent:
            parent[name] = value
        elif isinstance(parent[name], list):
            parent[name].append(value)
        else:
            parent[name] = [parent[name], value]

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError):
        _refuse()
    root = tree[0].get("xml")
    if root is None:
        _refuse()
    return root if isinstance(root, dict) else {}


def clean(text: str) -> str:
    """``text`` without the characters that XML 1.0 forbids; line ends are ``\\n``."""
    return _FORBIDDEN.sub("", text)


def cdata(text: str) -> str:
    """A CDATA section that holds exactly ``text`` (already clean): ``]]>`` is split over two sections."""
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
