"""Writing the question set: one draft beside the published version; versions that were published never change again."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion, published
from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.comparability import Trend, levels_compare, trends
from feedback_app.domain.question_logic import check_logic, effort
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


def draft(session: Session, key: str = DEFAULT) -> QuestionnaireVersion | None:
    """The draft, if somebody has begun one."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == key, QuestionnaireVersion.state == DRAFT)
    return session.scalar(query.order_by(QuestionnaireVersion.id.desc()).limit(1))


def working_body(session: Session, key: str = DEFAULT) -> Body:
    """The draft, else the published version as the draft it would become. Raises NotFound ``questions.no_set``."""
    begun = draft(session, key)
    return dict(begun.body) if begun else dict(questionnaires.latest(session, key).body)


def digest(body: Body) -> str:
    """Names one state of a draft, so that a page knows whether somebody else changed it."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def edit(
    session: Session, fields: Mapping[str, str], step: str, *, seen: str, by: str, now: datetime, key: str = DEFAULT
) -> QuestionnaireVersion:
    """Keep what was typed and do one step: ``save``, ``add:<kind>``, ``up:<key>``, ``option-remove:<key>:<value>`` …

    Raises Conflict ``questions.moved`` when the draft is not the one of the page; Refused ``questions.*`` when the step
    cannot be done (``save`` always can).
    """
    body = working_body(session, key)
    if digest(body) != seen:
        raise Conflict("questions.moved")
    body = _step(session, drafts.typed(body, fields), step, key)
    return store(session, body, by, now, key)


def _step(session: Session, body: Body, step: str, key: str) -> Body:
    name, *at = step.split(":")
    if name == "add" and at:
        return drafts.added(body, at[0], _ever_used(session, key))
    done = _STEPS.get(name)
    needed = 2 if name.startswith("option-") and name != "option-add" else 1
    return done(body, at) if done and len(at) >= needed else body


def _ever_used(session: Session, key: str) -> set[str]:
    bodies = session.scalars(select(QuestionnaireVersion.body).where(QuestionnaireVersion.key == key))
    return {question["key"] for body in bodies for question in body["question"]}


def store(session: Session, body: Body, by: str, now: datetime, key: str = DEFAULT) -> QuestionnaireVersion:
    """Keep ``body`` as the draft."""
    begun = draft(session, key)
    if begun is None:
        begun = QuestionnaireVersion(key=key, number=_next_number(session, key), state=DRAFT, body=body, created_at=now)
        session.add(begun)
    begun.body, begun.created_by, begun.created_at = body, by, now
    session.flush()
    return begun


def _next_number(session: Session, key: str) -> int:
    query = select(func.max(QuestionnaireVersion.number)).where(QuestionnaireVersion.key == key)
    return (session.scalar(query) or 0) + 1


def pending(session: Session, key: str = DEFAULT) -> list[Change]:
    """What publishing the draft would change; empty without a draft."""
    begun, now = draft(session, key), published(session, key)
    if begun is None:
        return []
    return drafts.changes(now.body if now else {"title": {}, "question": []}, begun.body)


@dataclass(frozen=True)
class Impact:
    """What publishing does to what is already known: ``trends`` by question, whether levels still compare, and how many
    questions each level opens."""

    trends: Sequence[Trend]
    levels_compare: bool
    effort: Mapping[int, int]

    @property
    def is_even(self) -> bool:
        return len(set(self.effort.values())) < 2


def impact(session: Session, begun: QuestionnaireVersion) -> Impact:
    """Of publishing this draft. Raises Refused ``questions.*`` when it is no question set yet."""
    after, before = from_body(begun.body), published(session, begun.key)
    if before is None:
        return Impact((), True, effort(after))
    old = from_body(before.body)
    return Impact(trends(old, after), levels_compare(old, after), effort(after))


def publish(
    session: Session, *, seen: str, note: str, by: str, now: datetime, key: str = DEFAULT
) -> QuestionnaireVersion:
    """Patients see the draft from now on; forms that are already open are still read by the version they were made from.

    Raises Conflict ``questions.moved`` or ``questions.nothing_to_publish``, Refused ``questions.not_ready``.
    """
    begun, before = draft(session, key), published(session, key)
    if begun is None or (before is not None and before.body == begun.body):
        raise Conflict("questions.nothing_to_publish")
    if digest(begun.body) != seen:
        raise Conflict("questions.moved")
    if drafts.problems(begun.body):
        raise Refused("questions.not_ready")
    check_logic(from_body(begun.body))
    if before is not None:
        before.state = RETIRED
    begun.state, begun.note = PUBLISHED, note.strip()[:200]
    begun.published_at, begun.published_by = now, by
    audit.write(session, actor=by, action="questions.published", subject=_name(begun), now=now)
    session.flush()
    return begun


def discard(session: Session, *, by: str, now: datetime, key: str = DEFAULT) -> None:
    """Throw the draft away; what patients see stays."""
    begun = draft(session, key)
    if begun is not None:
        session.delete(begun)
        audit.write(session, actor=by, action="questions.discarded", subject=_name(begun), now=now)
        session.flush()


def restore(session: Session, version_id: int, *, by: str, now: datetime) -> QuestionnaireVersion:
    """Take an old version as the draft. Raises NotFound ``questions.no_version``, Conflict ``questions.draft_exists``."""
    old = version(session, version_id)
    if draft(session, old.key) is not None:
        raise Conflict("questions.draft_exists")
    audit.write(session, actor=by, action="questions.restored", subject=_name(old), now=now)
    return store(session, dict(old.body), by, now, old.key)


def version(session: Session, version_id: int) -> QuestionnaireVersion:
    """A version that is or was published. Raises NotFound ``questions.no_version``."""
    found = session.get(QuestionnaireVersion, version_id)
    if found is None or found.state == DRAFT:
        raise NotFound("questions.no_version")
    return found


def history(session: Session, key: str = DEFAULT) -> Sequence[QuestionnaireVersion]:
    """Published versions, newest first."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == key, QuestionnaireVersion.state != DRAFT)
    return session.scalars(query.order_by(QuestionnaireVersion.number.desc())).all()


def _name(version: QuestionnaireVersion) -> str:
    number = f"v{version.number}"
    return number if version.key == DEFAULT else f"{version.key} {number}"
