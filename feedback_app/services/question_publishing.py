"""From a draft to what patients see: by one person, or asked for by one and done by another; and back to an old version.

Versions that were published never change again: ratings refer to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion, published
from feedback_app.domain import draft_problems
from feedback_app.domain.comparability import Trend, levels_compare, trends
from feedback_app.domain.question_logic import check_logic, effort
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaire_changes import Change, changes
from feedback_app.domain.questionnaire_drafts import empty
from feedback_app.errors import Conflict, NotAllowed, NotFound, Refused
from feedback_app.services import audit, draft_history
from feedback_app.services.questionnaire_editing import DRAFT, digest, draft, store
from feedback_app.services.questionnaires import DEFAULT

PUBLISHED = "published"
RETIRED = "retired"


def pending(session: Session, key: str = DEFAULT, language: str = "zh") -> list[Change]:
    """What publishing the draft would change; empty without a draft."""
    begun, now = draft(session, key), published(session, key)
    if begun is None:
        return []
    return changes(now.body if now else empty(key, ""), begun.body, language)


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
    return between(before, begun)


def between(before: QuestionnaireVersion, after: QuestionnaireVersion) -> Impact:
    """Of having one version instead of the other. Raises Refused ``questions.*`` when one is no question set."""
    old, new = from_body(before.body), from_body(after.body)
    return Impact(trends(old, new), levels_compare(old, new), effort(new))


def ready(session: Session, key: str, seen: str) -> QuestionnaireVersion:
    """The draft that could be published. Raises Conflict ``questions.nothing_to_publish`` or ``questions.moved``, Refused
    ``questions.not_ready``."""
    begun, before = draft(session, key), published(session, key)
    if begun is None or (before is not None and before.body == begun.body):
        raise Conflict("questions.nothing_to_publish")
    if digest(begun.body) != seen:
        raise Conflict("questions.moved")
    if draft_problems.problems(begun.body):
        raise Refused("questions.not_ready")
    check_logic(from_body(begun.body))
    return begun


def ask(session: Session, *, seen: str, note: str, by: str, now: datetime, key: str = DEFAULT) -> QuestionnaireVersion:
    """Ask a second person to publish the draft as it is; changing it takes the request back. Raises as :func:`ready`."""
    begun = ready(session, key, seen)
    begun.asked_by, begun.asked_at, begun.asked_note = by, now, note.strip()[:200]
    begun.returned_by, begun.returned_note = "", ""
    audit.write(session, actor=by, action="questions.asked", subject=name(begun), now=now)
    session.flush()
    return begun


def hand_back(session: Session, *, note: str, by: str, now: datetime, key: str = DEFAULT) -> None:
    """The second person does not publish it and says why. Raises Conflict ``questions.nobody_asked``, Refused
    ``questions.no_reason``."""
    begun = draft(session, key)
    if begun is None or not begun.asked_by:
        raise Conflict("questions.nobody_asked")
    if not note.strip():
        raise Refused("questions.no_reason")
    begun.returned_by, begun.returned_note = by, note.strip()[:200]
    begun.asked_by, begun.asked_at, begun.asked_note = "", None, ""
    audit.write(session, actor=by, action="questions.returned", subject=name(begun), now=now)
    session.flush()


def waiting(session: Session) -> Sequence[QuestionnaireVersion]:
    """Drafts that wait for a second person, the longest first."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.state == DRAFT, QuestionnaireVersion.asked_by != "")
    return session.scalars(query.order_by(QuestionnaireVersion.asked_at)).all()


def publish(
    session: Session,
    *,
    seen: str,
    note: str,
    by: str,
    now: datetime,
    key: str = DEFAULT,
    second_person: bool = False,
) -> QuestionnaireVersion:
    """Patients see the draft from now on; forms that are already open are still read by the version they were made from.

    Raises as :func:`ready`; with ``second_person`` also NotAllowed ``questions.needs_second`` unless somebody else asked
    for this very draft.
    """
    begun, before = ready(session, key, seen), published(session, key)
    if second_person and begun.asked_by in {"", by}:
        raise NotAllowed("questions.needs_second")
    if before is not None:
        before.state = RETIRED
    begun.state, begun.note = PUBLISHED, (note.strip() or begun.asked_note)[:200]
    begun.published_at, begun.published_by = now, by
    begun.returned_by, begun.returned_note = "", ""
    draft_history.forget(session, begun)
    audit.write(session, actor=by, action="questions.published", subject=name(begun), now=now)
    session.flush()
    return begun


def discard(session: Session, *, by: str, now: datetime, key: str = DEFAULT) -> None:
    """Throw the draft away; what patients see stays."""
    begun = draft(session, key)
    if begun is not None:
        draft_history.forget(session, begun)
        session.delete(begun)
        audit.write(session, actor=by, action="questions.discarded", subject=name(begun), now=now)
        session.flush()


def restore(session: Session, version_id: int, *, by: str, now: datetime) -> QuestionnaireVersion:
    """Take an old version as the draft; a draft there was can be had back by undoing. Raises NotFound
    ``questions.no_version``."""
    old = version(session, version_id)
    audit.write(session, actor=by, action="questions.restored", subject=name(old), now=now)
    return store(session, dict(old.body), by, now, old.key, did=f"restore:{old.number}")


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


def name(version: QuestionnaireVersion) -> str:
    """A version as the audit log calls it."""
    number = f"v{version.number}"
    return number if version.key == DEFAULT else f"{version.key} {number}"
