"""Writing the question set: one draft beside the published version; every step of it can be undone."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain import draft_conditions, draft_fields
from feedback_app.domain import questionnaire_drafts as drafts
from feedback_app.domain.questionnaire_drafts import Body
from feedback_app.errors import Conflict, Refused
from feedback_app.services import draft_history, questionnaires
from feedback_app.services.questionnaires import DEFAULT

DRAFT = "draft"
Fields = Mapping[str, Sequence[str]]

_STEPS: Mapping[str, tuple[int, Callable[[Body, Sequence[str], Fields], Body]]] = {
    "up": (1, lambda body, at, _: drafts.moved(body, at[0], -1)),
    "down": (1, lambda body, at, _: drafts.moved(body, at[0], 1)),
    "place": (2, lambda body, at, _: drafts.placed(body, at[0], _count(at[1]))),
    "remove": (1, lambda body, at, _: drafts.removed(body, at[0])),
    "overall": (1, lambda body, at, _: drafts.judged_by(body, at[0])),
    "kind": (1, lambda body, at, fields: drafts.turned_into(body, at[0], _said(fields, f"{at[0]}.kind"))),
    "scores-percent": (1, lambda body, at, _: drafts.scored(body, at[0], percent=True)),
    "scores-count": (1, lambda body, at, _: drafts.scored(body, at[0], percent=False)),
    "yesno-own": (1, lambda body, at, _: drafts.yes_and_no(body, at[0], own=True)),
    "yesno-plain": (1, lambda body, at, _: drafts.yes_and_no(body, at[0], own=False)),
    "option-add": (1, lambda body, at, _: drafts.option_added(body, at[0])),
    "option-paste": (1, lambda body, at, fields: _pasted(body, at[0], fields, "options")),
    "option-remove": (2, lambda body, at, _: drafts.option_removed(body, at[0], at[1])),
    "option-up": (2, lambda body, at, _: drafts.option_moved(body, at[0], at[1], -1)),
    "option-down": (2, lambda body, at, _: drafts.option_moved(body, at[0], at[1], 1)),
    "row-add": (1, lambda body, at, _: drafts.option_added(body, at[0], "rows")),
    "row-paste": (1, lambda body, at, fields: _pasted(body, at[0], fields, "rows")),
    "row-remove": (2, lambda body, at, _: drafts.option_removed(body, at[0], at[1], "rows")),
    "row-up": (2, lambda body, at, _: drafts.option_moved(body, at[0], at[1], -1, "rows")),
    "row-down": (2, lambda body, at, _: drafts.option_moved(body, at[0], at[1], 1, "rows")),
    "if-add": (2, lambda body, at, _: draft_conditions.row_added(body, at[0], _path(at[1]), grouped=False)),
    "if-group": (2, lambda body, at, _: draft_conditions.row_added(body, at[0], _path(at[1]), grouped=True)),
    "if-remove": (2, lambda body, at, _: draft_conditions.part_removed(body, at[0], _path(at[1]))),
}
"""Step -> how many names follow it (question, then option, row or path of a condition), and what it does."""
_SCORING = ("option-", "scores-", "kind", "yesno-")


def _said(fields: Fields, name: str) -> str:
    return (fields.get(name) or [""])[-1]


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _path(text: str) -> str:
    return text if all(part.isascii() and part.isdigit() and len(part) < 4 for part in text.split(".")) else ""


def _pasted(body: Body, key: str, fields: Fields, part: str) -> Body:
    name = "paste" if part == "options" else "paste-rows"
    return drafts.options_pasted(body, key, _said(fields, f"{key}.{name}"), part)


def draft(session: Session, key: str = DEFAULT) -> QuestionnaireVersion | None:
    """The draft, if somebody has begun one."""
    query = select(QuestionnaireVersion).where(QuestionnaireVersion.key == key, QuestionnaireVersion.state == DRAFT)
    return session.scalar(query.order_by(QuestionnaireVersion.id.desc()).limit(1))


def working_body(session: Session, key: str = DEFAULT) -> Body:
    """The draft, else the published version as the draft it would become. Raises NotFound ``questions.no_set``."""
    begun = draft(session, key)
    return dict(begun.body) if begun else dict(questionnaires.latest(session, key).body)


def digest(part: object) -> str:
    """Names one state of a draft, or of a question in it, so that a page knows whether somebody else changed it."""
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Edited:
    """What an edit did: the draft, the question that was added or touched, what was typed and is no number, and whether
    somebody else had changed other places meanwhile."""

    draft: QuestionnaireVersion
    place: str = ""
    unread: tuple[str, ...] = ()
    merged: bool = False


def edit(
    session: Session, fields: Fields, step: str, *, seen: str, by: str, now: datetime, key: str = DEFAULT
) -> Edited:
    """Keep what was typed and do one step: ``save``, ``add:<kind>:<after>``, ``up:<key>``, ``option-remove:<key>:<value>`` …

    ``seen`` is the digest of the draft the page was made from; ``<key>.seen`` that of a question in it: a draft that
    somebody else changed elsewhere takes the words all the same. Raises Conflict ``questions.moved`` when the very
    question was changed; Refused ``questions.*`` when the step cannot be done (``save`` always can).
    """
    before = working_body(session, key)
    merged = digest(before) != seen
    if merged:
        _check_seen(before, fields)
    body = draft_fields.typed(before, fields)
    did = _typed_into(before, body) if body != before else ""
    after, place = _step(session, body, step, fields, key)
    kept = draft(session, key)
    if after != before or kept is None:
        kept = store(session, after, by, now, key, did=step if after != body or not did else did)
    return Edited(kept, place, tuple(draft_fields.unread(before, fields)), merged and bool(seen))


def _check_seen(body: Body, fields: Fields) -> None:
    """Raises Conflict ``questions.moved`` unless every part that is typed into is still as the page showed it."""
    touched = draft_fields.keys_typed(body, fields)
    if any(_said(fields, f"{key}.seen") != digest(drafts.find(body, key)) for key in touched):
        raise Conflict("questions.moved")
    of_the_set = any(name.startswith(("title.", "set.")) and name != "set.seen" for name in fields)
    if of_the_set and _said(fields, "set.seen") != digest(set_part(body)):
        raise Conflict("questions.moved")


def set_part(body: Body) -> Body:
    """What a draft says beside its questions."""
    return {name: value for name, value in body.items() if name != "question"}


def _typed_into(before: Body, after: Body) -> str:
    """Names the step of typing: ``type:<question>:<part>``, for undoing it and for joining it with the next."""
    for old, new in zip(before["question"], after["question"], strict=True):
        if old != new:
            part = next((name for name in new if old.get(name) != new[name]), "")
            return f"type:{new['key']}:{part}"
    return "type:"


def _step(session: Session, body: Body, step: str, fields: Fields, key: str) -> tuple[Body, str]:
    """The draft after the step, and the question that it was about."""
    name, *at = step.split(":", 2)
    if name in {"add", "duplicate"} and at:
        used = _ever_used(session, key)
        after = at[1] if len(at) > 1 else drafts.LAST
        made = drafts.added(body, at[0], used, after) if name == "add" else drafts.duplicated(body, at[0], used)
        old = {question["key"] for question in body["question"]}
        return made, next((one["key"] for one in made["question"] if one["key"] not in old), "")
    needed, done = _STEPS.get(name, (0, None))
    if done is None or len(at) < needed or drafts.find(body, at[0]) is None:
        return body, at[0] if at else ""
    made = done(body, at, fields)
    return (_rescored(body, made, at[0]) if name.startswith(_SCORING) else made), at[0]


def _rescored(before: Body, after: Body, key: str) -> Body:
    """Worst and best follow the scores of the options there are now, unless they had been set by hand."""
    old, question = drafts.find(before, key), drafts.find(after, key)
    if old is not None and question is not None and not draft_fields.has_own_range(old):
        draft_fields.follow(question)
    return after


def _ever_used(session: Session, key: str) -> set[str]:
    bodies = session.scalars(select(QuestionnaireVersion.body).where(QuestionnaireVersion.key == key))
    return {question["key"] for body in bodies for question in body["question"]}


def store(
    session: Session, body: Body, by: str, now: datetime, key: str = DEFAULT, *, did: str = "save"
) -> QuestionnaireVersion:
    """Keep ``body`` as the draft, as one step that can be undone. A request to publish ends with it."""
    begun = draft(session, key)
    if begun is None:
        is_new = not questionnaires.exists(session, key)
        before = body if is_new else questionnaires.latest(session, key).body
        number = _next_number(session, key)
        begun = QuestionnaireVersion(key=key, number=number, state=DRAFT, body=body, created_at=now, step=0)
        session.add(begun)
        session.flush()
        draft_history.begin(session, begun, before, by, now)
        if is_new:
            begun.created_by = by
            return begun
    _changed(begun, body, by, now)
    draft_history.keep(session, begun, did, by, now)
    return begun


def _changed(begun: QuestionnaireVersion, body: Body, by: str, now: datetime) -> None:
    begun.body, begun.created_by, begun.created_at = body, by, now
    begun.asked_by, begun.asked_at, begun.asked_note = "", None, ""


def go(session: Session, steps: int, *, seen: str, by: str, now: datetime, key: str = DEFAULT) -> str:
    """Undo (-1) or do again (1) one step of the draft; gives what it was.

    Raises Conflict ``questions.moved`` when the draft is not the one of the page, ``questions.nothing_to_undo``.
    """
    begun = draft(session, key)
    if begun is None:
        raise Conflict("questions.nothing_to_undo")
    if digest(begun.body) != seen:
        raise Conflict("questions.moved")
    done = draft_history.go(session, begun, steps)
    _changed(begun, begun.body, by, now)
    session.flush()
    return done.did


def _next_number(session: Session, key: str) -> int:
    query = select(func.max(QuestionnaireVersion.number)).where(QuestionnaireVersion.key == key)
    return (session.scalar(query) or 0) + 1


def create(session: Session, key: str, title: str, like: str, *, by: str, now: datetime) -> QuestionnaireVersion:
    """A new set as a draft: empty, or with the questions of another one. Raises Refused ``questions.bad_name``,
    ``questions.no_title`` or ``questions.name_taken``, NotFound ``questions.no_set``."""
    if not key or key != questionnaires.plain_key(key):
        raise Refused("questions.bad_name")
    if not title.strip():
        raise Refused("questions.no_title")
    if questionnaires.exists(session, key):
        raise Refused("questions.name_taken", key=key)
    body = drafts.empty(key, " ".join(title.split())[:200])
    if like:
        body = {**working_body(session, like), "key": key, "title": body["title"]}
    return store(session, body, by, now, key, did="create")
