"""The package that goes upward (S10, S53): who is proposed to which authority, with the inspected sheet of each, as PDF and table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from types import ModuleType
from typing import Any

import xlsxwriter
from sqlalchemy.orm import Session

from feedback_app.db import assessments
from feedback_app.db.assessments import Assessment
from feedback_app.domain.award_parts import Tier
from feedback_app.domain.award_scheme import Scheme
from feedback_app.domain.boards import Row
from feedback_app.domain.criteria._base import Taken
from feedback_app.domain.criteria.score_sheet import item_points
from feedback_app.domain.cycles import Period
from feedback_app.errors import NotFound, Refused
from feedback_app.services import explanations, leaderboards
from feedback_app.services.exports import harmless
from feedback_app.services.leaderboards import Board
from feedback_app.settings import Settings
from feedback_app.texts import text


@dataclass(frozen=True)
class Proposed:
    """One candidate: points of the sheet, what is left of each item (in its order), what was deducted and the evidence."""

    row: Row
    group: str
    tier: str
    points: float
    items: tuple[float, ...]
    deducted: tuple[str, ...]
    evidence: str


@dataclass(frozen=True)
class Package:
    """What one authority receives."""

    authority: str
    proposed: tuple[Proposed, ...]


def packages(session: Session, award: str, period: Period, language: str = "zh") -> tuple[Board, list[Package]]:
    """By authority, the highest tier first; whoever's honour was taken back is not proposed.

    Raises NotFound ``stars.not_closed``, Refused ``stars.not_sent_upward`` for an award without tiers that go upward.
    """
    board = leaderboards.load(session, award, period)
    if not any(tier.sent_to for tier in board.scheme.tiers):
        raise Refused("stars.not_sent_upward")
    sheets = _sheets(session, board.scheme, period)
    found: dict[str, list[Proposed]] = {}
    for tier in board.scheme.tiers:
        if tier.sent_to:
            authority = tier.sent_to.get(language) or tier.sent_to["zh"]
            found.setdefault(authority, []).extend(_of_tier(board, tier, sheets, language))
    return board, [Package(authority, tuple(proposed)) for authority, proposed in found.items()]


def _sheets(session: Session, scheme: Scheme, period: Period) -> dict[int, Assessment]:
    """The newest sheet of each service point: the one that counted."""
    names = {one.name for one in scheme.shares if one.kind == "score_sheet"}
    given = assessments.of_period(session, scheme.key, str(period))
    return {one.service_point_id: one for one in given if one.share in names}


def _of_tier(board: Board, tier: Tier, sheets: dict[int, Assessment], language: str) -> Iterator[Proposed]:
    for result in board.results:
        words = board.league_words(result.key)
        rows = [row for row in result.listed if row.won and row.tier == tier.key and row.point_id not in board.revoked]
        for row in rows:
            sheet = sheets.get(row.point_id)
            taken = [Taken(**one) for one in sheet.body.get("taken", [])] if sheet else []
            yield Proposed(
                row=row,
                group=words.get(language) or words["zh"],
                tier=tier.title.get(language) or tier.title["zh"],
                points=round(sum(item_points(item, taken) for item in board.scheme.sheet), 2),
                items=tuple(round(item_points(item, taken), 2) for item in board.scheme.sheet),
                deducted=tuple(f"{one.reason} −{one.points:g}" for one in taken),
                evidence=sheet.note if sheet else "",
            )


def table(board: Board, found: Sequence[Package], language: str = "zh") -> bytes:
    """A workbook with one sheet for each authority."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    for number, package in enumerate(found, 1):
        sheet = book.add_worksheet(f"{number} {_sheet_name(package.authority)}"[:31])
        sheet.freeze_panes(1, 2)
        sheet.set_column(0, 3, 16)
        sheet.write_row(0, 0, _columns(board.scheme, language), bold)
        for line, one in enumerate(package.proposed, 1):
            sheet.write_row(line, 0, [harmless(cell) for cell in _cells(line, one)])
    book.close()
    return buffer.getvalue()


def _sheet_name(authority: str) -> str:
    return "".join(sign for sign in authority if sign not in "[]:*?/\\'")


def _columns(scheme: Scheme, language: str) -> list[str]:
    titles = [f"{item.title.get(language) or item.title['zh']} ({item.most:g})" for item in scheme.sheet]
    first = ("number", "name", "key", "unit", "group", "tier", "points")
    return [
        *(text(f"upward.columns.{one}", language) for one in first),
        *titles,
        *(text(f"upward.columns.{one}", language) for one in ("deducted", "evidence")),
    ]


def _cells(line: int, one: Proposed) -> list[Any]:
    row = one.row
    told = [line, row.name, row.key, row.department, one.group, one.tier, one.points, *one.items]
    return [*told, "；".join(one.deducted), one.evidence]


def document(board: Board, found: Sequence[Package], settings: Settings, now: datetime, language: str = "zh") -> bytes:
    """A PDF: for each authority the list, the basis, the rule, and room for seal and signature.

    Raises NotFound ``upward.nothing`` when nobody is proposed.
    """
    if not any(package.proposed for package in found):
        raise NotFound("upward.nothing")
    today = now.astimezone(settings.hospital.zone).date()
    hospital = settings.hospital.name_en if language == "en" and settings.hospital.name_en else settings.hospital.name
    paper = _paper()
    scheme, period = board.scheme, explanations.period_title(board.period, language)
    title = scheme.title.get(language) or scheme.title["zh"]
    levels = text("upward.and", language).join(
        text("upward.level", language, tier=tier.title.get(language) or tier.title["zh"], least=f"{tier.least:g}")
        for tier in scheme.tiers
    )
    forms = [
        paper.Form(
            heading=text("upward.heading", language, award=title),
            facts=(
                (text("upward.to", language), package.authority),
                (text("upward.from", language), hospital),
                (text("upward.period", language), period),
                (text("upward.basis", language), scheme.basis or "—"),
                (text("upward.rule", language), levels),
            ),
            columns=tuple(text(f"upward.columns.{one}", language) for one in _PRINTED),
            widths=(12, 34, 36, 34, 24, 18, 24),
            rows=tuple(
                (
                    str(n),
                    one.row.name,
                    one.row.department,
                    one.group,
                    one.tier,
                    f"{one.points:g}",
                    _short(one, language),
                )
                for n, one in enumerate(package.proposed, 1)
            ),
            notes=tuple(_told(n, one, language) for n, one in enumerate(package.proposed, 1) if one.deducted),
            signed=(text("upward.opinion", language), text("upward.seal", language)),
            hospital=hospital,
            day=text("certificates.paper.day", language, year=today.year, month=today.month, day=today.day),
        )
        for package in found
        if package.proposed
    ]
    drawn: bytes = paper.pdf(forms, title=text("upward.heading", language, award=title), created=now)
    return drawn


_PRINTED = ("number", "name", "unit", "group", "tier", "points", "deductions")


def _short(one: Proposed, language: str) -> str:
    return text("upward.taken", language, count=len(one.deducted)) if one.deducted else text("upward.clean", language)


def _told(number: int, one: Proposed, language: str) -> str:
    said = f"{number}. {one.row.name}: {'；'.join(one.deducted)}"
    return said + (f" ({text('upward.columns.evidence', language)}: {one.evidence})" if one.evidence else "")


def _paper() -> ModuleType:
    from qr import forms as paper  # noqa: PLC0415 - fpdf2 is loaded when the first document is made

    return paper
