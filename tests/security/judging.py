"""Whether a document that leaves us holds planted text as text: for each kind of document, what would be live, what mangled."""

import csv
import io
import re
import zlib
from dataclasses import dataclass, field
from html.parser import HTMLParser

import openpyxl
from werkzeug.test import TestResponse

from tests.reading import page_texts
from tests.security.planting import HIT, HOSTILE, MARK

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*%?$")
_ACTIONS = re.compile(rb"/(JavaScript|JS|Launch|SubmitForm|ImportData|EmbeddedFile|RichMedia)\b|/OpenAction\s*<<")
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.S)
_CODE = frozenset({"", "text/javascript", "application/javascript", "module"})
SHORTEST_CUT = 10


@dataclass
class Judged:
    """``seen``: how often planted text was shown."""

    seen: int = 0
    live: list[str] = field(default_factory=list)
    mangled: list[str] = field(default_factory=list)


class _Page(HTMLParser):
    """Reads a page as a browser would, as far as this matters: which elements are there, and what the words say."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.judged, self._script = Judged(), False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._script = tag == "script" and given.get("type", "") in _CODE
        for name, value in given.items():
            address = re.sub(r"[\0-\x20]", "", value).lower()
            if name.startswith("on") or (tag == "img" and value == "x") or name == "srcdoc":
                self.judged.live.append(f"<{tag} {name}={value[:30]}>")
            if name in {"href", "src", "action", "formaction", "data", "xlink:href"} and address.startswith(
                ("javascript:", "vbscript:", "data:text")
            ):
                self.judged.live.append(f"<{tag} {name}={value[:30]}>")
            if name in {"value", "title", "alt", "aria-label", "content", "placeholder"}:
                _whole(self.judged, value)

    def handle_endtag(self, tag: str) -> None:
        self._script = self._script and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._script and HIT in data:
            self.judged.live.append(f"in a script: {data[:60]}")
        elif not self._script:
            _whole(self.judged, data)


def _whole(judged: Judged, words: str) -> None:
    """Planted text is there as it was planted; it may be cut off at its end."""
    start = words.find(MARK)
    while start >= 0:
        end = words.find(MARK, start + 1)
        told = _blanks(words[start : end if end >= 0 else None])
        wanted, judged.seen = _blanks(HOSTILE), judged.seen + 1
        common = next((n for n, (a, b) in enumerate(zip(told, wanted, strict=False)) if a != b), len(wanted))
        rest = told[common:]
        if common < len(wanted) and not (common >= SHORTEST_CUT and _may_end(rest)) and common < len(told):
            judged.mangled.append(told[max(0, common - 10) : common + 20])
        start = end


def _may_end(rest: str) -> bool:
    """What may follow where a field was cut: nothing of the planted text, and not what an escape leaves behind."""
    return not rest.startswith(("&", "\\", "%"))


def _blanks(words: str) -> str:
    return re.sub(r"\s+", " ", words)


def page(text: str) -> Judged:
    reader = _Page()
    reader.feed(text)
    reader.close()
    return reader.judged


def table(rows: list[list[str]]) -> Judged:
    """Cells of a CSV: none that a spreadsheet would take for a formula; a quote before it changes no word."""
    judged = Judged()
    for row in rows:
        for cell in row:
            if cell.startswith(_FORMULA) and not _NUMBER.match(cell):
                judged.live.append(cell[:30])
            _whole(judged, cell.removeprefix("'"))
    return judged


def workbook(data: bytes) -> Judged:
    judged = Judged()
    for sheet in openpyxl.load_workbook(io.BytesIO(data)):
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f" or cell.hyperlink is not None:
                    judged.live.append(f"{sheet.title}!{cell.coordinate}")
                if isinstance(cell.value, str):
                    _whole(judged, cell.value.removeprefix("'"))
    return judged


def paper(data: bytes) -> Judged:
    """A PDF: nothing in it does anything, and no planted address can be tapped."""
    judged = Judged(seen=sum(text.count(MARK) for text in page_texts(data)))
    whole = [data, *(_plain(one) for one in _STREAM.findall(data))]
    judged.live = [found.decode() for part in whole for found in _ACTIONS.findall(part) if found]
    judged.live += ["/URI to the planted address" for part in whole if b"/URI (http://evil" in part]
    return judged


def _plain(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream.strip(b"\r\n"))
    except zlib.error:
        return b""


def answer(got: TestResponse) -> Judged | None:
    """By its kind; None for kinds in which no text is shown to anybody."""
    kind = got.mimetype
    if kind in {"text/html", "image/svg+xml"}:
        return page(got.text)
    if kind == "text/csv":
        return table(list(csv.reader(io.StringIO(got.text.removeprefix("\ufeff")))))
    if kind == XLSX:
        return workbook(got.data)
    if kind == "application/pdf":
        return paper(got.data)
    return None
