"""Printed codes: the words on them, the documents, the pictures, and names for the files."""

import dataclasses
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from types import ModuleType

from feedback_app import texts
from feedback_app.domain import tickets
from feedback_app.services.codes import CodeRow
from feedback_app.settings import Settings
from qr import images
from qr.layouts import LAYOUTS, Poster

Progress = Callable[[int, int], None]
_SEPARATOR = "·"


def poster(row: CodeRow, settings: Settings, language: str) -> Poster:
    """What stands on the printed code, in ``language``."""
    hospital = settings.hospital
    site = settings.server.base_url.partition("://")[2]
    return Poster(
        url=drawn(row, settings),
        hospital=hospital.name_en or hospital.name if language == "en" else hospital.name,
        name=shown_name(row, settings),
        place=_SEPARATOR.join(part for part in (row.title, row.department, _where(row, language)) if part),
        sentence=texts.text("codes.sheet.sentence", language),
        code=row.grouped,
        hint=texts.text("codes.sheet.hint", language, site=f"{site}/c"),
        phone=texts.text("codes.sheet.phone", language, phone=settings.complaints.phone),
    )


def shown_name(row: CodeRow, settings: Settings) -> str:
    """The full name, or surname and number where the hospital shows no more of its staff."""
    return row.badge_name if row.badge_name and settings.hospital.staff_names == "surname" else row.name


def document(
    rows: Sequence[CodeRow],
    settings: Settings,
    layout: str,
    *,
    language: str,
    now: datetime,
    progress: Progress | None = None,
) -> bytes:
    """A PDF of all ``rows``. About 1.5 ms a code. Raises ValueError when there are none."""
    posters = [poster(row, settings, language) for row in rows]
    title = file_name(rows, layout, language).removesuffix(".pdf")
    made: bytes = _sheets().pdf(posters, layout, title=title, created=now, progress=progress)
    return made


def slips(row: CodeRow, made: Sequence[tuple[str, str]], settings: Settings, language: str, now: datetime) -> bytes:
    """A sheet of strips to cut: one-time tickets (text, address) of one service point."""
    plain = poster(row, settings, language)
    sentence = texts.text("codes.sheet.slip", language)
    posters = [
        dataclasses.replace(plain, url=url, code=tickets.grouped(ticket), sentence=sentence) for ticket, url in made
    ]
    drawn: bytes = _sheets().pdf(posters, "badge", title=f"{shown_name(row, settings)} · {sentence}", created=now)
    return drawn


def preview(rows: Sequence[CodeRow], settings: Settings, layout: str, language: str) -> str:
    """The first page of the document as SVG."""
    first = rows[: LAYOUTS[layout].per_page]
    drawn: str = _sheets().preview([poster(row, settings, language) for row in first], layout)
    return drawn


def unprintable(rows: Sequence[CodeRow], settings: Settings, language: str) -> dict[str, str]:
    """Names with characters that the embedded font lacks: text -> those characters."""
    lacking: dict[str, str] = _sheets().unprintable([poster(row, settings, language) for row in rows])
    return lacking


def drawn(row: CodeRow, settings: Settings) -> str:
    """What the picture holds: the form's address, or that of the chat where the hospital wants a scan to open it."""
    to_chat = settings.wechat.enabled and settings.wechat.scan_opens_chat
    return row.chat_url if to_chat and row.chat_url else row.url


def picture(row: CodeRow, kind: str, settings: Settings) -> bytes:
    """The code alone, as ``png`` or ``svg``."""
    content = drawn(row, settings)
    return images.png(content) if kind == "png" else images.svg(content).encode()


def picture_name(row: CodeRow, kind: str) -> str:
    """``window_W001.png``: safe on every file system, and different for different codes."""
    safe = re.sub(r"[^\w.-]", "-", row.key)[:80]
    changed = "" if safe == row.key else f"_{row.code}"
    return f"{row.kind}_{safe}{changed}.{kind}"


def file_name(rows: Sequence[CodeRow], layout: str, language: str) -> str:
    """What a person would call it: 窗口二维码_120张_立牌.pdf."""
    kinds, departments = {row.kind for row in rows}, {row.department for row in rows}
    kind = texts.text(f"codes.kinds.{kinds.pop()}" if len(kinds) == 1 else "codes.kinds.all", language)
    layout_name = texts.text(f"codes.layouts.{layout}.name", language)
    if len(rows) == 1:
        name = texts.text("codes.file.one", language, name=rows[0].name, layout=layout_name)
    else:
        name = texts.text("codes.file.many", language, kind=kind, number=len(rows), layout=layout_name)
        department = departments.pop() if len(departments) == 1 else ""
        name = f"{department}_{name}" if department else name
    return re.sub(r'[\\/:*?"<>|\s]+', "-", name) + ".pdf"


def _where(row: CodeRow, language: str) -> str:
    floor = texts.text("codes.sheet.floor", language, floor=row.floor) if row.floor.isdigit() else row.floor
    return " ".join(part for part in (row.building, floor) if part)


def _sheets() -> ModuleType:
    """Loaded when the first sheet is printed: fpdf2 takes most of a second and 30 MB that web workers do without."""
    from qr import sheets  # noqa: PLC0415

    return sheets
