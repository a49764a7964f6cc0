"""Question sets as a whole: listed, read from files, written to files."""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db import questionnaires as rows
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain import neutral, neutral_writing, toml_places
from feedback_app.domain.question_logic import check_logic
from feedback_app.domain.questionnaire_bodies import from_body, to_body
from feedback_app.domain.questionnaires import Questionnaire, check
from feedback_app.domain.toml_writing import dumps
from feedback_app.errors import Refused
from feedback_app.services import audit, question_publishing, questionnaire_editing, questionnaires

LARGEST_FILE = 1024 * 1024


@dataclass(frozen=True)
class Listed:
    """One question set: its name, title, how many questions, the published version and whether a draft waits."""

    key: str
    title: str
    questions: int
    number: int | None
    version_id: int
    has_draft: bool


def listed(session: Session) -> list[Listed]:
    """All question sets, by name."""
    drafts = set(session.scalars(select(QuestionnaireVersion.key).where(QuestionnaireVersion.state == "draft")))
    return [_listed(questionnaires.latest(session, key), drafts) for key in sorted(rows.keys(session))]


def _listed(version: QuestionnaireVersion, drafts: set[str]) -> Listed:
    title, number = version.body["title"].get("zh", ""), version.number if version.state == "published" else None
    return Listed(version.key, title, len(version.body["question"]), number, version.id, version.key in drafts)


def key_of(name: str) -> str:
    """A question set's name from a file's: ``Outpatient 2019.toml`` -> ``outpatient_2019``."""
    return questionnaires.plain_key(PurePath(name).name.rsplit(".", 1)[0]) or "imported"


def read(data: bytes, key: str) -> Questionnaire:
    """A question set from a file in our own form or in the neutral notation.

    Raises Refused: ``questions.bad_toml``, ``questions.nothing_inside``, ``questions.bad_item`` and every other that a
    question set can be refused with; each names its place, with ``line`` (from 1) where there is one line to look at.
    """
    if len(data) > LARGEST_FILE:
        raise Refused("questions.bad_toml", why=f"> {LARGEST_FILE // 1024} KB")
    text = data.decode("utf-8-sig", errors="replace")
    try:
        return _read(data, key)
    except Refused as refused:
        line = toml_places.line_of(text, refused.code, refused.params)
        raise Refused(refused.code, **refused.params, **({} if line is None else {"line": line})) from None


def _read(data: bytes, key: str) -> Questionnaire:
    try:
        body = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused("questions.bad_toml", why=f"UTF-8, at line {line}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Refused("questions.bad_toml", why=str(error)[:120]) from None
    if "question" in body:
        made = from_body({"key": key, **body})
    elif neutral.is_neutral(body):
        made = neutral.from_neutral(body, key)
    else:
        raise Refused("questions.nothing_inside")
    try:
        check(made)
        check_logic(made)
    except Refused as refused:
        raise Refused(refused.code, **_in_the_author_s_words(made, refused)) from None
    return from_body({**to_body(made), "key": key})


def _in_the_author_s_words(made: Questionnaire, refused: Refused) -> dict[str, object]:
    """The refusal with the number the file gives the question."""
    one = made.question(str(refused.params.get("key", "")))
    return {**refused.params, **({"no": str(one.source["no"])} if one and "no" in one.source else {})}


def take(session: Session, made: Questionnaire, *, publish: bool, by: str, now: datetime) -> QuestionnaireVersion:
    """Keep the set as its draft, and publish it where asked. The same content again changes nothing."""
    body = to_body(made)
    known = rows.published(session, made.key)
    if known is not None and known.body == body:
        return known
    kept = questionnaire_editing.store(session, body, by, now, made.key, did="import")
    audit.write(
        session, actor=by, action="questions.imported", subject=made.key, now=now, questions=len(made.questions)
    )
    if not publish:
        return kept
    seen = questionnaire_editing.digest(body)
    return question_publishing.publish(session, seen=seen, note="", by=by, now=now, key=made.key)


def written(session: Session, key: str, *, as_neutral: bool = False, draft: bool = False) -> str:
    """The set as TOML, in our own form or in the neutral notation: its published version, or with ``draft`` (and where it
    was never published) its draft.

    Raises NotFound ``questions.no_set``, Refused ``questions.*`` for a draft that is no question set yet.
    """
    body = questionnaire_editing.working_body(session, key) if draft else questionnaires.latest(session, key).body
    made = from_body(body)
    return dumps(neutral_writing.to_neutral(made) if as_neutral else to_body(made))


def free_key(session: Session, title: str) -> str:
    """A name for a new set that no other has."""
    plain = questionnaires.plain_key(title)[:30] or "set"
    taken = rows.keys(session)
    number = next(
        number for number in range(1, len(taken) + 2) if (f"{plain}_{number}" if number > 1 else plain) not in taken
    )
    return f"{plain}_{number}" if number > 1 else plain
