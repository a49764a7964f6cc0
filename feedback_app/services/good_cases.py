"""The library of good cases (优秀案例): picked from praise, with the writer's consent, without a name or number.

All colleagues may read what was shared; everybody may read what a second person released. Consent that is taken back takes
the case off every page at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import good_cases as tables
from feedback_app.db.complaints import Case
from feedback_app.db.directory import ServicePoint
from feedback_app.db.good_cases import DRAFT, PUBLIC, STAFF, WITHDRAWN, GoodCase
from feedback_app.domain.papers import Block, Heading, Paper, Text
from feedback_app.domain.periods import Month, local_day
from feedback_app.domain.questions.text import clean
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, case_steps, case_words
from feedback_app.settings import Settings
from feedback_app.texts import text

LONGEST_TITLE, LONGEST, LONGEST_CONSENT = 60, 800, 200
OFFERED = 50


@dataclass(frozen=True)
class Told:
    """What somebody wrote. ``consent``: how the writer of the praise agreed; may be "" where they agreed on their page."""

    title: str
    story: str
    lesson: str = ""
    consent: str = ""


def candidates(session: Session) -> Sequence[Case]:
    """Praise that nobody has made a case of, whose writer has not said no; the newest first."""
    written = select(GoodCase.case_id)
    query = select(Case).where(
        Case.kind == "praise", Case.state.not_in(("merged", "withdrawn")), Case.id.not_in(written)
    )
    query = query.where(Case.card_consent.is_not(False), Case.text != "")
    return session.scalars(query.order_by(Case.id.desc()).limit(OFFERED)).all()


def write(session: Session, number: str, told: Told, *, by: str, now: datetime) -> GoodCase:
    """Make a good case of a praise, or write it anew (then it has to be shared and released again).

    Raises NotFound ``complaints.no_case``; Conflict ``good_cases.not_praise``; NotAllowed ``good_cases.not_agreed``; Refused
    ``good_cases.words_needed``, ``.too_long``, ``.names``.
    """
    case = case_steps.get(session, number)
    if case.kind != "praise" or case.state in {"merged", "withdrawn"}:
        raise Conflict("good_cases.not_praise", number=number)
    consent = clean(told.consent)[:LONGEST_CONSENT] or (text("good_cases.agreed_on_page") if case.card_consent else "")
    if case.card_consent is False or not consent:
        raise NotAllowed("good_cases.not_agreed", number=number)
    fit = [
        _fit(session, told.title, LONGEST_TITLE),
        _fit(session, told.story, LONGEST),
        _fit(session, told.lesson, LONGEST, needed=False),
    ]
    found = session.scalar(select(GoodCase).where(GoodCase.case_id == case.id)) or GoodCase(case_id=case.id)
    found.title, found.story, found.lesson = fit
    found.consent, found.department_id = consent, case.department_id or _department(case)
    found.state, found.written_by, found.written_at = DRAFT, by, now
    found.reviewed_by, found.shared_at, found.published_at = "", None, None
    session.add(found)
    session.flush()
    audit.write(session, actor=by, action="good_case.written", subject=number, now=now)
    return found


def _department(case: Case) -> int | None:
    point = case.service_point
    if point is None:
        return None
    return point.id if point.kind == "department" else point.department_id


def share(session: Session, good_id: int, *, by: str, now: datetime) -> GoodCase:
    """All colleagues may read it. Raises NotFound ``good_cases.none``, NotAllowed ``good_cases.not_agreed``."""
    found = _agreed(session, good_id)
    found.state, found.shared_at = STAFF, now
    _note(session, found, "good_case.shared", by, now)
    return found


def publish(session: Session, good_id: int, *, by: str, now: datetime) -> GoodCase:
    """Everybody may read it. Raises as :func:`share`; NotAllowed ``good_cases.second_person`` for whoever wrote it; Conflict
    ``good_cases.share_first``."""
    found = _agreed(session, good_id)
    if found.written_by == by:
        raise NotAllowed("good_cases.second_person")
    if found.state != STAFF:
        raise Conflict("good_cases.share_first")
    found.state, found.reviewed_by, found.published_at = PUBLIC, by, now
    _note(session, found, "good_case.published", by, now)
    return found


def withdraw(session: Session, good_id: int, *, by: str, now: datetime) -> None:
    """Off every page. Raises NotFound ``good_cases.none``."""
    found = get(session, good_id)
    found.state = WITHDRAWN
    _note(session, found, "good_case.withdrawn", by, now)


def get(session: Session, good_id: int) -> GoodCase:
    found = session.get(GoodCase, good_id)
    if found is None:
        raise NotFound("good_cases.none")
    return found


def every(session: Session) -> Sequence[GoodCase]:
    """For those who write them, also drafts and withdrawn ones."""
    return tables.listed(session)


def library(session: Session, words: str = "", department_id: int | None = None) -> Sequence[GoodCase]:
    """For colleagues."""
    return tables.listed(session, (STAFF, PUBLIC), words, department_id)


def wall(session: Session, words: str = "") -> Sequence[GoodCase]:
    """For everybody."""
    return tables.listed(session, (PUBLIC,), words)


def newsletter(session: Session, month: Month, settings: Settings, now: datetime, language: str = "zh") -> Paper:
    """The good cases that were shared in that month, as a paper to print, to edit, or to paste."""
    zone = settings.hospital.zone
    shown = [one for one in library(session) if one.shared_at and Month.of(one.shared_at, zone) == month]
    blocks: list[Block] = []
    for one in shown:
        place = f"（{one.department.name}）" if one.department else ""
        blocks += [Heading(f"{one.title}{place}"), Text(one.story)]
        if one.lesson:
            blocks.append(Text(f"{text('good_cases.lesson', language)}：{one.lesson}"))
    if not blocks:
        blocks.append(Text(text("good_cases.no_newsletter", language)))
    today: date = local_day(now, zone)
    return Paper(
        title=text("good_cases.newsletter_title", language, hospital=settings.hospital.name),
        subtitle=text("reports.month", language, year=month.year, number=month.number),
        blocks=[*blocks, Text(text("good_cases.newsletter_note", language), quiet=True)],
        foot=text("reports.foot", language, hospital=settings.hospital.name, day=today.isoformat()),
    )


def plain(paper: Paper) -> str:
    """The newsletter as words alone, for a group or the intranet."""
    lines = [f"【{paper.title}】{paper.subtitle}"]
    for block in paper.blocks:
        if isinstance(block, Heading):
            lines.append(f"\n■ {block.text}")
        elif isinstance(block, Text):
            lines.append(block.text)
    return "\n".join(lines) + "\n"


def _agreed(session: Session, good_id: int) -> GoodCase:
    found = get(session, good_id)
    if found.case.card_consent is False or found.case.state in {"merged", "withdrawn"}:
        raise NotAllowed("good_cases.not_agreed", number=found.case.number)
    return found


def _note(session: Session, found: GoodCase, action: str, by: str, now: datetime) -> None:
    session.flush()
    audit.write(session, actor=by, action=action, subject=found.case.number or "", now=now)


def _fit(session: Session, typed: str, most: int, *, needed: bool = True) -> str:
    """Short, and without anything by which a patient or a colleague could be known."""
    words = clean(typed)
    if not words and needed:
        raise Refused("good_cases.words_needed")
    if len(words) > most:
        raise Refused("good_cases.too_long", most=most, length=len(words))
    names = session.scalars(select(ServicePoint.name).where(ServicePoint.kind == "staff"))
    if words and (
        case_words.taken_in(session, words).original or any(name in words for name in names if len(name) > 1)
    ):
        raise Refused("good_cases.names")
    return words
