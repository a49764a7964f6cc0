"""Erasing what need not be kept any longer (个人信息保护法 Art. 19, 47): words and pictures after ``text_months``, contacts after
``contact_months``. Levels, counts and the evidence log stay: its digests hold for erased words too.

Words of ratings go month by month, in small transactions, so that nobody who rates at that moment waits for long.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from feedback_app.db.case_grams import CaseGram
from feedback_app.db.case_media import CaseMedia
from feedback_app.db.case_privacy import CaseRelease
from feedback_app.db.case_secrets import CaseSecret
from feedback_app.db.complaints import Case, CaseEvent
from feedback_app.db.pictures import Picture
from feedback_app.db.ratings import Rating
from feedback_app.domain.erasure import without_words
from feedback_app.domain.periods import Month
from feedback_app.services import audit, periodic, questionnaires
from feedback_app.settings import Privacy

BATCH = 500
_DONE = "words"  # kind of the row that says that a month's words are gone


def months_due(session: Session, privacy: Privacy, zone: ZoneInfo, now: datetime) -> list[str]:
    """Months whose ratings still hold words although ``text_months`` have passed since they ended, oldest first."""
    first = session.scalar(select(func.min(Rating.period)))
    if first is None:
        return []
    due, month, last = [], Month.parse(first), Month.of(now, zone).shifted(-privacy.text_months - 1)
    while month <= last:
        if not periodic.is_done(session, _DONE, str(month)):
            due.append(str(month))
        month = month.shifted(1)
    return due


def erase_words(session: Session, month: str, after: int) -> int | None:
    """Erase the words of the month's next ratings; the id to go on after, None when there were no more."""
    rows = session.scalars(
        select(Rating).where(Rating.period == month, Rating.id > after).order_by(Rating.id).limit(BATCH)
    ).all()
    for rating in rows:
        if rating.answers_salt:
            asked = questionnaires.by_id(session, rating.questionnaire_version_id or 0)
            rating.answers = without_words(asked, rating.answers)
            rating.comment, rating.answers_salt = "", ""
    session.flush()
    return rows[-1].id if rows else None


def month_done(session: Session, month: str, zone: ZoneInfo, now: datetime) -> None:
    """All of the month's words are gone; its pictures too."""
    session.execute(delete(Picture).where(Picture.received_at < Month.parse(month).ends(zone)))
    if periodic.take(session, _DONE, month, now):
        audit.write(session, actor="system", action="privacy.words_erased", subject=month, now=now)


def erase_cases(session: Session, privacy: Privacy, zone: ZoneInfo, now: datetime) -> dict[str, int]:
    """Contacts and names of cases closed ``contact_months`` ago, words and media of those closed ``text_months`` ago.

    Open cases keep everything: somebody is waiting for an answer.
    """
    month = Month.of(now, zone)
    contacts_before = month.shifted(-privacy.contact_months).starts(zone)
    words_before = month.shifted(-privacy.text_months).starts(zone)
    erased = {
        "contacts": _forget_people(session, contacts_before),
        "words": _forget_words(session, words_before),
    }
    if any(erased.values()):
        audit.write(
            session,
            actor="system",
            action="privacy.cases_erased",
            now=now,
            contacts=str(erased["contacts"]),
            words=str(erased["words"]),
        )
    return erased


def _forget_people(session: Session, before: datetime) -> int:
    sealed = select(CaseSecret.id).where(CaseSecret.case_id == Case.id).exists()
    ids = session.scalars(
        select(Case.id).where(Case.closed_at < before, sealed | Case.complainant_hash.is_not(None))
    ).all()
    session.execute(delete(CaseSecret).where(CaseSecret.case_id.in_(ids)))
    session.execute(update(Case).where(Case.id.in_(ids)).values(has_contact=False, complainant_hash=None))
    return len(ids)


def _forget_words(session: Session, before: datetime) -> int:
    ids = session.scalars(select(Case.id).where(Case.closed_at < before, Case.text != "")).all()
    session.execute(update(Case).where(Case.id.in_(ids)).values(text="", handling_words=""))
    session.execute(update(CaseEvent).where(CaseEvent.case_id.in_(ids)).values(text="", salt=""))
    session.execute(update(CaseRelease).where(CaseRelease.case_id.in_(ids)).values(text=""))
    session.execute(delete(CaseGram).where(CaseGram.case_id.in_(ids)))  # what was searched in is words too
    session.execute(delete(CaseMedia).where(CaseMedia.case_id.in_(ids)))
    return len(ids)
