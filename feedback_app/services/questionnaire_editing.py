"""Writing the question set: one draft beside the published version; versions that were published never change again."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.question_logic import check_logic
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaire_drafts import Body, Change
from feedback_app.errors import Conflict, NotFound, Refused
from feedback_app.services import audit, questionnaires
from feedback_app.services.questionnaires import DEFAULT

DRAFT = "draft"
PUBLISHED = "published"
RETIRED = "retired"

_STEPS: Mapping[str, Callable[[Body, Sequence[str]], Body]] = {
    "up": lambda body, at: drafts.moved(body, at[0], -1),
    "down": lambda body, at: drafts.moved(body, at[0], 1),
    "remove": lambda body, at: drafts.removed(body, at[0]),
    "option-add": lambda body, at: drafts.option_added(body, at[0]),
    "option-remove": lambda body, at: drafts.option_removed(body, at[0], at[1]),
    "option-up": lambda body, at: drafts.option_moved(body, at[0], at[1], -1),
    "option-down": lambda body, at: drafts.option_moved(body, at[0], at[1], 1),
}


def draft(session: Session) -> QuestionnaireVersion | None:
    """The draft, if somebody has begun one."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == DEFAULT, QuestionnaireVersion.state == DRAFT)
    return session.scalar(query.order_by(QuestionnaireVersion.id.desc()).limit(1))


def working_body(session: Session) -> Body:
    """The draft, else the published version as the draft it would become."""
    begun = draft(session)
    return dict(begun.body) if begun else dict(questionnaires.current(session)[0].body)


def digest(body: Body) -> str:
    """Names one state of a draft, so that a page knows whether somebody else changed it."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def edit(
    session: Session, fields: Mapping[str, str], step: str, *, seen: str, by: str, now: datetime
) -> QuestionnaireVersion:
    """Keep what was typed and do one step: ``save``, ``add:<kind>``, ``up:<key>``, ``option-remove:<key>:<value>`` …

    Raises Conflict ``questions.moved`` when the draft is not the one of the page; Refused ``questions.*`` when the step
    cannot be done (``save`` always can).
    """
    body = working_body(session)
    if digest(body) != seen:
        raise Conflict("questions.moved")
    body = _step(session, drafts.typed(body, fields), step)
    return _store(session, body, by, now)


def _step(session: Session, body: Body, step: str) -> Body:
    name, *at = step.split(":")
    if name == "add" and at:
        return drafts.added(body, at[0], _ever_used(session))
    done = _STEPS.get(name)
    needed = 2 if name.startswith("option-") and name != "option-add" else 1
    return done(body, at) if done and len(at) >= needed else body


def _ever_used(session: Session) -> set[str]:
    bodies = session.scalars(select(QuestionnaireVersion.body).where(QuestionnaireVersion.key == DEFAULT))
    return {question["key"] for body in bodies for question in body["question"]}


def _store(session: Session, body: Body, by: str, now: datetime) -> QuestionnaireVersion:
    begun = draft(session)
    if begun is None:
        begun = QuestionnaireVersion(key=DEFAULT, number=_next_number(session), state=DRAFT, body=body, created_at=now)
        session.add(begun)
    begun.body, begun.created_by, begun.created_at = body, by, now
    session.flush()
    return begun


def _next_number(session: Session) -> int:
    query = select(func.max(QuestionnaireVersion.number)).where(QuestionnaireVersion.key == DEFAULT)
    return (session.scalar(query) or 0) + 1


def pending(session: Session) -> list[Change]:
    """What publishing the draft would change; empty without a draft."""
    begun = draft(session)
    return drafts.changes(questionnaires.current(session)[0].body, begun.body) if begun else []


def publish(session: Session, *, seen: str, note: str, by: str, now: datetime) -> QuestionnaireVersion:
    """Patients see the draft from now on; forms that are already open are still read by the version they were made from.

    Raises Conflict ``questions.moved`` or ``questions.nothing_to_publish``, Refused ``questions.not_ready``.
    """
    begun = draft(session)
    if begun is None or not pending(session):
        raise Conflict("questions.nothing_to_publish")
    if digest(begun.body) != seen:
        raise Conflict("questions.moved")
    if drafts.problems(begun.body):
        raise Refused("questions.not_ready")
    check_logic(from_body(begun.body))
    questionnaires.current(session)[0].state = RETIRED
    begun.state, begun.note = PUBLISHED, note.strip()[:200]
    begun.published_at, begun.published_by = now, by
    audit.write(session, actor=by, action="questions.published", subject=f"v{begun.number}", now=now)
    session.flush()
    return begun


def discard(session: Session, *, by: str, now: datetime) -> None:
    """Throw the draft away; what patients see stays."""
    begun = draft(session)
    if begun is not None:
        session.delete(begun)
        audit.write(session, actor=by, action="questions.discarded", subject=f"v{begun.number}", now=now)
        session.flush()


def restore(session: Session, version_id: int, *, by: str, now: datetime) -> QuestionnaireVersion:
    """Take an old version as the draft. Raises NotFound ``questions.no_version``, Conflict ``questions.draft_exists``."""
    old = version(session, version_id)
    if draft(session) is not None:
        raise Conflict("questions.draft_exists")
    audit.write(session, actor=by, action="questions.restored", subject=f"v{old.number}", now=now)
    return _store(session, dict(old.body), by, now)


def version(session: Session, version_id: int) -> QuestionnaireVersion:
    """A version that is or was published. Raises NotFound ``questions.no_version``."""
    found = session.get(QuestionnaireVersion, version_id)
    if found is None or found.key != DEFAULT or found.state == DRAFT:
        raise NotFound("questions.no_version")
    return found


def history(session: Session) -> Sequence[QuestionnaireVersion]:
    """Published versions, newest first."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == DEFAULT, QuestionnaireVersion.state != DRAFT)
    return session.scalars(query.order_by(QuestionnaireVersion.number.desc())).all()
