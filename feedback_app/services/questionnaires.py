"""Question sets: what patients are asked now."""

import re
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from feedback_app.db import questionnaires
from feedback_app.db.directory import ServicePoint
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.domain.questionnaire_bodies import from_body, to_body
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.errors import NotFound
from feedback_app.services import question_rules

PRESETS = Path(__file__).parent.parent / "presets" / "questionnaires"
DEFAULT = "short"
_ALSO_ASKED = {"place": "place"}  # kinds that nobody serves at: what is asked where no rule says more


def preset_keys() -> list[str]:
    """The names of the question sets that come with the program, the default first."""
    return sorted((file.stem for file in PRESETS.glob("*.toml")), key=lambda name: (name != DEFAULT, name))


@cache
def preset(key: str) -> Questionnaire:
    """A question set that comes with the program."""
    body: dict[str, Any] = tomllib.loads((PRESETS / f"{key}.toml").read_text("utf-8"))
    return from_body(body)


def current(session: Session, key: str = DEFAULT) -> tuple[QuestionnaireVersion, Questionnaire]:
    """The published version and its content. ``install_presets`` has made sure that there is one."""
    version = questionnaires.published(session, key)
    if version is None:
        raise LookupError(f"no published version of {key}: run `service-star migrate`")
    return version, from_body(version.body)


def for_point(session: Session, point: ServicePoint, now: datetime) -> tuple[QuestionnaireVersion, Questionnaire]:
    """What is asked at this service point now: by the rules of ``question_rules``, else the default set."""
    version = question_rules.version_for(session, point, now)
    return (version, from_body(version.body)) if version else current(session, _ALSO_ASKED.get(point.kind, DEFAULT))


def latest(session: Session, key: str) -> QuestionnaireVersion:
    """The published version, else the newest of any state. Raises NotFound ``questions.no_set``."""
    found = questionnaires.published(session, key) or questionnaires.newest(session, key)
    if found is None:
        raise NotFound("questions.no_set", key=key[:40])
    return found


def exists(session: Session, key: str) -> bool:
    """Whether there is a set of this name, in any state."""
    return questionnaires.newest(session, key) is not None


def plain_key(name: str) -> str:
    """A name a set can have: small letters, figures and underscores, at most 40; "" when nothing of it is left."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]


def by_id(session: Session, version_id: int) -> Questionnaire | None:
    """The content of a version, whatever has been published since."""
    version = session.get(QuestionnaireVersion, version_id)
    return from_body(version.body) if version and version.state != "draft" else None


def install_presets(session: Session, now: datetime) -> None:
    """Publish version 1 of every question set of the program where there is none under its name."""
    known = questionnaires.keys(session)
    for key in preset_keys():
        if key not in known:
            session.add(
                QuestionnaireVersion(
                    key=key,
                    number=1,
                    state="published",
                    body=to_body(preset(key)),
                    created_at=now,
                    created_by="system",
                    published_at=now,
                    published_by="system",
                )
            )
    session.flush()
