"""Ratings as HL7 FHIR R4, one resource a line (ndjson): each question set as Questionnaire, each rating as QuestionnaireResponse.

For hospitals with an integration platform. Without receipt, time of day, persons and words: free texts, pictures and dates
that somebody typed stay here. The level stands in the item ``_level``, whatever the set asks.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback_app.db.directory import ServicePoint
from feedback_app.db.questionnaires import QuestionnaireVersion
from feedback_app.db.ratings import Rating
from feedback_app.domain.questionnaire_bodies import from_body
from feedback_app.domain.questionnaires import Questionnaire
from feedback_app.domain.questions._base import Question
from feedback_app.services.exports import Span

LEVEL = "_level"
_AT_ONCE = 1000
_CHOICE = frozenset({"single", "choices", "likert", "frequency", "level", "yesno"})
_NUMBER = frozenset({"number", "scale"})
_PLAIN = "plain"  # what a message or a slip of paper answers: the level alone
Resource = dict[str, Any]


def lines(session: Session, span: Span, base_url: str) -> Iterator[str]:
    """Question sets first, then the counted ratings, oldest first; each line one resource and a line's end."""
    sets = {one.id: one for one in session.scalars(select(QuestionnaireVersion).order_by(QuestionnaireVersion.id))}
    made = {number: from_body(one.body) for number, one in sets.items()}
    yield _line(_questionnaire(base_url, _PLAIN, 1, None))
    for number, one in sets.items():
        yield _line(_questionnaire(base_url, one.key, one.number, made[number]))
    query = (
        select(
            Rating.questionnaire_version_id,
            Rating.answers,
            Rating.score,
            Rating.day,
            ServicePoint.kind,
            ServicePoint.key,
        )
        .join(ServicePoint, ServicePoint.id == Rating.service_point_id)
        .where(Rating.status == "counted")
        .order_by(Rating.id)
    )
    query = query.where(Rating.day >= span.since) if span.since else query
    query = query.where(Rating.day <= span.until) if span.until else query
    for number, answers, score, day, kind, key in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        version = sets.get(number or 0)
        url = _url(base_url, version.key, version.number) if version else _url(base_url, _PLAIN, 1)
        items = _answered(made[version.id], answers or {}) if version else []
        yield _line(
            {
                "resourceType": "QuestionnaireResponse",
                "questionnaire": url,
                "status": "completed",
                "subject": {"identifier": {"system": f"{base_url}/fhir/{kind}", "value": key}},
                "authored": day.isoformat(),
                "item": [{"linkId": LEVEL, "answer": [{"valueInteger": score}]}, *items],
            }
        )


def _line(resource: Resource) -> str:
    return json.dumps(resource, ensure_ascii=False) + "\n"


def _url(base_url: str, key: str, version: int) -> str:
    return f"{base_url}/fhir/Questionnaire/{key}|{version}"


def _questionnaire(base_url: str, key: str, version: int, asked: Questionnaire | None) -> Resource:
    items = [item for one in asked.questions if (item := _item(base_url, one))] if asked else []
    level = {"linkId": LEVEL, "text": "1–5", "type": "integer"}
    return {
        "resourceType": "Questionnaire",
        "id": f"{key}-{version}".replace("_", "-")[:64],
        "url": f"{base_url}/fhir/Questionnaire/{key}",
        "version": str(version),
        "title": asked.title.get("zh", key) if asked else key,
        "status": "active",
        "item": [level, *items],
    }


def _item(base_url: str, one: Question) -> Resource | None:
    """None for what is never told: words, pictures, dates, agreements."""
    words = one.text.get("zh") or one.key
    if one.kind == "section":
        return {"linkId": one.key, "text": words, "type": "display"}
    if one.kind == "matrix":
        rows = [
            {"linkId": f"{one.key}.{row.value}", "text": row.text.get("zh") or row.value, **_options(base_url, one)}
            for row in one.rows
        ]
        return {"linkId": one.key, "text": words, "type": "group", "item": rows} if rows else None
    if one.kind in _NUMBER:
        return {"linkId": one.key, "text": words, "type": "decimal"}
    if one.kind in _CHOICE:
        return {
            "linkId": one.key,
            "text": words,
            **({"repeats": True} if one.kind == "choices" else {}),
            **_options(base_url, one),
        }
    return None


def _options(base_url: str, one: Question) -> Resource:
    system = f"{base_url}/fhir/CodeSystem/{one.key}"
    options = [
        {"valueCoding": {"system": system, "code": option.value, "display": option.text.get("zh") or option.value}}
        for option in one.options
    ]
    return {"type": "choice", **({"answerOption": options} if options else {})}


def _answered(asked: Questionnaire, answers: Mapping[str, Any]) -> list[Resource]:
    found = []
    for one in asked.questions:
        value = answers.get(one.key)
        item = _answer(one, value) if value not in (None, "", [], {}) else None
        if item:
            found.append(item)
    return found


def _answer(one: Question, value: Any) -> Resource | None:
    if one.kind == "matrix" and isinstance(value, dict):
        rows = [
            {"linkId": f"{one.key}.{row}", "answer": [_code(choice)]}
            for row, choice in value.items()
            if choice not in (None, "")
        ]
        return {"linkId": one.key, "item": rows} if rows else None
    if one.kind in _NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return {"linkId": one.key, "answer": [{"valueDecimal": value}]}
    if one.kind in _CHOICE:
        chosen = value if isinstance(value, list) else [value]
        return {"linkId": one.key, "answer": [_code(choice) for choice in chosen]}
    return None


def _code(value: Any) -> Resource:
    return {"valueCoding": {"code": str(value).lower() if isinstance(value, bool) else str(value)}}
