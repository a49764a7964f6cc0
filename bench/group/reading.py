"""What an answer says, whatever it is written in, and whether it holds something that is another hospital's."""

import io
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote

import openpyxl
import zxingcpp
from PIL import Image

from tests.reading import page_texts, read_svg


def said(body: bytes) -> Iterator[str]:
    """The bytes as text, and what a reader of this format would see: cells, pages of a paper, codes in pictures."""
    plain = body.decode("utf-8", "replace")
    yield plain
    if "%" in plain or "&" in plain:
        yield unquote(unescape(plain))
    if body.startswith(b"PK\x03\x04"):
        yield from _packed(body)
    elif body.startswith(b"%PDF"):
        yield from page_texts(body)
    elif body.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        yield from (found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(body))))
    elif "<svg" in plain[:200] and "<path" in plain:
        yield from read_svg(plain)


def _packed(body: bytes) -> Iterator[str]:
    """A workbook, a text document or a parcel of files: every part of it, and every cell."""
    with zipfile.ZipFile(io.BytesIO(body)) as parcel:
        names = parcel.namelist()
        for name in names:
            yield name
            yield from said(parcel.read(name))
    if "xl/workbook.xml" in names:
        for sheet in openpyxl.load_workbook(io.BytesIO(body)):
            for row in sheet.iter_rows(values_only=True):
                yield " ".join(str(cell) for cell in row if cell is not None)


def format_of(body: bytes, content_type: str) -> str:
    """What it is, for counting."""
    if body.startswith(b"PK\x03\x04"):
        kinds = {b"xl/workbook.xml": "xlsx", b"word/document.xml": "docx"}
        return next((kind for sign, kind in kinds.items() if sign in body), "zip")
    return content_type.partition(";")[0].rpartition("/")[2] or "nothing"


def found(body: bytes, needles: Collection[str]) -> str:
    """The first of ``needles`` (lower case) with what stands around it; "" when there is none."""
    for text in said(body):
        lower = text.lower()
        for one in needles:
            at = lower.find(one)
            if at >= 0:
                return f"{one}: …{text[max(0, at - 120) : at + 60]}…"
    return ""


@dataclass
class Tally:
    """How much of each kind was looked at, and everything that was wrong."""

    looked: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)  # of it, with the hospital's own words
    formats: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def look(self, kind: str, where: str, body: bytes, foreign: Collection[str], own: Collection[str] = ()) -> None:
        """Something of a hospital: nothing of the others may stand in it."""
        self.looked[kind] += 1
        leak = found(body, foreign)
        if leak:
            self.wrong.append(f"{kind} {where} holds {leak}")
        elif own and found(body, own):
            self.own[kind] += 1

    def hold(self, kind: str, where: str, is_so: bool) -> None:
        """Something that must be so: a refusal, mostly."""
        self.looked[kind] += 1
        if not is_so:
            self.wrong.append(f"{kind}: {where}")

    def lines(self) -> list[str]:
        bad = Counter(one.partition(" ")[0].rstrip(":") for one in self.wrong)
        told = [
            f"{kind:34}{count:>8,}  own words in {self.own[kind]:>6,}" if self.own[kind] else f"{kind:34}{count:>8,}"
            for kind, count in self.looked.items()
        ]
        formats = ", ".join(f"{kind} {count:,}" for kind, count in self.formats.most_common())
        return [*told, f"formats: {formats}", f"another's: {len(self.wrong)}", *(f"  {kind}: {n}" for kind, n in bad.items())]  # fmt: skip


def shown_headers(headers: Mapping[str, str]) -> bytes:
    return "\n".join(f"{name}: {value}" for name, value in headers.items()).encode()
