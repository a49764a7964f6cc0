"""Certificates and letters on paper: the words, and the documents made of them."""

from collections.abc import Sequence
from datetime import datetime
from types import ModuleType

from sqlalchemy.orm import Session

from feedback_app.db import rounds as tables
from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound
from feedback_app.services import certificates, explanations, round_messages
from feedback_app.services.certificates import Certificate
from feedback_app.services.rounds import Opened
from feedback_app.settings import Settings
from feedback_app.texts import text
from qr import codes


def document(made: Sequence[Certificate], settings: Settings, now: datetime, language: str = "zh") -> bytes:
    """A PDF with one page each. Revoked ones are left out. Raises NotFound ``certificates.nothing`` when none is left."""
    valid = [one for one in made if one.revoked_at is None]
    if not valid:
        raise NotFound("certificates.nothing")
    paper = _paper()
    pages = [_printed(paper, one, settings, language) for one in valid]
    title = f"{valid[0].award} {text('certificates.paper.title', language)}"
    drawn: bytes = paper.pdf(pages, title=title, created=now)
    return drawn


def _printed(paper: ModuleType, one: Certificate, settings: Settings, language: str) -> object:
    grouped = codes.grouped(one.code or "")
    marks = [text("certificates.paper.unverified", language)] if one.unverified else []
    marks += [text("certificates.paper.made_up", language)] if one.made_up else []
    group = text("certificates.paper.group", language, group=one.group) if one.group else ""
    return paper.Printed(
        url=certificates.address(settings.server.base_url, one.code or ""),
        title=text("certificates.paper.title", language),
        holder=one.holder,
        department=one.department,
        lines=(
            text("certificates.paper.line", language, award=one.award, group=group, period=period(one.period, language)),
            text("certificates.paper.thanks", language),
        ),
        hospital=settings.hospital.name_en if language == "en" and settings.hospital.name_en else settings.hospital.name,
        day=text("certificates.paper.day", language, year=one.issued_on.year, month=one.issued_on.month, day=one.issued_on.day),
        number=text("certificates.paper.number", language, number=one.number),
        code=text("certificates.paper.code", language, code=grouped),
        hint=text("certificates.paper.hint", language),
        marks=tuple(marks),
    )  # fmt: skip


def period(written: str, language: str) -> str:
    """A period as one says it: 2026 年 10 月, 2026 年第四季度."""
    return explanations.period_title(Period.parse(written), language)


def letters(session: Session, opened: Opened, settings: Settings, now: datetime, language: str = "zh") -> bytes:
    """One page for each finalist, for whoever hands them out. Raises NotFound ``certificates.nothing`` without finalists."""
    finalists = tables.candidates(session, opened.round.id, states=("won", "not_won"))
    if not finalists or opened.round.published_at is None:
        raise NotFound("certificates.nothing")
    today = now.astimezone(settings.hospital.zone).date()
    paper = _paper()
    day = text("certificates.paper.day", language, year=today.year, month=today.month, day=today.day)
    pages = [
        paper.Letter(
            heading=text("rounds.letter.title", language, round=opened.round.title),
            paragraphs=tuple(round_messages.letter_lines(opened, one, language)),
            hospital=settings.hospital.name,
            day=day,
        )
        for one in finalists
    ]
    drawn: bytes = paper.letters_pdf(pages, title=opened.round.title, created=now)
    return drawn


def _paper() -> ModuleType:
    """Loaded when the first document is made: fpdf2 takes most of a second and 30 MB that web workers do without."""
    from qr import certificates as paper  # noqa: PLC0415

    return paper
