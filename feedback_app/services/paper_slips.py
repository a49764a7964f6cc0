"""Slips of paper: printed with numbers, filled in by hand, typed in once by a volunteer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app import texts
from feedback_app.db.directory import ServicePoint
from feedback_app.db.paper_slips import PaperSlip
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain import slip_numbers
from feedback_app.domain.answers import read_answers
from feedback_app.domain.question_logic import drawn, when
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import Questionnaire, type_of
from feedback_app.domain.questions._base import Form, Question, words_of
from feedback_app.domain.questions.level import LEVELS
from feedback_app.domain.questions.scale import ends
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, questionnaires, ratings
from feedback_app.services.ratings import Accepted, Submission
from feedback_app.settings import Settings
from qr.slip_words import Asked, Slip

MOST_AT_ONCE = 200
_LINED = {"text": 3, "short_text": 1, "number": 1, "date": 1}
NOT_ON_PAPER = frozenset({"picture"})


@dataclass(frozen=True)
class Waiting:
    """A slip that is being typed in."""

    number: str
    point: ServicePoint
    asked: Questionnaire
    version_id: int
    form_key: str


def print_slips(session: Session, point: ServicePoint, count: int, *, by: str, now: datetime) -> list[PaperSlip]:
    """New numbers for slips of the set that is asked at this service point now. Raises Refused ``paper.bad_count``."""
    if not 1 <= count <= MOST_AT_ONCE or not point.active:
        raise Refused("paper.bad_count", most=MOST_AT_ONCE)
    version, _ = questionnaires.for_point(session, point, now)
    made = [
        PaperSlip(service_point_id=point.id, version_id=version.id, printed_at=now, printed_by=by) for _ in range(count)
    ]
    session.add_all(made)
    session.flush()
    subject = f"{point.kind}:{point.key}"
    audit.write(session, actor=by, action="paper.printed", subject=subject, now=now, first=made[0].id, last=made[-1].id)
    return made


def document(session: Session, slips: Sequence[PaperSlip], settings: Settings, language: str, now: datetime) -> bytes:
    """The slips as a PDF, one A5 page and as many more as its questions need."""
    printed = [_slip(session, slip, settings, language) for slip in slips]
    made: bytes = _paper().pdf(printed, title=texts.text("paper.title", language), created=now)
    return made


def _paper() -> ModuleType:
    """Loaded when the first slip is printed, like the sheets of codes."""
    from qr import slip_paper  # noqa: PLC0415

    return slip_paper


def sample(asked: Questionnaire, settings: Settings, language: str, now: datetime) -> bytes:
    """A set as it would be on paper, marked as a sample instead of a number: nobody can type it in."""
    title = words_of(asked.title, language)
    name = settings.hospital.name_en or settings.hospital.name if language == "en" else settings.hospital.name
    listed = tuple(_asked(asked, one, language) for one in asked.questions if one.kind not in NOT_ON_PAPER)
    slip = Slip(texts.text("paper.sample", language), name, title, "", texts.text("paper.promise", language), listed)
    made: bytes = _paper().pdf([slip], title=title, created=now)
    return made


def _slip(session: Session, slip: PaperSlip, settings: Settings, language: str) -> Slip:
    version = session.get_one(QuestionnaireVersion, slip.version_id)
    asked, point = from_body(version.body), slip.service_point
    listed = [one for one in drawn(asked, form_key(slip.id)) if one.kind not in NOT_ON_PAPER]
    parts = (point.title, point.department.name if point.department else "")
    return Slip(
        number=slip_numbers.written(slip.id),
        hospital=settings.hospital.name_en or settings.hospital.name if language == "en" else settings.hospital.name,
        name=point.name,
        place=" · ".join(part for part in parts if part),
        promise=texts.text("paper.promise", language),
        questions=tuple(_asked(asked, one, language) for one in listed),
    )


def _asked(made: Questionnaire, one: Question, language: str) -> Asked:
    about, answers = when(made, one, language) if one.show_if else ("", "")
    note = texts.text("questions.if_is", language, question=about, answers=answers) if about else ""
    rows = tuple(words_of(row.text, language) for row in one.rows)
    unit = words_of(one.unit, language)
    heading = not type_of(one).asks
    return Asked(
        words_of(one.text, language), note, _boxes(one, language), rows, _LINED.get(one.kind, 0), unit, heading
    )


def _boxes(one: Question, language: str) -> tuple[str, ...]:
    kind = type_of(one)
    if one.kind == "level":
        return tuple(kind.said(one, int(level), language) for level in LEVELS)
    if one.kind == "scale":
        low, high = ends(one)
        return tuple(map(str, range(low, high + 1))) if high - low <= 20 else ()
    if one.kind in {"yesno", "consent"}:
        return tuple(kind.said(one, value, language) for value in kind.possible(one) or ())
    return tuple(words_of(option.text, language) for option in one.options)


def form_key(number: int) -> str:
    """What draws the questions of a slip: the same on paper and when it is typed in."""
    return f"slip-{number:06d}"


def find(session: Session, typed: str) -> Waiting:
    """The slip to type in. Raises Refused ``paper.misread``, NotFound ``paper.unknown``, Conflict ``paper.typed`` when it has
    been typed in already."""
    slip = _slip_row(session, typed)
    if slip.typed_at is not None:
        raise Conflict("paper.typed", number=slip_numbers.written(slip.id), by=slip.typed_by)
    version = session.get_one(QuestionnaireVersion, slip.version_id)
    asked = from_body(version.body)
    return Waiting(slip_numbers.written(slip.id), slip.service_point, asked, version.id, form_key(slip.id))


def _slip_row(session: Session, typed: str) -> PaperSlip:
    slip = session.get(PaperSlip, slip_numbers.read(typed))
    if slip is None:
        raise NotFound("paper.unknown")
    return slip


def type_in(
    session: Session, typed: str, form: Form, runtime_settings: Settings, *, by: str, now: datetime
) -> Accepted:
    """One slip is one rating, whoever types it how often. Raises what :func:`find` and ``read_answers`` raise."""
    waiting = find(session, typed)
    answers = read_answers(waiting.asked, form, waiting.form_key)
    number = slip_numbers.read(typed)
    accepted = ratings.submit(
        session,
        Submission(
            point_id=waiting.point.id,
            score=answers.score,
            channel="paper",
            idempotency_key=f"slip:{number}",
            comment=answers.comment,
            answers=answers.values,
            version_id=waiting.version_id,
        ),
        zone=runtime_settings.hospital.zone,
        now=now,
    )
    slip = session.get_one(PaperSlip, number)
    slip.typed_at, slip.typed_by = now, by
    slip.rating_id = session.scalar(select(Rating.id).where(Rating.receipt == accepted.receipt))
    audit.write(session, actor=by, action="paper.typed", subject=waiting.number, now=now)
    session.flush()
    return accepted


def counts(session: Session) -> tuple[int, int]:
    """How many slips were printed, and how many of them have been typed in."""
    printed, typed = session.execute(select(func.count(PaperSlip.id), func.count(PaperSlip.typed_at))).one()
    return printed, typed
