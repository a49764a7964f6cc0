"""What a phone makes of the words in a message: links one can tap, lines of a msgmenu, a little Markdown. All else is text."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup, escape

_ANCHOR = re.compile(r'<a\s[^>]*?href="([^"]*)"[^>]*>(.*?)</a>', re.S)
_ADDRESS = re.compile(r"https?://[^\s<>\"'\u3000-\u303f\uff00-\uffef\u4e00-\u9fff]+")
_TAG = re.compile(r"</?(?:div|br|font|b|strong)[^>]*>")
_MARKDOWN_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_BOLD = re.compile(r"\*\*(.+?)\*\*")
_HEADING = re.compile(r"^(?:#{1,6}|>)\s*", re.M)


def link(address: str, label: str) -> Markup:
    """A link for http and https, the bare label for anything else."""
    if urlsplit(address).scheme not in {"http", "https"}:
        return escape(label)
    return Markup('<a href="{}" rel="noreferrer">{}</a>').format(address, label)


def menu_line(number: str, content: str) -> Markup:
    """A line of a msgmenu: tapping it sends its words with its number."""
    return Markup('<button class="line" form="tap" name="line" value="{}">{}</button>').format(
        f"{number}|{content}", content
    )


def words(text: str) -> Markup:
    """A text message as WeChat shows it: ``<a href>`` and bare addresses become links, nothing else is markup."""
    return Markup("").join(_pieces(text))


def _pieces(text: str) -> Iterator[Markup]:
    start = 0
    for found in _ANCHOR.finditer(text):
        yield _with_addresses(text[start : found.start()])
        yield _anchor(found[1], found[2])
        start = found.end()
    yield _with_addresses(text[start:])


def _anchor(address: str, label: str) -> Markup:
    parts = urlsplit(address.replace("&amp;", "&"))
    if parts.scheme == "weixin" and parts.netloc == "bizmsgmenu":
        query = parse_qs(parts.query)
        return menu_line(query.get("msgmenuid", [""])[0], query.get("msgmenucontent", [label])[0])
    return link(address, label)


def _with_addresses(text: str) -> Markup:
    pieces, start = [], 0
    for found in _ADDRESS.finditer(text):
        pieces += [escape(text[start : found.start()]), link(found[0], found[0])]
        start = found.end()
    return Markup("").join([*pieces, escape(text[start:])])


def card(text: str) -> str:
    """The description of a WeCom text card: its few tags are dropped."""
    return _TAG.sub("", text.replace("<br>", "\n"))


def markdown(text: str) -> Markup:
    """The part of WeCom's Markdown that notices use: bold, links; marks of headings and quotes are dropped."""
    plain = _HEADING.sub("", _TAG.sub("", text))
    pieces, start = [], 0
    for found in _MARKDOWN_LINK.finditer(plain):
        pieces += [_bold(plain[start : found.start()]), link(found[2], found[1])]
        start = found.end()
    return Markup("").join([*pieces, _bold(plain[start:])])


def _bold(text: str) -> Markup:
    """Every second piece between the marks is bold."""
    pieces = _BOLD.split(text)
    return Markup("").join(Markup("<b>{}</b>").format(one) if at % 2 else escape(one) for at, one in enumerate(pieces))
